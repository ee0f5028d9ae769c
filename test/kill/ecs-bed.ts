/** Shops on ECS, each with a cluster, a load balancer and users of its own in one lab. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DescribeListenersCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Color } from '../../src/targets/target.ts'
import type { Shop } from '../bed/aws/shop.ts'
import { type EcsShop, foundMall, type Mall } from '../ecs/place.ts'
import { changesOfServed, movesTooEarly, notedIn } from './aws-journal.ts'
import { type Bed, type BedOptions, layGround, numbered, sideBySide } from './bed.ts'
import { logOf, parseLog } from './commands.ts'
import { lockOf, restore, type State, stateOf } from './ecs-states.ts'
import { textOf } from './ledger.ts'
import { lastRelease, nextRelease, type Start, scenarios } from './scenarios.ts'
import type { Inputs, Route, Site, Trouble } from './site.ts'
import { type AwsWay, openAwsWay } from './way.ts'

export async function startEcsKillBed(options: BedOptions): Promise<Bed> {
  await using stack = new AsyncDisposableStack()
  const ground = layGround(options, stack)
  // Runs mostly wait between two looks at AWS.
  const together = sideBySide(5)
  const mall = stack.use(await foundMall())
  const versions = [...scenarios.map(({ run }) => run.version), nextRelease.version, lastRelease.version]
  const images = new Map<string, string>()
  for (const version of new Set(['v1', ...versions])) {
    const environment = { ...(version.endsWith('-broken') ? { PUBLIC: 'bad' } : {}) }
    const { image } = await mall.lab.control.publish({ repository: 'kill', tag: version, environment })
    images.set(version, image)
  }
  const owned = stack.move()
  return {
    ...ground,
    name: options.name,
    sideBySide: together,
    // Those who wait for a lease to run out do so beside the others.
    openSite: numbered(Math.max(2 * together, scenarios.length), async (number, start) => {
      const folder = join(ground.root, `site-${number}`)
      mkdirSync(folder)
      return openSite({ mall, images, folder, start, stateFolder: ground.stateFolder })
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface SiteOptions {
  readonly mall: Mall
  /** By version. */
  readonly images: ReadonlyMap<string, string>
  readonly folder: string
  readonly start: Start | 'nothing'
  stateFolder(name: string): string
}

/** As long as the action demands it: whoever stops a run that nobody goes on with lets the parameters age instead of waiting. */
const leaseTime = 60_000

async function openSite({ mall, images, folder, start, stateFolder }: SiteOptions): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  const kept = (name: string) => join(stateFolder(name), 'state.json')
  const state: State | null = start === 'nothing' ? null : JSON.parse(readFileSync(kept(start), 'utf8'))
  // The first release goes to the other one.
  const live = state?.live ?? 'green'
  const counts = { blue: 0, green: 0, ...(state === null ? { [live]: 1 } : {}) }
  const at = stack.use(await mall.found({ live, weights: true, counts, deregistrationDelay: 1 }))
  const { shop } = at
  if (state !== null) await restore(shop, state)
  const way = stack.use(await openAwsWay(mall.lab.endpoint))
  const { control } = mall.lab
  const begin = (await control.journal(`${shop.name}-`)).length
  const entries = async () => (await control.journal(`${shop.name}-`)).slice(begin)
  const owned = stack.move()
  return {
    app: 'shop',
    url: shop.url,
    folder,
    line: way.line,
    leaseTime,
    lapse: () => control.age(lockOf(shop), leaseTime + 1_000),
    trouble: troubleOf(shop, mall),
    env: ({ label, route }) => environmentOf(shop, { label, route, way }),
    hooksOnTarget: [],
    inputs: ({ mode, version }) => ({
      ...inputsFor(at),
      // As long as an AWS that is cut off is waited for, and longer than a run stands still.
      ...(mode === 'unlock' || mode === 'cleanup' ? {} : { 'deploy-timeout': '90s' }),
      ...(mode === 'deploy' ? { image: images.get(version) ?? '' } : {}),
    }),
    keep: async (name) => {
      mkdirSync(stateFolder(name), { recursive: true })
      writeFileSync(kept(name), JSON.stringify(await stateOf(at, (await namedBy(shop)) ?? live)))
    },
    document: at.document,
    lease: async () => ` ${await at.lease()} `,
    named: () => namedBy(shop),
    log: async () => [...parseLog(textOf(logOf(folder))), ...notedIn(await entries())],
    wrongAnswers: async () => movesTooEarly(await entries()),
    liveColorsChanged: async () => changesOfServed(await entries()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A user for each run: what goes wrong for one of them does not for the others. */
const userOf = ({ name }: Shop, label: string): string => `${name}-${label}`

const troubleOf = (shop: Shop, { lab: { control } }: Mall): Trouble => {
  const user = userOf(shop, 'stopped')
  const kinds = { throttled: 'throttling', failing: 'internal-error' } as const
  return {
    begin: (kind) => control.orderFault(user, { kind: kinds[kind], times: Number.POSITIVE_INFINITY }),
    end: () => control.endFaults(user),
  }
}

interface By {
  readonly label: string
  readonly route: Route
  readonly way: AwsWay
}

const environmentOf = (shop: Shop, { label, route, way }: By): NodeJS.ProcessEnv => ({
  ...shop.environment,
  AWS_ACCESS_KEY_ID: userOf(shop, label),
  AWS_ENDPOINT_URL: way.endpoint(route),
})

function inputsFor({ inputs }: EcsShop): Inputs {
  const names = ['target', 'cluster', 'ecs-service', 'lock-parameter', 'listener-arn'] as const
  const own = Object.fromEntries(names.map((name) => [name, inputs[name] ?? '']))
  return { ...own, 'identity-header': 'x-color' }
}

async function namedBy({ clients, listenerArn, targetGroups }: Shop): Promise<Color | null> {
  const { Listeners: [listener] = [] } = await clients.elb.send(
    new DescribeListenersCommand({ ListenerArns: [listenerArn] }),
  )
  const groups = listener?.DefaultActions?.[0]?.ForwardConfig?.TargetGroups ?? []
  const named = groups.filter(({ Weight = 1 }) => Weight > 0).map(({ TargetGroupArn }) => TargetGroupArn)
  const colors = (['blue', 'green'] as const).filter((color) => named.includes(targetGroups[color]))
  return colors.length === 1 ? (colors[0] ?? null) : null
}
