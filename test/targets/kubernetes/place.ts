/** A namespace of a real cluster, as a target sees it. */

import { dirname } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { openCluster } from '../../../src/targets/kubernetes/api/open-cluster.ts'
import type { Place } from '../../../src/targets/kubernetes/place.ts'
import type { KubernetesService, KubernetesSettings } from '../../../src/targets/kubernetes/settings.ts'
import type { Color, Guard, Lease, PerColor } from '../../../src/targets/target.ts'
import type { KubernetesBed } from '../../bed/kubernetes/bed.ts'
import { kubectlProgram } from '../../bed/kubernetes/kubectl.ts'
import { type DeploymentOptions, deployment, service } from '../../bed/kubernetes/manifests.ts'
import type { Namespace } from '../../bed/kubernetes/namespace.ts'
import { plainSettings, plainService as publicService } from './plain-settings.ts'

/** Nobody asks in public here. */
export const plainService: KubernetesService = { ...publicService, url: null }

export interface PlaceOptions {
  readonly namespace: Namespace
  readonly settings?: Partial<KubernetesSettings>
  /** Path of another account's. */
  readonly kubeconfig?: string
  readonly clock?: Clock
  readonly signal?: AbortSignal
}

/** Closed with the test. */
export async function openPlace({
  namespace,
  settings = {},
  kubeconfig = namespace.kubeconfig,
  clock = systemClock,
  signal = new AbortController().signal,
}: PlaceOptions): Promise<Place> {
  const whole = {
    ...plainSettings,
    services: [plainService],
    kubeconfig: { kind: 'path', path: kubeconfig },
    ...settings,
  } as const
  const surroundings = {
    app: whole.app,
    leaseTtl: 60_000,
    deployTimeout: 60_000,
    signal,
    clock,
    output: () => {},
    secrets: [],
  }
  const environment = { ...process.env, PATH: `${dirname(kubectlProgram())}:${process.env.PATH}` }
  const cluster = await openCluster({ settings: whole, surroundings, environment })
  onTestFinished(() => cluster.close())
  return { settings: whole, cluster, surroundings }
}

export const leaseOf = (fence: number): Lease => ({ fence, nonce: `owner-${fence}` })
export const guardOf = (fence: number, more: Partial<Guard> = {}): Guard => ({
  lease: leaseOf(fence),
  color: 'any',
  ...more,
})
export const on = (color: Color) => ({ kind: 'color', color }) as const

export interface ShopOptions extends Pick<Partial<DeploymentOptions>, 'replicas' | 'environment'> {
  readonly bed: KubernetesBed
  readonly namespace: Namespace
  /** Of the pods of each color, besides `app: shop`. */
  readonly labels?: PerColor<Readonly<Record<string, string>>>
  /** Services that lead to blue. */
  readonly services?: readonly string[]
  readonly colors?: readonly Color[]
}

export const plainLabels = { blue: { color: 'blue' }, green: { color: 'green' } } as const

/** Pods of the colors that are ready, and Services that lead to blue. */
export async function openShop({
  bed,
  namespace,
  labels = plainLabels,
  services = ['shop'],
  colors = ['blue', 'green'],
  replicas = 1,
  environment = {},
}: ShopOptions): Promise<void> {
  const images = { blue: await bed.registry.push('v1'), green: await bed.registry.push('v2') }
  await namespace.apply(
    ...colors.map((color) =>
      deployment({
        name: `shop-${color}`,
        image: images[color].pinned,
        labels: { app: 'shop', ...labels[color] },
        replicas,
        environment: { COLOR: color, ...environment },
      }),
    ),
    ...services.map((name) => service({ name, selector: { app: 'shop', ...labels.blue } })),
  )
  for (const color of colors) await namespace.kubectl('rollout', 'status', `deployment/shop-${color}`)
}

export const selectorOf = async ({ kubectl }: Namespace, name = 'shop'): Promise<unknown> =>
  JSON.parse(await kubectl('get', 'service', name, '-o', 'jsonpath={.spec.selector}'))
