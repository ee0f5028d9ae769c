/** The ECS target in the lab: a shop of its own for each stand. */
import { GetParametersByPathCommand, PutParameterCommand } from '@aws-sdk/client-ssm'
import { systemClock } from '../../src/clock.ts'
import { openEcsTarget } from '../../src/targets/ecs/ecs-target.ts'
import type { EcsSettings } from '../../src/targets/ecs/settings.ts'
import type { Color, Release, Target } from '../../src/targets/target.ts'
import { ask, colorAt } from '../bed/asking.ts'
import { type AwsLab, startAwsLab } from '../bed/aws/aws-lab.ts'
import { colorHeader } from '../bed/aws/front.ts'
import type { Shop } from '../bed/aws/shop.ts'
import type { Stand } from '../contract/stand.ts'
import { typed } from './typing.ts'

export interface EcsStands extends AsyncDisposable {
  open(): Promise<Stand>
}

export async function openEcsStands(): Promise<EcsStands> {
  const lab = await startAwsLab()
  return { open: () => openStand(lab), [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() }
}

const colors = ['blue', 'green'] as const

async function openStand(lab: AwsLab): Promise<Stand> {
  const shop = await lab.makeShop({ counts: { blue: 0, green: 0 }, colorRules: true })
  const images: Record<string, string> = {}
  for (const version of ['v2', 'v3']) images[version] = (await shop.publish(version)).image
  images.doomed = (await shop.publish('doomed', { CRASH: '1' })).image
  images.v1 = shop.image
  const runs = [new AbortController()]
  const opened: Target[] = []
  const open = (run: AbortController, leaseTtl = 60_000, changes: Partial<EcsSettings> = {}) => {
    const target = openTarget(shop, { ...settingsOf(shop), ...changes }, { run, leaseTtl })
    opened.push(target)
    return target
  }
  const release = (version: string): Release => ({
    id: `release-${version}`,
    version,
    images: { web: images[version] ?? (images.v1 as string) },
    configuration: 'configuration',
  })
  const { ssm } = shop.clients
  const parameters = async () => {
    const command = new GetParametersByPathCommand({ Path: lockParameter(shop), Recursive: true })
    return (await ssm.send(command)).Parameters ?? []
  }
  return {
    target: open(runs[0] as AbortController),
    service: 'web',
    documentLimit: 24 * 1024,
    briefLease: 2_000,
    release,
    url: shop.url,
    another: async (options) => {
      const run = new AbortController()
      runs.push(run)
      return open(run, options?.leaseTtl)
    },
    keepsRemoved: true,
    answers: () => colorAt(shop.url),
    running: (color) => versionOn(shop, color),
    humanMoves: (to) => shop.forward(to),
    elapse: (time) => systemClock.sleep(time),
    snapshot: async () => JSON.stringify([await Promise.all(colors.map(shapeOf(shop))), await parameters()]),
    shell: (text) => typed(shop, text),
    breakObserve: () => shop.forwardElsewhere(),
    breakLedger: async () => {
      const newest = (await parameters()).map(({ Name = '' }) => Number(Name.split('/').at(-1)))
      const Name = `${lockParameter(shop)}/${Math.max(...newest)}`
      await ssm.send(
        new PutParameterCommand({ Name, Value: 'what was here?', Overwrite: true, Type: 'String' }),
      )
    },
    doomed: release('doomed'),
    broken: async () => ({
      target: open(new AbortController(), 60_000, {
        services: settingsOf(shop).services.map((one) => ({
          ...one,
          ecsService: { blue: 'nowhere-blue', green: 'nowhere-green' },
        })),
      }),
      problems: [/ecs-service: .*nowhere-blue/, /ecs-service: .*nowhere-green/],
    }),
    [Symbol.asyncDispose]: async () => {
      for (const run of runs) run.abort(new Error('The test is over.'))
      await Promise.all(opened.map((target) => target.close()))
      await shop[Symbol.asyncDispose]()
    },
  }
}

const lockParameter = ({ name }: Shop): string => `/blue-green/${name}`

const settingsOf = (shop: Shop): EcsSettings => ({
  app: 'shop',
  region: null,
  cluster: shop.cluster,
  routes: [{ kind: 'listener', arn: shop.listenerArn }],
  testHeaders: { [colorHeader]: '{color}' },
  attach: false,
  desiredCount: null,
  lockParameter: lockParameter(shop),
  services: [
    {
      name: 'web',
      ecsService: shop.services,
      container: null,
      routes: [],
      url: shop.url,
      start: 'before-switch',
    },
  ],
})

interface Run {
  readonly run: AbortController
  readonly leaseTtl: number
}

const openTarget = (shop: Shop, settings: EcsSettings, { run, leaseTtl }: Run): Target =>
  openEcsTarget({
    settings,
    environment: { ...process.env, ...shop.environment },
    colorUrls: { web: { blue: shop.url, green: shop.url } },
    publicColors: [],
    undoTime: 60_000,
    keepsOldColor: false,
    images: [],
    pause: () => 100,
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

const shapeOf = (shop: Shop) => async (color: Color) => {
  const { desiredCount, taskDefinition, deployments } = await shop.describe(color)
  return [desiredCount, taskDefinition, deployments?.map(({ id }) => id)]
}

/** Of a task that serves; null: there is none. One that was told to go may still be there. */
async function versionOn(shop: Shop, color: Color): Promise<string | null> {
  const [task] = await shop.tasks(color, 'RUNNING')
  const address = task?.attachments?.[0]?.details?.find(({ name }) => name === 'privateIPv4Address')?.value
  return address === undefined ? null : (await ask(`http://${address}:${shop.port}`)).version
}
