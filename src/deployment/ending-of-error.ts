/** A run that ended by an error which no table settled: what a person must know all the same. */
import { LeaseLost } from '../targets/target.ts'
import { LeaseHeld } from './acquire.ts'
import { type Ending, trafficNow } from './chronicle.ts'
import { trafficSentence } from './endings.ts'
import { unwrap } from './phases/pipeline.ts'
import { PlanRefused } from './plan.ts'
import { PreflightFailed } from './preflight.ts'
import type { Outcome } from './report.ts'
import { messageOf, type World } from './world.ts'

export async function endingOfError(world: World, stage: Outcome['stage'], error: unknown): Promise<Ending> {
  const traffic = await trafficNow(world)
  const { phase, cause } = unwrap(error)
  const { done, next } = consequences(world, stage, cause)
  return {
    result: 'failed',
    ok: false,
    headline: messageOf(cause).split('\n')[0] ?? 'failed',
    traffic,
    failure: {
      phase,
      cause: messageOf(cause),
      traffic: trafficSentence(traffic),
      done,
      next,
      diagnosis: null,
    },
  }
}

interface Consequences {
  readonly done: readonly string[]
  readonly next: readonly string[]
}

function consequences(world: World, stage: Outcome['stage'], cause: unknown): Consequences {
  const untouched = ['Nothing was changed.']
  if (cause instanceof PreflightFailed) {
    return { done: untouched, next: [...new Set(cause.problems.map(({ fix }) => fix))] }
  }
  if (cause instanceof PlanRefused) return { done: [cause.done], next: cause.next }
  if (cause instanceof LeaseHeld) return { done: untouched, next: ['Run again when it has ended.'] }
  if (cause instanceof LeaseLost) {
    return {
      done: ['This run stopped at once and undid nothing.'],
      next: ['Look at the run that took over.'],
    }
  }
  const done = world.signal.aborted
    ? ['What this run had started was told to end.']
    : ['What was begun stays recorded at the target.']
  if (stage === 'post')
    return { done, next: ['Run with `mode: unlock`; without it, the next run closes it.'] }
  return {
    done,
    next: world.signal.aborted
      ? ['The post step puts traffic right; without one, the next run does.']
      : ['The post step or the next run closes it; `mode: status` shows how things stand.'],
  }
}
