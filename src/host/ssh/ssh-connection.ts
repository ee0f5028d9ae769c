import type { Clock } from '../../clock.ts'
import type { SshSettings } from '../../targets/ssh.ts'
import { AccessRefused, TargetUnreachable } from '../../targets/target.ts'
import type { Connection, RunOptions } from '../connection.ts'
import { DialRefused } from '../dialing.ts'
import { dialer } from './dialer.ts'
import { addressOf } from './host-refused.ts'
import type { Link } from './link.ts'
import { runScript, type Started } from './run-script.ts'
import { slots } from './slots.ts'
import { type Shell, spareShell } from './spare-shell.ts'

/** A server takes ten sessions on one connection unless told otherwise (MaxSessions of sshd_config); one more of ours is spare. */
const sessionsAtOnce = 7
/** How long to go on trying to connect, or to open a session: until then nothing was run. */
const openingTime = 20_000
/** The same for a server that was away for all of that: what can be done without it waits for each answer. */
const awayTime = 1_000
const [firstPause, longestPause] = [250, 4_000]
const usualKeepalive = 5_000

export interface SshSurroundings {
  readonly clock: Clock
  /** Milliseconds from one sign of life asked for to the next; a server that owes three is gone. */
  readonly keepalive?: number
  /** Hears with which host key each server let us in. */
  output?(source: string, text: string): void
}

/** One connection for everything, opened when it is first needed, and anew when it broke. */
export function sshConnection(settings: SshSettings, surroundings: SshSurroundings): Connection {
  const { clock, keepalive = usualKeepalive } = surroundings
  const name = addressOf(settings.host)
  const closed = new AbortController()
  const takeSlot = slots(sessionsAtOnce)
  let opening: Promise<Link> | null = null
  let isAway = false

  const patiently = <T>(work: () => Promise<T>, signal = closed.signal): Promise<T> =>
    repeat(work, { clock, signal, time: isAway ? awayTime : openingTime })
  const open = async (): Promise<Link> => {
    // Loaded for those alone who use it.
    const { openLink } = await import(/* webpackMode: "eager" */ './link.ts')
    const report = (line: string) => surroundings.output?.('ssh', line)
    try {
      const link = await patiently(() => openLink(settings, { keepalive, report }))
      isAway = false
      return link
    } catch (error) {
      isAway = true
      throw error
    }
  }
  const reach = async (): Promise<Link> => {
    opening ??= open()
    const ours = opening
    try {
      const link = await ours
      if (link.isOpen()) return link
    } catch (error) {
      // Whoever is not let in would be locked out by knocking on.
      if (opening === ours && !(error instanceof AccessRefused)) opening = null
      throw error
    }
    if (opening === ours) opening = null
    return reach()
  }
  const openShell = async (): Promise<Shell> => {
    const link = await reach()
    return { link, channel: await link.exec('sh -s') }
  }
  const spare = spareShell(openShell)
  const startIn = async (shell: () => Promise<Shell>): Promise<Started & { release(): void }> => {
    const release = await takeSlot()
    try {
      return { name, ...(await patiently(shell)), release }
    } catch (error) {
      release()
      throw unreachable(name, error)
    }
  }
  const start = async () => {
    const started = await startIn(async () => (await spare.take()) ?? openShell())
    spare.prepare()
    return started
  }
  const dial = dialer({
    address: settings.host,
    reach,
    start: () => startIn(openShell),
    patiently: async (work, signal) => {
      try {
        return await patiently(work, AbortSignal.any([closed.signal, signal]))
      } catch (error) {
        throw error instanceof DialRefused ? error : unreachable(name, error)
      }
    },
  })
  return {
    name,
    run: async (script, options) => {
      const started = await unlessOver(start(), name, options)
      try {
        return await runScript(started, script, options)
      } finally {
        started.release()
      }
    },
    dial,
    close: async () => {
      closed.abort(new TargetUnreachable(`The connection to ${name} is closed.`))
      ;(await opening?.catch(() => null))?.close()
    },
  }
}

interface Patience {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly time: number
}

async function repeat<T>(work: () => Promise<T>, { clock, signal, time }: Patience): Promise<T> {
  const deadline = clock.monotonic() + time
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (isFinal(error) || clock.monotonic() + pause > deadline) throw error
    }
    await clock.sleep(pause, signal)
  }
}

const isFinal = (error: unknown) => error instanceof AccessRefused || error instanceof DialRefused

function unreachable(name: string, error: unknown): TargetUnreachable {
  if (error instanceof TargetUnreachable) return error
  const why = error instanceof Error ? error.message : String(error)
  return new TargetUnreachable(`${name} cannot be reached, so nothing was run there: ${why}.`, {
    cause: error,
  })
}

/** A session that opens after nobody waits for it any more is closed: no script was sent to it. */
async function unlessOver(
  starting: Promise<Started & { release(): void }>,
  name: string,
  { signal, clock, timeout }: RunOptions,
): Promise<Started & { release(): void }> {
  const over = new AbortController()
  try {
    const waited = clock.sleep(timeout, AbortSignal.any([signal, over.signal])).catch(() => {})
    const started = await Promise.race([starting, waited])
    signal.throwIfAborted()
    if (started) return started
    throw new TargetUnreachable(
      `${name} opened no session within ${timeout / 1000} s, so nothing was run there.`,
    )
  } catch (error) {
    starting.then(
      ({ channel, release }) => {
        channel.close()
        release()
      },
      () => {},
    )
    throw error
  } finally {
    over.abort()
  }
}
