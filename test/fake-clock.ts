import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../src/clock.ts'

export interface FakeClock extends Clock {
  /** Lets this much time pass: each sleeper wakes at its own time, and what it does then is done before the next one wakes. */
  advance(time: number): Promise<void>
  /** How many are asleep. */
  readonly sleepers: number
}

interface Sleeper {
  readonly due: number
  wake(): void
}

/** Time that only passes when a test says so. The wall clock starts at 2026-01-01, the monotonic one at 0. */
export const fakeClock = (wall = Date.UTC(2026, 0, 1)): FakeClock => {
  let time = 0
  const asleep = new Set<Sleeper>()

  const earliest = (until: number): Sleeper | undefined =>
    [...asleep].filter(({ due }) => due <= until).sort((one, other) => one.due - other.due)[0]

  const sleep = (length: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const end = (how: () => void) => () => {
        asleep.delete(sleeper)
        signal?.removeEventListener('abort', abort)
        how()
      }
      const abort = end(() => reject(signal?.reason))
      const sleeper: Sleeper = { due: time + Math.max(0, length), wake: end(resolve) }
      asleep.add(sleeper)
      signal?.addEventListener('abort', abort)
      // No time has to pass for these.
      if (length <= 0) void nextTurn().then(() => asleep.has(sleeper) && sleeper.wake())
    })

  return {
    now: () => wall + time,
    monotonic: () => time,
    sleep,
    get sleepers() {
      return asleep.size
    },
    async advance(length) {
      const until = time + length
      await settle()
      for (let next = earliest(until); next !== undefined; next = earliest(until)) {
        time = Math.max(time, next.due)
        next.wake()
        await settle()
      }
      time = until
      await settle()
    },
  }
}

/** A few turns of the event loop, so that chains of promises run to their next wait. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn()
}
