/** Apps in a real cluster, each in a namespace of its own. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Color, otherColor } from '../../src/targets/target.ts'
import { deployment, service } from '../bed/kubernetes/manifests.ts'
import type { KubernetesObject } from '../bed/kubernetes/namespace.ts'
import { type City, foundCity, type KubernetesShop } from '../kubernetes/place.ts'
import { type Bed, type BedOptions, layGround, numbered, sideBySide } from './bed.ts'
import { changesIn, type Journal, keepJournal, notedIn, versionOf } from './cluster-journal.ts'
import { logOf, parseLog } from './commands.ts'
import { textOf } from './ledger.ts'
import { openDoor } from './public-door.ts'
import { lastRelease, nextRelease, type Start, scenarios } from './scenarios.ts'
import { briefLease, type Site } from './site.ts'
import { openClusterWay } from './way.ts'

export async function startKubernetesKillBed(options: BedOptions): Promise<Bed> {
  await using stack = new AsyncDisposableStack()
  const ground = layGround(options, stack)
  const together = sideBySide(1.5)
  const city = stack.use(await foundCity())
  const journal = stack.use(keepJournal(city.bed.kubeconfig))
  const versions = [...scenarios.map(({ run }) => run.version), nextRelease.version, lastRelease.version]
  const images = new Map<string, string>()
  for (const version of new Set(['v1', ...versions])) {
    const { image = '' } = await city.release(version, version.endsWith('-broken') ? { PUBLIC: 'bad' } : {})
    images.set(version, image)
  }
  const owned = stack.move()
  return {
    ...ground,
    name: options.name,
    sideBySide: together,
    // Those who are cut off for good wait beside the others.
    openSite: numbered(Math.max(2 * together, scenarios.length), async (number, start) => {
      const folder = join(ground.root, `site-${number}`)
      mkdirSync(folder)
      return openSite({ city, journal, images, folder, start, stateFolder: ground.stateFolder })
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface SiteOptions {
  readonly city: City
  readonly journal: Journal
  /** By version. */
  readonly images: ReadonlyMap<string, string>
  readonly folder: string
  readonly start: Start | 'nothing'
  stateFolder(name: string): string
}

async function openSite({ city, journal, images, folder, start, stateFolder }: SiteOptions): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  const shop = stack.use(await city.found({ objects: objectsFor(start, images, stateFolder) }))
  const { namespace } = shop
  await namespace.kubectl('rollout', 'status', 'deployment/shop-green')
  const way = stack.use(await openClusterWay({ kubeconfig: namespace.kubeconfig, folder }))
  const door = stack.use(await openDoor(shop.url))
  const begin = Math.max(...(await read(shop)).map(versionOf))
  const changes = async () => {
    await journal.reach(namespace.name, await read(shop))
    return changesIn(journal.entries(namespace.name), begin)
  }
  const owned = stack.move()
  return {
    app: 'shop',
    url: shop.url,
    folder,
    line: way.line,
    ...briefLease,
    env: () => ({}),
    hooksOnTarget: [],
    inputs: ({ mode, version }, route) => ({
      target: 'kubernetes',
      ...way.inputs(route),
      url: door.url,
      // As long as a cluster that is cut off is waited for.
      'deploy-timeout': '30s',
      // Nodes follow a switch later than the cluster says so: until then it is the old color that answers.
      'version-check': JSON.stringify({ path: '/version', json: '/version' }),
      ...(mode === 'deploy' ? { image: images.get(version) ?? '' } : {}),
    }),
    keep: async (state) => {
      const items = [...(await read(shop)), await readLease(shop)].map(barely)
      mkdirSync(stateFolder(state), { recursive: true })
      writeFileSync(join(stateFolder(state), 'objects.json'), JSON.stringify(items))
    },
    document: shop.document,
    lease: async () => ` ${await shop.lease()} `,
    named: () => namedBy(shop),
    log: async () => [...parseLog(textOf(logOf(folder))), ...notedIn(await changes())],
    wrongAnswers: async () =>
      (await changes())
        .filter(({ command, wasReady }) => command === 'switch' && !wasReady)
        .map((change) => `users were sent to a color that was not up: ${JSON.stringify(change)}`),
    liveColorsChanged: async () =>
      (await changes())
        .filter(({ command, color, named }) => command !== 'switch' && color === named)
        .map((change) => JSON.stringify(change)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function namedBy(shop: KubernetesShop): Promise<Color | null> {
  const { color } = await shop.selector()
  return color === 'blue' || color === 'green' ? color : null
}

interface ReadObject extends KubernetesObject {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly resourceVersion: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: Readonly<Record<string, unknown>>
}

/** What the journal tells of. */
async function read({ namespace }: KubernetesShop): Promise<readonly ReadObject[]> {
  return JSON.parse(await namespace.kubectl('get', 'deployments,services', '-o', 'json')).items
}

const readLease = async ({ namespace }: KubernetesShop): Promise<ReadObject> =>
  JSON.parse(await namespace.kubectl('get', 'lease', 'blue-green-shop', '-o', 'json'))

/** Without what belongs to the namespace that it was read in. */
function barely({
  apiVersion,
  kind,
  metadata: { name, annotations = {} },
  spec,
}: ReadObject): KubernetesObject {
  const own = Object.entries(annotations).filter(([key]) => key.startsWith('blue-green-action/'))
  const { clusterIP: _, clusterIPs: __, ...lasting } = spec
  const metadata = { name, annotations: Object.fromEntries(own) }
  return { apiVersion, kind, metadata, spec: lasting }
}

function objectsFor(
  start: Start | 'nothing',
  images: ReadonlyMap<string, string>,
  stateFolder: (name: string) => string,
): readonly KubernetesObject[] {
  if (start !== 'nothing') return JSON.parse(readFileSync(join(stateFolder(start), 'objects.json'), 'utf8'))
  // The first release goes to the other one.
  const first: Color = 'green'
  const labels = (color: Color) => ({ app: 'shop', color })
  const deployments = [first, otherColor(first)].map((color) =>
    deployment({
      name: `shop-${color}`,
      image: images.get('v1') ?? '',
      labels: labels(color),
      replicas: color === first ? 2 : 0,
      environment: { COLOR: color, DRAIN_MS: '5000' },
    }),
  )
  return [...deployments, service({ name: 'shop', selector: labels(first) })]
}
