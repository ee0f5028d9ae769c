/** Shops in the AWS lab, and the jobs that deploy them as a user's workflow would. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openAws } from '../../src/aws/open-aws.ts'
import { systemClock } from '../../src/clock.ts'
import { type Document, parseDocument } from '../../src/deployment/document.ts'
import { ecsLedger } from '../../src/targets/ecs/ledger/ledger.ts'
import type { Color, LedgerView } from '../../src/targets/target.ts'
import { type AwsLab, startAwsLab } from '../bed/aws/aws-lab.ts'
import { colorHeader } from '../bed/aws/front.ts'
import type { Shop, ShopOrder } from '../bed/aws/shop.ts'
import { temporaryFolder } from '../bed/folder.ts'
import type { Gated } from '../process/gate.ts'
import { type Jobs, jobsOf, type Started, shortTimes, toldAt } from '../process/jobs.ts'
import { bundles, type Inputs, type Options } from '../process/shop.ts'

export interface Mall extends AsyncDisposable {
  readonly lab: AwsLab
  /** Blue runs v1 for users, green has no tasks. */
  found(order?: ShopOrder): Promise<EcsShop>
}

export interface EcsShop extends Jobs, Gated, AsyncDisposable {
  readonly shop: Shop
  readonly url: string
  readonly inputs: Inputs
  /** What names a release of the app for a deployment. */
  release(version: string, environment?: Readonly<Record<string, string>>): Promise<Inputs>
  /** What users are told. */
  answers(): Promise<string>
  /** Tasks that a color is to have. */
  desired(color: Color): Promise<number>
  /** What the ledger holds. */
  document(): Promise<Document>
  /** Who holds the lease; `free` when nobody does. */
  lease(): Promise<string>
}

export async function foundMall(): Promise<Mall> {
  if (!existsSync(bundles.main)) throw new Error(`${bundles.main} is missing: npm run package`)
  await using stack = new AsyncDisposableStack()
  const { path: root } = stack.use(await temporaryFolder())
  const lab = stack.use(await startAwsLab())
  const steps: Started[] = []
  stack.defer(async () => void (await Promise.all(steps.map((step) => step.remove()))))
  const owned = stack.move()
  return {
    lab,
    found: (order) => foundShop({ lab, root, steps }, order),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Ground {
  readonly lab: AwsLab
  readonly root: string
  readonly steps: Started[]
}

async function foundShop({ lab, root, steps }: Ground, order: ShopOrder = {}): Promise<EcsShop> {
  const shop = await lab.makeShop({ deregistrationDelay: 2, ...order })
  const { ruleArn, listenerArn, url } = shop
  const inputs: Inputs = {
    target: 'ecs',
    app: 'shop',
    version: 'v1',
    image: shop.image,
    url,
    cluster: shop.cluster,
    'ecs-service': `${shop.name}-{color}`,
    'lock-parameter': `/blue-green/${shop.name}`,
    ...(ruleArn === null ? { 'listener-arn': listenerArn } : { 'rule-arn': ruleArn }),
    ...(order.colorRules ? { 'color-url': url, 'test-headers': `{ ${colorHeader}: '{color}' }` } : {}),
    'identity-header': 'x-color',
    'ecs-attach': 'true',
    ...shortTimes,
  }
  const jobs = jobsOf({ inputs, root, steps })
  const asUser = (options: Options = {}): Options => ({
    ...options,
    env: { ...shop.environment, ...options.env },
  })
  return {
    shop,
    url,
    inputs,
    gate: join(root, `gate-${shop.name}`),
    step: (changes, options) => jobs.step(changes, asUser(options)),
    deploy: (changes, status, options) => jobs.deploy(changes, status, asUser(options)),
    release: async (version, environment = {}) => ({
      version,
      image: (await shop.publish(version, environment)).image,
    }),
    answers: async () => (await toldAt(url)) ?? 'nobody',
    desired: async (color) => (await shop.describe(color)).desiredCount ?? 0,
    document: async () => {
      const parsed = parseDocument((await ledgerOf(shop)).document)
      if (parsed.kind === 'unreadable') throw new Error(`The ledger holds garbage: ${parsed.why}`)
      return parsed.document
    },
    lease: async () => {
      const { status, owner } = (await ledgerOf(shop)).lease
      return status === 'held' ? (owner?.nonce ?? 'somebody') : status
    },
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  }
}

async function ledgerOf({ name, cluster, environment }: Shop): Promise<LedgerView> {
  const { signal } = new AbortController()
  const user = { ...environment, AWS_ACCESS_KEY_ID: `${name}-reader` }
  const aws = openAws({ region: null, environment: user, clock: systemClock, signal })
  const path = `/blue-green/${name}`
  try {
    return await ecsLedger({
      aws,
      path,
      cluster,
      leaseTtl: 60_000,
      clock: systemClock,
      signal,
    }).read()
  } finally {
    aws.close()
  }
}
