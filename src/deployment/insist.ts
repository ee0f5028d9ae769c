import { TargetUnreachable } from '../targets/target.ts'
import type { World } from './world.ts'

const attempts = 3
const pause = 1_000

/** Repeats what may be repeated when its connection was lost. */
export async function insist<T>(
  { clock, signal }: Pick<World, 'clock' | 'signal'>,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt)
    } catch (error) {
      if (!(error instanceof TargetUnreachable) || attempt === attempts) throw error
    }
    await clock.sleep(pause, signal)
  }
}
