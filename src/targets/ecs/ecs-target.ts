import { openAws } from '../../aws/open-aws.ts'
import type { Surroundings, Target } from '../target.ts'
import { ecsLedger } from './ledger/ledger.ts'
import type { Place } from './place.ts'
import { findProblems } from './preflight/find-problems.ts'
import { attachIdleGroups } from './router/attaching.ts'
import type { PublicColor } from './router/proof.ts'
import { ecsRouter } from './router/router.ts'
import { type ColorUrls, ecsRuntime } from './runtime/runtime.ts'
import { watchServices } from './runtime/watching.ts'
import { serviceReader } from './services.ts'
import { clusterName, type EcsSettings } from './settings.ts'

export interface EcsOptions {
  readonly settings: EcsSettings
  readonly surroundings: Surroundings
  /** Of this process: credentials and region are found in it. */
  readonly environment: NodeJS.ProcessEnv
  readonly colorUrls: ColorUrls
  /** Public URLs whose answers name their color. */
  readonly publicColors: readonly PublicColor[]
  /** Milliseconds from a switch to the end of a way back. */
  readonly undoTime: number
  /** Nothing is stopped when a release is live. */
  readonly keepsOldColor: boolean
  /** Images that are to be deployed. */
  readonly images: readonly string[]
  /** Milliseconds until the next look at something that is waited for. */
  pause(): number
}

/** Two ECS services for each service, behind forward actions of listeners and rules. */
export function openEcsTarget(options: EcsOptions): Target {
  const { settings, surroundings, publicColors, undoTime, colorUrls } = options
  const { leaseTtl, clock, signal } = surroundings
  const aws = openAws({ ...options, region: settings.region, clock, signal })
  const place: Place = { settings, aws, surroundings, pause: options.pause }
  const reader = serviceReader(place)
  const cluster = clusterName(settings.cluster)
  const ledger = ecsLedger({ aws, path: settings.lockParameter, cluster, leaseTtl, clock, signal })
  const watching = watchServices(place, reader)
  const moving = { place, reader, demand: ledger.demand }
  const router = ecsRouter({ ...moving, publicColors, undoTime })
  const runtime = ecsRuntime(place, {
    reader,
    watching,
    colorUrls,
    demand: ledger.demand,
    observeTraffic: router.observe,
  })
  return {
    runtime: {
      ...runtime,
      deploy: async (color, order, guard) => {
        if (settings.attach && guard.color === 'not-live') await attachIdleGroups(moving, color, guard)
        return runtime.deploy(color, order, guard)
      },
    },
    router,
    ledger,
    preflight: () => findProblems({ ...options, place, reader }),
    runHook: null,
    close: async () => aws.close(),
  }
}
