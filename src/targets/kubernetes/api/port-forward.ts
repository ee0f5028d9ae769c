/** A pod's port on this machine, at one address for as long as it is wanted: `kubectl port-forward` behind a door of our own. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../../clock.ts'
import { dialFromHere } from '../../../host/dialing.ts'
import { openLocalDoor } from '../../../host/local-door.ts'
import { ChangeFailed, TargetUnreachable } from '../../target.ts'
import { type KubectlChild, startKubectl } from './child.ts'
import type { Forward } from './cluster.ts'
import type { Kubectl } from './kubectl.ts'

const host = '127.0.0.1'
const startTime = 15_000

export interface ForwardOptions {
  /** With its namespace. */
  readonly kubectl: Kubectl
  readonly pod: string
  readonly port: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Throws ChangeFailed where the pod is gone or its ports are not for us. */
export async function openForward(options: ForwardOptions): Promise<Forward> {
  const { signal } = options
  signal.throwIfAborted()
  const way = forwarding(options)
  const stop = () => void way.end()
  signal.addEventListener('abort', stop, { once: true })
  try {
    await way.port()
    const door = await openLocalDoor(
      { kind: 'stream', url: `http://${host}`, dial: way.dial },
      // Whoever is at the door sees its connection end.
      { signal, onRefused: () => {} },
    )
    return {
      url: door.url,
      close: async () => {
        signal.removeEventListener('abort', stop)
        await Promise.all([door.close(), way.end()])
      },
    }
  } catch (error) {
    await way.end()
    signal.throwIfAborted()
    throw error
  }
}

/** kubectl ends when it loses its pod or the API server, and takes another port the next time. */
function forwarding({ kubectl, pod, port, clock }: ForwardOptions) {
  const command = ['port-forward', `pod/${pod}`, `:${port}`, `--address=${host}`, '--pod-running-timeout=10s']
  let child: KubectlChild | null = null
  let opened: Promise<number> | null = null
  let isEnded = false

  const open = async (): Promise<number> => {
    const started = startKubectl(kubectl, command, clock)
    child = started
    const match = await started.printed(/^Forwarding from 127\.0\.0\.1:(\d+) -> /m, startTime)
    if (match !== null) return Number(match[1])
    await started.end()
    throw notForwarded(pod, port, started.lastWords())
  }
  const current = (): Promise<number> => {
    if (isEnded) throw new Error('The way to the pod was closed.')
    if (opened === null || child?.isRunning === false) opened = open()
    return opened
  }
  return {
    port: current,
    dial: async (signal: AbortSignal): Promise<Duplex> => {
      const at = await current()
      const dialed = child
      try {
        return await dialFromHere({ host, port: at }, signal)
      } catch {
        signal.throwIfAborted()
        await dialed?.end()
        return dialFromHere({ host, port: await current() }, signal)
      }
    },
    end: async () => {
      isEnded = true
      await child?.end()
    },
  }
}

function notForwarded(pod: string, port: number, said: string): Error {
  const what = `Port ${port} of pod ${pod} cannot be forwarded: ${said || 'kubectl port-forward said nothing'}`
  if (/\(NotFound\)/.test(said)) return new ChangeFailed(`${what}\nWhich pods there are: kubectl get pods`)
  if (/\(Forbidden\)/.test(said))
    return new ChangeFailed(
      `${what}\nAdd to the rules of its Role: - { apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"] } and "get" of "pods"`,
    )
  return new TargetUnreachable(what)
}
