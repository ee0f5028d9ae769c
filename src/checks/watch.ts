import type { Clock } from '../clock.ts'
import { showTime } from './wording.ts'

export type Observation =
  | { readonly kind: 'pass'; readonly detail?: string }
  | { readonly kind: 'fail'; readonly reason: string }
  /** No waiting can help. */
  | { readonly kind: 'fatal'; readonly reason: string }

/** Errors of a probe end the watch; the signal is aborted when nobody waits for the answer any more. */
export type Probe = (signal: AbortSignal) => Promise<Observation>

export interface WatchRule {
  /** For people: "waiting for green to pass its checks". */
  readonly what: string
  /** Passes in a row. */
  readonly successes: number
  readonly interval: number
  /** By the monotonic clock. */
  readonly deadline: number
}

export interface WatchSurroundings {
  readonly clock: Clock
  readonly signal: AbortSignal
  progress(text: string): void
}

export type Watched =
  | { readonly kind: 'passed'; readonly attempts: number; readonly elapsed: number }
  | { readonly kind: 'timed-out'; readonly lastReason: string; readonly attempts: number }
  | { readonly kind: 'fatal'; readonly reason: string }

const progressInterval = 5000

/**
 * Probes until enough passes came in a row, a fatal one came, or the deadline has passed, which also cuts a probe that hangs.
 * Rejects with the reason of the signal.
 */
export const watch = async (
  probe: Probe,
  rule: WatchRule,
  surroundings: WatchSurroundings,
): Promise<Watched> => {
  const { clock, signal } = surroundings
  signal.throwIfAborted()
  const began = clock.monotonic()
  const seen = { attempts: 0, row: 0, state: 'no answer yet' }
  const over = new AbortController()
  const waiting = AbortSignal.any([signal, over.signal])
  const deadline = clock.sleep(Math.max(0, rule.deadline - began), waiting).then(() => over.abort())
  const telling = tell(() => `${rule.what}, ${showTime(clock.monotonic() - began)} so far: ${seen.state}`, {
    ...surroundings,
    signal: waiting,
  })
  Promise.allSettled([deadline, telling])
  try {
    while (clock.monotonic() < rule.deadline) {
      const observation = await orAborted(probe(waiting), waiting)
      seen.attempts += 1
      if (observation.kind === 'fatal') return observation
      seen.row = observation.kind === 'pass' ? seen.row + 1 : 0
      if (seen.row >= rule.successes) {
        return { kind: 'passed', attempts: seen.attempts, elapsed: clock.monotonic() - began }
      }
      seen.state = describe(observation, seen.row, rule.successes)
      await clock.sleep(rule.interval, waiting)
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!over.signal.aborted) throw error
  } finally {
    over.abort()
  }
  return { kind: 'timed-out', lastReason: seen.state, attempts: seen.attempts }
}

const describe = (observation: Observation, row: number, successes: number): string => {
  if (observation.kind !== 'pass') return observation.reason
  const count = Number.isFinite(successes) ? `passed ${row} of ${successes} times in a row` : 'good'
  return observation.detail === undefined ? count : `${count}, ${observation.detail}`
}

const tell = async (line: () => string, { clock, signal, progress }: WatchSurroundings): Promise<void> => {
  for (;;) {
    await clock.sleep(progressInterval, signal)
    progress(line())
  }
}

const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
  })
