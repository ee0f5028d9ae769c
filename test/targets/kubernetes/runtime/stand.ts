/** Two colors of an app on a real cluster, as the runtime has them. */
import { systemClock } from '../../../../src/clock.ts'
import { stampedDeployments } from '../../../../src/targets/kubernetes/observed.ts'
import type { Place } from '../../../../src/targets/kubernetes/place.ts'
import {
  type KubernetesRuntime,
  kubernetesRuntime,
} from '../../../../src/targets/kubernetes/runtime/runtime.ts'
import type { KubernetesService, KubernetesSettings } from '../../../../src/targets/kubernetes/settings.ts'
import type { DeployOrder, Guard, Traffic } from '../../../../src/targets/target.ts'
import type { KubernetesBed } from '../../../bed/kubernetes/bed.ts'
import type { KubernetesObject, Namespace } from '../../../bed/kubernetes/namespace.ts'
import { type OpenCluster, openClusterWith } from '../cluster-place.ts'
import { plainService, plainSettings } from '../plain-settings.ts'

export const settingsOf = (changes: Partial<KubernetesSettings> = {}): KubernetesSettings => ({
  ...plainSettings,
  services: [serviceOf()],
  ...changes,
})

export const serviceOf = (changes: Partial<KubernetesService> = {}): KubernetesService => ({
  ...plainService,
  name: 'web',
  url: null,
  ...changes,
})

export interface Stand extends AsyncDisposable {
  readonly runtime: KubernetesRuntime
  readonly cluster: OpenCluster
  /** Where users are. */
  traffic: Traffic
  /** What the runtime said meanwhile. */
  readonly said: string[]
}

export async function openStand(
  bed: KubernetesBed,
  namespace: Namespace,
  changes: Partial<KubernetesSettings> = {},
): Promise<Stand> {
  const ending = new AbortController()
  const cluster = await openClusterWith(bed, namespace.kubeconfig, ending.signal)
  const said: string[] = []
  const place: Place = {
    settings: settingsOf(changes),
    cluster,
    surroundings: {
      app: 'shop',
      leaseTtl: 60_000,
      deployTimeout: 90_000,
      signal: ending.signal,
      clock: systemClock,
      output: (_, text) => void said.push(text),
      secrets: [],
    },
  }
  const runtime = kubernetesRuntime(place, {
    observeTraffic: async () => stand.traffic,
    configuration: 'c1',
    stamped: stampedDeployments(),
  })
  const stand: Stand = {
    runtime,
    cluster,
    traffic: { kind: 'color', color: 'blue' },
    said,
    [Symbol.asyncDispose]: async () => {
      await runtime.close()
      await cluster.close()
    },
  }
  return stand
}

export const guardWith = (fence: number, changes: Partial<Guard> = {}): Guard => ({
  lease: { fence, nonce: 'n' },
  color: 'not-live',
  ...changes,
})

export const orderOf = (image: string | null, changes: Partial<DeployOrder> = {}): DeployOrder => ({
  release: { id: `r-${image}`, version: 'v2', images: { web: image }, configuration: 'c1' },
  size: null,
  services: ['web'],
  ...changes,
})

type Spec = Record<string, unknown> & {
  template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } }
}

/** Fields of its spec, of its pods and of its container in the place of what is there. */
export function altered(
  object: KubernetesObject,
  changes: { readonly spec?: object; readonly pod?: object; readonly container?: object },
): KubernetesObject {
  const spec = object.spec as Spec
  const [container] = spec.template.spec.containers
  return {
    ...object,
    spec: {
      ...spec,
      ...changes.spec,
      template: {
        ...spec.template,
        spec: {
          ...spec.template.spec,
          ...changes.pod,
          containers: [{ ...container, ...changes.container }],
        },
      },
    },
  }
}
