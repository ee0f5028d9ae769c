import type { Clock } from '../clock.ts'

interface Patience {
  /** In milliseconds. */
  readonly time: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Waits for work that goes on alone where it takes longer. Rejects with the reason of the signal. */
export async function patiently(
  work: Promise<unknown>,
  { time, clock, signal }: Patience,
): Promise<'done' | 'late'> {
  const over = new AbortController()
  const late = clock.sleep(time, AbortSignal.any([signal, over.signal])).catch(() => {})
  const first = await Promise.race([work.then(() => 'done' as const), late.then(() => 'late' as const)])
  over.abort()
  signal.throwIfAborted()
  return first
}
