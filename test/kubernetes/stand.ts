/** The Kubernetes target in a real cluster: a namespace for each stand. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { openKubernetesTarget } from '../../src/targets/kubernetes/kubernetes-target.ts'
import type { KubernetesSettings } from '../../src/targets/kubernetes/settings.ts'
import type { Color, Release, Target } from '../../src/targets/target.ts'
import { ask, colorAt } from '../bed/asking.ts'
import { type Folder, temporaryFolder } from '../bed/folder.ts'
import { type KubernetesBed, startKubernetesBed } from '../bed/kubernetes/bed.ts'
import { deployment, service } from '../bed/kubernetes/manifests.ts'
import type { Namespace } from '../bed/kubernetes/namespace.ts'
import { marker, processesOf } from '../contract/marked.ts'
import type { Stand } from '../contract/stand.ts'

export interface KubernetesStands extends AsyncDisposable {
  open(): Promise<Stand>
}

export async function openKubernetesStands(): Promise<KubernetesStands> {
  await using stack = new AsyncDisposableStack()
  const folder: Folder = stack.use(await temporaryFolder())
  const bed = stack.use(await startKubernetesBed())
  const images: Record<string, string> = {}
  for (const version of ['v1', 'v2', 'v3']) images[version] = (await bed.registry.push(version)).pinned
  images.doomed = (await bed.registry.push('doomed', { environment: { CRASH: '1' } })).pinned
  const manifest = join(folder.path, 'deployment.json')
  await writeFile(manifest, JSON.stringify(template))
  const owned = stack.move()
  let opened = 0
  return {
    open: async () => {
      opened += 1
      const mark = join(folder.path, String(opened))
      return openStand({ bed, namespace: await bed.namespace(), images, manifest, mark })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Rendered for each color, since neither is there to begin with. */
const template = deployment({
  name: 'shop-{color}',
  image: '{image}',
  labels: { app: 'shop', color: '{color}' },
  replicas: 1,
  environment: { COLOR: '{color}' },
})

interface Place {
  readonly bed: KubernetesBed
  readonly namespace: Namespace
  /** By version. */
  readonly images: Readonly<Record<string, string>>
  readonly manifest: string
  /** In the environment of everything the target starts. */
  readonly mark: string
}

async function openStand(place: Place): Promise<Stand> {
  const { namespace, images, mark } = place
  const { kubectl } = namespace
  await namespace.apply(service({ name: 'shop', selector: { app: 'shop', color: 'blue' } }))
  const url = `http://${await kubectl('get', 'service', 'shop', '-o', 'jsonpath={.spec.clusterIP}')}`
  const runs = [new AbortController()]
  const opened: Target[] = []
  const open = (run: AbortController, leaseTtl = 60_000, changes: Partial<KubernetesSettings> = {}) => {
    const target = openTarget(place, { ...settingsOf(place, url), ...changes }, { run, leaseTtl })
    opened.push(target)
    return target
  }
  const release = (version: string): Release => ({
    id: `release-${version}`,
    version,
    images: { web: images[version] ?? (images.v1 as string) },
    configuration: 'configuration',
  })
  const select = (color: string) =>
    kubectl('patch', 'service', 'shop', '-p', JSON.stringify({ spec: { selector: { color } } }))
  return {
    target: open(runs[0] as AbortController),
    service: 'web',
    documentLimit: 200 * 1024,
    briefLease: 2_000,
    release,
    url,
    another: async (options) => {
      const run = new AbortController()
      runs.push(run)
      return open(run, options?.leaseTtl)
    },
    follows: true,
    answers: () => answersOf(namespace, url),
    running: (color) => versionOn(namespace, color),
    humanMoves: async (to) => void (await select(to)),
    elapse: (time) => systemClock.sleep(time),
    snapshot: () => kubectl('get', 'deployments,replicasets,pods,services,leases', '-o', 'json'),
    shell: (text) => shell(place, text),
    breakObserve: async () => void (await select('purple')),
    breakLedger: async () => {
      const broken = { metadata: { annotations: { 'blue-green-action/status': 'what was here?' } } }
      await kubectl('patch', 'lease', 'blue-green-shop', '--type=merge', '-p', JSON.stringify(broken))
    },
    doomed: release('doomed'),
    broken: async () => ({
      target: open(new AbortController(), 60_000, {
        services: settingsOf(place, url).services.map((one) => ({ ...one, kubeServices: ['nowhere'] })),
      }),
      problems: [/kube-service: .*nowhere/],
    }),
    interrupt: () => runs[0]?.abort(new Error('The run was interrupted.')),
    leftovers: () => processesOf(mark),
    [Symbol.asyncDispose]: async () => {
      for (const run of runs) run.abort(new Error('The test is over.'))
      await Promise.all(opened.map((target) => target.close()))
      await namespace[Symbol.asyncDispose]()
    },
  }
}

