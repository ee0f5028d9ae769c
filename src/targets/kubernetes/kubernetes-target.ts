import type { Surroundings, Target } from '../target.ts'
import { openCluster } from './api/open-cluster.ts'
import { kubernetesLedger } from './ledger/ledger.ts'
import { openedLater } from './opening.ts'
import type { Place } from './place.ts'
import { findProblems } from './preflight/find-problems.ts'
import type { Uses } from './preflight/role.ts'
import { kubernetesRouter } from './router/router.ts'
import { kubernetesRuntime } from './runtime/runtime.ts'
import type { KubernetesSettings } from './settings.ts'
import { sharing } from './sharing.ts'
import { highestFence, stamp } from './stamping.ts'

export interface KubernetesOptions {
  readonly settings: KubernetesSettings
  readonly surroundings: Surroundings
  /** Of this process: kubectl and the programs that its kubeconfig names need it. */
  readonly environment: NodeJS.ProcessEnv
  readonly uses: Uses
  /** Hash of what is sent to run a release now. */
  readonly configuration: string
}

/** Two Deployments for each service, behind a Service, an Ingress or an HTTPRoute. */
export const openKubernetesTarget = (options: KubernetesOptions): Target => openedLater(() => open(options))

async function open(options: KubernetesOptions): Promise<Target> {
  const { settings, surroundings, uses, configuration } = options
  const { app, leaseTtl, clock } = surroundings
  const cluster = sharing(await openCluster(options))
  const place: Place = { settings, cluster, surroundings }
  const router = kubernetesRouter(place)
  const runtime = kubernetesRuntime(place, { observeTraffic: router.observe, configuration })
  return {
    runtime: {
      ...runtime,
      // A switch has the preview follow; before the first one nobody has.
      deploy: async (color, order, guard) => {
        const images = await runtime.deploy(color, order, guard)
        const said = guard.color === 'not-live' ? await router.pointPreview(color, guard.lease) : null
        if (said !== null) surroundings.output('preview', `${said}\n`)
        return images
      },
    },
    router,
    ledger: kubernetesLedger({
      cluster,
      app,
      leaseTtl,
      clock,
      stamp: (lease) => stamp(place, lease),
      highestFence: () => highestFence(place),
    }),
    preflight: () => findProblems({ place, router, uses }),
    runHook: null,
    close: async () => {
      await runtime.close()
      await cluster.close()
    },
  }
}
