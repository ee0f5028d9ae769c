import type { ChangePlace } from '../../host/change.ts'
import type { Connection } from '../../host/connection.ts'
import { fileLedger } from '../../host/file-ledger.ts'
import { runTargetHook } from '../../host/target-hook.ts'
import type { Surroundings, Target } from '../target.ts'
import { composeRuntime } from './compose/runtime.ts'
import { flagObservation } from './nginx-flag/flag.ts'
import { nginxFlagRouter } from './nginx-flag/router.ts'
import { findProblems } from './preflight.ts'
import type { VpsSettings } from './settings.ts'
import { surveyOnce, type Workplace } from './workplace.ts'

export interface VpsOptions {
  readonly settings: VpsSettings
  readonly connection: Connection
  readonly surroundings: Surroundings
  /** Hash of what is sent to run a release now. */
  readonly configuration: string
  /** Images that were asked for, to be looked for before anything is touched. */
  readonly images: readonly string[]
}

/** Compose colors on one host, behind its nginx. */
export function openVpsTarget({
  settings,
  connection,
  surroundings,
  configuration,
  images,
}: VpsOptions): Target {
  const { stateDirectory } = settings
  const place: ChangePlace = { connection, stateDirectory, surroundings }
  const observing = flagObservation(stateDirectory)
  const workplace: Workplace = {
    ...place,
    settings,
    configuration,
    observing,
    survey: surveyOnce(place, settings),
  }
  const router = nginxFlagRouter({ ...place, settings })
  const { leaseTtl, signal, clock } = surroundings
  return {
    runtime: composeRuntime(workplace),
    router,
    ledger: fileLedger({ connection, directory: stateDirectory, leaseTtl, signal, clock }),
    preflight: () => findProblems(workplace, router, images),
    runHook: (hook, env, guard) => runTargetHook(place, { hook, env, guard, observing }),
    close: () => connection.close(),
  }
}
