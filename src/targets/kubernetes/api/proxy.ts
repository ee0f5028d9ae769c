/** `kubectl proxy`: the API on a socket, with whatever credentials the kubeconfig names. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../../clock.ts'
import { type KubectlChild, startKubectl } from './child.ts'
import type { Kubectl } from './kubectl.ts'

/** Bytes of a socket's path, of 108 with the zero at its end: https://man7.org/linux/man-pages/man7/unix.7.html */
const pathLimit = 107
const socketName = 'api.sock'

export const fitsSocket = (folder: string): boolean =>
  Buffer.byteLength(join(folder, socketName)) <= pathLimit

/** kubectl says it as soon as it listens; it asks the cluster nothing before. */
const startTime = 15_000

/** Of the proxy itself, which answers the same; others are of a program that its kubeconfig names. */
const ownLines = /^.*(?:proxy_server\.go|httputil: ReverseProxy|Starting to serve on).*\n?/gm

export interface ApiProxy {
  /** The path of a socket that is listened on; one that died is started anew. Throws what kubectl said. */
  open(): Promise<string>
  lastWords(): string
  close(): Promise<void>
}

/** `folder`: ours alone, which keeps others from the socket. */
export function kubectlProxy(kubectl: Kubectl, folder: string, clock: Clock): ApiProxy {
  const socket = join(folder, socketName)
  let child: KubectlChild | null = null
  let starting: Promise<string> | null = null
  let isClosed = false

  const start = async (): Promise<string> => {
    await rm(socket, { force: true })
    const started = startKubectl(kubectl, ['proxy', `--unix-socket=${socket}`], clock)
    child = started
    if ((await started.printed(/^Starting to serve on /m, startTime)) !== null) return socket
    await started.end()
    throw new Error(`kubectl proxy did not start. ${started.lastWords()}`.trim())
  }
  return {
    open: async () => {
      if (isClosed) throw new Error('The cluster was closed.')
      if (child?.isRunning && starting === null) return socket
      starting ??= start().finally(() => {
        starting = null
      })
      return starting
    },
    lastWords: () => (child?.lastWords() ?? '').replaceAll(ownLines, '').trim(),
    close: async () => {
      isClosed = true
      await starting?.catch(() => {})
      await child?.end()
    },
  }
}
