/** A run, whatever its mode: begins with the intent, ends with an outcome, never throws. */
import { chronicled, type Ending, writeOutcome } from './chronicle.ts'
import { endingOfError } from './ending-of-error.ts'
import { cleanUp, unlock } from './modes/close.ts'
import { deploy } from './modes/deploy.ts'
import { dryRun, status } from './modes/status.ts'
import type { Outcome } from './report.ts'
import type { World } from './world.ts'

export async function runMain(world: World): Promise<Outcome> {
  const { report, chronicle } = chronicled(world.report, world.clock.now())
  const told = { ...world, report }
  try {
    return writeOutcome(told, chronicle, 'main', await runMode(told))
  } catch (error) {
    return writeOutcome(told, chronicle, 'main', await endingOfError(told, 'main', error))
  }
}

function runMode(world: World): Promise<Ending> {
  const { mode, dryRun: dry } = world.intent
  switch (mode) {
    case 'deploy':
    case 'rollback':
      return dry ? dryRun(world) : deploy(world)
    case 'status':
      return status(world)
    case 'cleanup':
      return dry ? status(world) : cleanUp(world)
    case 'unlock':
      return dry ? status(world) : unlock(world)
    default:
      throw new Error(`mode ${mode} is not available yet.`)
  }
}