const settingsOf = ({ namespace, manifest }: Place, url: string): KubernetesSettings => ({
  app: 'shop',
  kubeconfig: { kind: 'path', path: namespace.kubeconfig },
  context: null,
  namespace: null,
  kubectlVersion: null,
  router: { kind: 'service' },
  selectorKey: 'color',
  selectorValue: { blue: 'blue', green: 'green' },
  overlap: 0,
  previewService: null,
  manifests: [manifest],
  services: [
    {
      name: 'web',
      kubeServices: ['shop'],
      deployment: { blue: 'shop-blue', green: 'shop-green' },
      container: null,
      url,
      start: 'before-switch',
    },
  ],
})

interface Run {
  readonly run: AbortController
  readonly leaseTtl: number
}

const openTarget = (place: Place, settings: KubernetesSettings, { run, leaseTtl }: Run): Target =>
  openKubernetesTarget({
    settings,
    configuration: 'configuration',
    uses: { forwards: true, removes: true },
    environment: { ...environmentOf(place), [marker]: place.mark },
    surroundings: {
      app: settings.app,
      leaseTtl,
      deployTimeout: 60_000,
      signal: run.signal,
      clock: systemClock,
      output: () => {},
      secrets: [],
    },
  })

/** With the kubectl of the cluster. */
const environmentOf = ({ bed, namespace }: Place): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${dirname(bed.kubectlPath)}:${process.env.PATH}`,
  KUBECONFIG: namespace.kubeconfig,
})

async function shell(place: Place, text: string): Promise<void> {
  await promisify(execFile)('sh', ['-euc', text], { env: environmentOf(place) })
}

/** What users are told, as soon as the node does what the control plane says; what they are told all the same, if it does not. */
async function answersOf({ kubectl }: Namespace, url: string): Promise<Color | 'nobody'> {
  for (let tries = 1; ; tries += 1) {
    const ready = await readyPods(kubectl)
    const told = await colorAt(url)
    const isTold = told === 'nobody' ? ready.length === 0 : ready.length > 0
    if ((isTold && ready.every((name) => name.startsWith(`shop-${told}-`))) || tries === patience) return told
    await systemClock.sleep(100)
  }
}

const patience = 100

const slices = z.object({
  items: z.array(
    z.object({
      endpoints: z
        .array(
          z.object({
            conditions: z.object({ ready: z.boolean() }),
            targetRef: z.object({ name: z.string() }),
          }),
        )
        .nullable(),
    }),
  ),
})

/** Those that the Service leads to. */
async function readyPods(kubectl: Namespace['kubectl']): Promise<readonly string[]> {
  const selector = '--selector=kubernetes.io/service-name=shop'
  const { items } = slices.parse(JSON.parse(await kubectl('get', 'endpointslices', selector, '-o', 'json')))
  return items.flatMap(({ endpoints }) =>
    (endpoints ?? []).flatMap(({ conditions, targetRef }) => (conditions.ready ? [targetRef.name] : [])),
  )
}

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ deletionTimestamp: z.string().optional() }),
      status: z.object({ podIP: z.string().optional() }),
    }),
  ),
})

/** Of a pod that serves; null: there is none. One that was told to go may still be there. */
async function versionOn({ kubectl }: Namespace, color: Color): Promise<string | null> {
  const running = ['--field-selector=status.phase=Running', `--selector=app=shop,color=${color}`]
  const { items } = pods.parse(JSON.parse(await kubectl('get', 'pods', ...running, '-o', 'json')))
  const [pod] = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  return pod?.status.podIP === undefined ? null : (await ask(`http://${pod.status.podIP}:8080`)).version
}
