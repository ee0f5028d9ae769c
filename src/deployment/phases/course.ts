/** One operation on its way through the six phases. */
import type { GateWatch } from '../../checks/gate-watch.ts'
import type { Sampler } from '../../checks/sampler.ts'
import type { Operation } from '../operation.ts'
import type { PhaseName } from '../report.ts'
import type { Session } from '../world.ts'

export interface Course {
  readonly session: Session
  readonly sampler: Sampler
  readonly gates: GateWatch
}

export interface Phase {
  readonly name: PhaseName
  run(course: Course): Promise<void>
}

export const operationOf = ({ session }: Course): Operation => session.journal.begun
