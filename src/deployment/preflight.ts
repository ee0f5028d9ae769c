import type { Problem } from '../targets/target.ts'
import type { World } from './world.ts'

/** The target is not ready for us: every problem at once, and nothing was touched. */
export class PreflightFailed extends Error {
  override readonly name = 'PreflightFailed'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ setting, what }) => `${setting}: ${what}`).join('\n'))
    this.problems = problems
  }
}

export async function preflight({ target }: World): Promise<void> {
  const problems = await target.preflight()
  if (problems.length > 0) throw new PreflightFailed(problems)
}
