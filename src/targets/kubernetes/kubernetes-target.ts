import type { Guard, Surroundings, Target } from '../target.ts'
import { openCluster } from './api/open-cluster.ts'
import { kubernetesLedger } from './ledger/ledger.ts'
import { stampedDeployments } from './observed.ts'
import { openedLater } from './opening.ts'
import type { Place } from './place.ts'
import { findProblems } from './preflight/find-problems.ts'
import type { Uses } from './preflight/role.ts'
import { manualBySettings } from './router/manual.ts'
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
export const openKubernetesTarget = (options: KubernetesOptions): Target =>
  openedLater(
    () => open(options),
    (to) => manualBySettings(options.settings, to),
  )

async function open(options: KubernetesOptions): Promise<Target> {
  const { settings, surroundings, uses, configuration } = options
  const { app, leaseTtl, clock } = surroundings
  const cluster = sharing(await openCluster(options))
  const place: Place = { settings, cluster, surroundings }
  const router = kubernetesRouter(place)
  const stamped = stampedDeployments()
  const runtime = kubernetesRuntime(place, { observeTraffic: router.observe, configuration, stamped })
  const ledger = kubernetesLedger({
    cluster,
    app,
    leaseTtl,
    clock,
    stamp: (lease) => stamp(place, lease, stamped),
    highestFence: () => highestFence(place),
  })
  const mayEnd = async (guard: Guard, change: string) => {
    await ledger.demand(guard, change)
    await router.confirmFollowed()
  }
  return {
    runtime: {
      ...runtime,
      // A switch has the preview follow; before the first one nobody has.
      deploy: async (color, order, guard) => {
        await ledger.demand(guard, `The deployment of ${order.release.version}`)
        const images = await runtime.deploy(color, order, guard)
        const said = guard.color === 'not-live' ? await router.pointPreview(color, guard.lease) : null
        if (said !== null) surroundings.output('preview', `${said}\n`)
        return images
      },
      stop: async (color, guard) => {
        await mayEnd(guard, `Stopping ${color}`)
        await runtime.stop(color, guard)
      },
      remove: async (color, guard) => {
        await mayEnd(guard, `Removing ${color}`)
        await runtime.remove(color, guard)
      },
    },
    router: {
      ...router,
      switch: async (from, to, guard) => {
        await ledger.demand(guard, `The switch to ${to}`)
        return router.switch(from, to, guard)
      },
    },
    ledger,
    preflight: () => findProblems({ place, router, uses }),
    runHook: null,
    close: async () => {
      await runtime.close()
      await cluster.close()
    },
  }
}
