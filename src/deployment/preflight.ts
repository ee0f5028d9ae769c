import { warningsOf } from '../checks/gate-warnings.ts'
import type { GateWatch } from '../checks/gate-watch.ts'
import type { Problem } from '../targets/target.ts'
import { type World, warn } from './world.ts'

/** The target is not ready for us: every problem at once, and nothing was touched. */
export class PreflightFailed extends Error {
  override readonly name = 'PreflightFailed'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ setting, what }) => `${setting}: ${what}`).join('\n'))
    this.problems = problems
  }
}

export async function preflight(world: World, gates: GateWatch): Promise<void> {
  const [own, inspected] = await Promise.all([world.target.preflight(), gates.inspect()])
  const problems = [...own, ...inspected.flatMap(({ inspection }) => inspection.problems)]
  const stopping = problems.filter(({ isWarning }) => isWarning !== true)
  if (stopping.length > 0) throw new PreflightFailed(withoutTwins(stopping))
  for (const { what, fix, isWarning } of problems) if (isWarning) warn(world, `${what} ${fix}`)
  for (const warning of inspected.flatMap((one) => warningsOf(one, world.intent))) warn(world, warning)
}

/** What keeps one alarm from being read keeps all of them. */
const withoutTwins = (problems: readonly Problem[]): readonly Problem[] => [
  ...new Map(problems.map((problem) => [problem.what, problem])).values(),
]
