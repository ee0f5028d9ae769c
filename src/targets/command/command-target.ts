import type { ChangePlace } from '../../host/change.ts'
import { fileLedger } from '../../host/file-ledger.ts'
import { runTargetHook } from '../../host/target-hook.ts'
import type { Color, Target } from '../target.ts'
import { observer, observing } from './observing.ts'
import { findProblems } from './preflight.ts'
import { commandRouter } from './router.ts'
import { commandRuntime } from './runtime.ts'
import type { Workplace } from './workplace.ts'

export function openCommandTarget(workplace: Workplace): Target {
  const { settings, connection, surroundings } = workplace
  const { stateDirectory } = settings
  const { leaseTtl, signal, clock } = surroundings
  const place: ChangePlace = { connection, stateDirectory, surroundings }
  const manual = new Map<Color, readonly string[]>()
  const router = commandRouter(workplace, manual)
  return {
    runtime: commandRuntime(workplace),
    router,
    ledger: fileLedger({ connection, directory: stateDirectory, leaseTtl, signal, clock }),
    preflight: () => findProblems(workplace, router, manual),
    runHook: (hook, env, guard) =>
      runTargetHook(place, { hook, env, guard, observing: observing(workplace), observer }),
    close: () => connection.close(),
  }
}
