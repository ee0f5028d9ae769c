/** The six phases, as data, and the one place that runs them. */

import { insist } from '../insist.ts'
import type { PhaseName } from '../report.ts'
import type { Settled } from '../settled.ts'
import { type Session, say } from '../world.ts'
import { cleanUp } from './cleanup.ts'
import type { Course, Phase } from './course.ts'
import { deployInactive } from './deploy-inactive.ts'
import { health } from './health.ts'
import { switchTraffic } from './switch-traffic.ts'
import { assertTrafficStayed } from './traffic.ts'
import { verify } from './verify.ts'

/** What comes after determine-color, which decides whether there is anything to do. */
const phases: readonly Phase[] = [
  { name: 'deploy-inactive', run: deployInactive },
  { name: 'health', run: lookingFirst(health) },
  { name: 'switch', run: lookingFirst(switchTraffic) },
  { name: 'verify', run: verify },
]

/** The other phases follow on one that has just read the router. */
function lookingFirst(run: Phase['run']): Phase['run'] {
  return async (course) => {
    await insist(course.session, () => assertTrafficStayed(course))
    await run(course)
  }
}

export class PhaseFailed extends Error {
  override readonly name = 'PhaseFailed'
  readonly phase: PhaseName

  constructor(phase: PhaseName, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.phase = phase
  }
}

/** What went wrong itself, and in which phase; null: in none. */
export const unwrap = (error: unknown): { readonly phase: PhaseName | null; readonly cause: unknown } =>
  error instanceof PhaseFailed ? { phase: error.phase, cause: error.cause } : { phase: null, cause: error }

/** Throws PhaseFailed with the phase that failed; the release is live and verified when it returns. */
export async function runPhases(course: Course): Promise<Settled> {
  for (const { name, run } of phases) {
    await inPhase(course.session, name, () => run(course))
  }
  return inPhase(course.session, 'cleanup', () => cleanUp(course))
}

export async function inPhase<T>(
  session: Pick<Session, 'report' | 'clock'>,
  phase: PhaseName,
  work: () => Promise<T>,
): Promise<T> {
  const { report, clock } = session
  report({ kind: 'phase-started', phase, at: clock.now() })
  try {
    const result = await work()
    report({ kind: 'phase-ended', phase, at: clock.now(), outcome: 'passed' })
    return result
  } catch (error) {
    say(session, `${phase} failed: ${error instanceof Error ? error.message : String(error)}`)
    report({ kind: 'phase-ended', phase, at: clock.now(), outcome: 'failed' })
    throw new PhaseFailed(phase, error)
  }
}
