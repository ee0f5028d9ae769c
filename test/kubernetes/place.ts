/** Apps in a real cluster, and the jobs that deploy them as a user's workflow would. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, parseDocument } from '../../src/deployment/document.ts'
import { type Color, otherColor } from '../../src/targets/target.ts'
import { temporaryFolder } from '../bed/folder.ts'
import { type KubernetesBed, startKubernetesBed } from '../bed/kubernetes/bed.ts'
import { deployment, service } from '../bed/kubernetes/manifests.ts'
import type { KubernetesObject, Namespace } from '../bed/kubernetes/namespace.ts'
import type { Gated } from '../process/gate.ts'
import { type Jobs, jobsOf, type Started, shortTimes, toldAt } from '../process/jobs.ts'
import { bundles, type Inputs } from '../process/shop.ts'

export interface City extends AsyncDisposable {
  readonly bed: KubernetesBed
  /** Blue runs v1 for users, green has no pods. */
  found(options?: ShopOptions): Promise<KubernetesShop>
  /** What names a release of the app for a deployment. */
  release(version: string, environment?: Readonly<Record<string, string>>): Promise<Inputs>
}

export interface ShopOptions {
  readonly replicas?: number
  /** Key and values by which the Service knows a color. */
  readonly label?: { readonly key: string } & Readonly<Record<Color, string>>
  /** What the app reads, besides its color. */
  readonly environment?: Readonly<Record<string, string>>
  /** Deployments that are there. */
  readonly colors?: readonly Color[]
  /** All that is there, instead of what the others say. */
  readonly objects?: readonly KubernetesObject[]
}

export interface KubernetesShop extends Jobs, Gated, AsyncDisposable {
  readonly namespace: Namespace
  /** That of its Service. */
  readonly url: string
  readonly inputs: Inputs
  /** What users are told. */
  answers(): Promise<string>
  /** What the Service selects by. */
  selector(): Promise<Readonly<Record<string, string>>>
  /** Pods that a color is to have; null: it has no Deployment. */
  replicas(color: Color): Promise<number | null>
  /** What the ledger holds. */
  document(): Promise<Document>
  /** Who holds the lease; `free` when nobody does, null when nobody ever did. */
  lease(): Promise<string | null>
}

export async function foundCity(): Promise<City> {
  if (!existsSync(bundles.main)) throw new Error(`${bundles.main} is missing: npm run package`)
  await using stack = new AsyncDisposableStack()
  const { path: root } = stack.use(await temporaryFolder())
  const bed = stack.use(await startKubernetesBed())
  const steps: Started[] = []
  stack.defer(async () => void (await Promise.all(steps.map((step) => step.remove()))))
  const owned = stack.move()
  return {
    bed,
    found: (options) => foundShop({ bed, root, steps }, options),
    release: async (version, environment = {}) => ({
      version,
      image: (await bed.registry.push(version, { environment })).pinned,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Ground {
  readonly bed: KubernetesBed
  readonly root: string
  readonly steps: Started[]
}

const plainLabel = { key: 'color', blue: 'blue', green: 'green' } as const

async function foundShop({ bed, root, steps }: Ground, options: ShopOptions = {}): Promise<KubernetesShop> {
  const { replicas = 2, label = plainLabel, environment = {}, colors = ['blue', 'green'] } = options
  const namespace = await bed.namespace()
  const { kubectl } = namespace
  const image = (await bed.registry.push('v1')).pinned
  const selectorOf = (color: Color) => ({ app: 'shop', [label.key]: label[color] })
  const deployments = colors.map((color) =>
    deployment({
      name: `shop-${color}`,
      image,
      labels: selectorOf(color),
      replicas: color === 'blue' ? replicas : 0,
      // A node follows the Service in its own time, and a busy one takes seconds.
      environment: { COLOR: color, DRAIN_MS: '5000', ...environment },
    }),
  )
  const plain = [...deployments, service({ name: 'shop', selector: selectorOf('blue') })]
  await namespace.apply(...(options.objects ?? plain))
  if (colors.includes('blue')) await kubectl('rollout', 'status', 'deployment/shop-blue')
  const url = `http://${await kubectl('get', 'service', 'shop', '-o', 'jsonpath={.spec.clusterIP}')}`
  const inputs: Inputs = {
    target: 'kubernetes',
    app: 'shop',
    version: 'v1',
    image,
    url,
    kubeconfig: namespace.kubeconfig,
    // A node follows the Service in its own time: what answers in public right after the switch may still be blue.
    'version-check': '{ path: /version, json: /version }',
    ...shortTimes,
    drain: '0s',
  }
  const read = async (kind: string, name: string): Promise<KubernetesJson> =>
    JSON.parse(await kubectl('get', kind, name, '-o', 'json'))
  return {
    namespace,
    url,
    inputs,
    gate: join(root, `gate-${namespace.name}`),
    ...jobsOf({ inputs, root, steps }),
    answers: async () => (await toldAt(url)) ?? 'nobody',
    selector: async () => (await read('service', 'shop')).spec.selector ?? {},
    replicas: async (color) => {
      const names = await kubectl('get', 'deployments', '-o', 'name')
      if (!names.includes(`/shop-${color}\n`)) return null
      return (await read('deployment', `shop-${color}`)).spec.replicas ?? null
    },
    document: async () => {
      const { metadata } = await read('lease', 'blue-green-shop')
      const parsed = parseDocument(metadata.annotations?.['blue-green-action/document'] ?? null)
      if (parsed.kind === 'unreadable') throw new Error(`The ledger holds garbage: ${parsed.why}`)
      return parsed.document
    },
    lease: async () => {
      if (!(await kubectl('get', 'leases', '-o', 'name')).includes('/blue-green-shop')) return null
      const { metadata, spec } = await read('lease', 'blue-green-shop')
      const status = metadata.annotations?.['blue-green-action/status']
      return status === 'held' ? (spec.holderIdentity ?? 'somebody') : (status ?? 'free')
    },
    [Symbol.asyncDispose]: () => namespace[Symbol.asyncDispose](),
  }
}

/** As much of an object as is looked at here. */
interface KubernetesJson {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>
    readonly replicas?: number
    readonly holderIdentity?: string
  }
}

export const idle = (live: string): Color => otherColor(live.startsWith('blue') ? 'blue' : 'green')
