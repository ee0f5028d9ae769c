/** What a script is waited for with: its end, an interrupt, or its time. */
import type { Clock } from '../clock.ts'

interface Waiting {
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly time: number
  /** Aborted when nobody waits any more: no timer and no listener stays behind. */
  readonly over: AbortSignal
}

/** Whichever comes first. */
export const endingOf = <Exit>(
  exit: Promise<Exit>,
  { signal, clock, time, over }: Waiting,
): Promise<Exit | 'aborted' | 'elapsed'> =>
  Promise.race([exit, aborted(signal, over), elapsed(time, clock, over)])

function aborted(signal: AbortSignal, over: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted')
    signal.addEventListener('abort', () => resolve('aborted'), { once: true, signal: over })
  })
}

export async function elapsed(time: number, clock: Clock, over: AbortSignal): Promise<'elapsed'> {
  await clock.sleep(time, over).catch(() => {})
  return 'elapsed'
}
