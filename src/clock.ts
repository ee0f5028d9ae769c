import { performance } from 'node:perf_hooks'
import { setTimeout as sleepFor } from 'node:timers/promises'

/** Time as a collaborator, so that tests need no real waiting. All values are milliseconds. */
export interface Clock {
  /** Wall clock, for people and records. */
  now(): number
  /** Never goes back, for deadlines and durations. */
  monotonic(): number
  /** Rejects with the signal's reason when it is aborted. */
  sleep(time: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (time, signal) => {
    signal?.throwIfAborted()
    try {
      await sleepFor(Math.max(0, time), undefined, signal ? { signal } : {})
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}
