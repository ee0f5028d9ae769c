import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import type { Shop } from '../bed/aws/shop.ts'
import { expectDeployed } from '../process/expect-deployed.ts'
import { gated, openGate } from '../process/gate.ts'
import { toldAt } from '../process/jobs.ts'
import { errorsOf, type Inputs } from '../process/shop.ts'
import { fewUsers } from '../process/unhurt.ts'
import { lacks } from '../programs.ts'
import { type EcsShop, foundMall, type Mall } from './place.ts'

describe.skipIf(lacks(...labPrograms)).concurrent('an app of several services', { timeout: 180_000 }, () => {
  let mall: Mall
  beforeAll(async () => {
    mall = await foundMall()
  })
  afterAll(() => mall?.[Symbol.asyncDispose]())

  test('moves all of them together, the worker last, and back', async () => {
    await using at = await mall.found()
    await using api = await mall.lab.makeShop({ beside: at.shop, deregistrationDelay: 2 })
    await at.shop.addWorkers(`${at.shop.name}-worker`, { blue: 1, green: 0 })
    await using users = fewUsers(at)
    await using callers = fewUsers(api)
    await expectDeployed(at, { color: 'green', ...together(at, api, await imagesOf(at, api, 'v2')) })
    expect(await toldAt(api.url)).toBe('green v2')
    expect(await sizes(at, api)).toEqual({ blue: [0, 0, 0], green: [1, 1, 1] })
    const failed = await at.deploy({
      ...together(at, api, await imagesOf(at, api, 'v3', { PUBLIC: '/health' })),
      'health-timeout': '10s',
    })
    expect([failed.main.code, failed.main.outputs.result], failed.main.log).toEqual([1, 'rolled-back'])
    expect([await at.answers(), await toldAt(api.url)]).toEqual(['green v2', 'green v2'])
    expect(await sizes(at, api)).toEqual({ blue: [0, 0, 0], green: [1, 1, 1] })
    expect([...(await users.stop()).lost, ...(await callers.stop()).lost]).toEqual([])
  })

  test.each<readonly [string, (api: Shop, at: EcsShop) => Promise<void>, RegExp, string]>([
    [
      'moves none when one of them was moved by somebody',
      (api) => api.forward('green'),
      /forwards to green, and blue was expected/,
      'green',
    ],
    [
      'puts the first one back when AWS refuses to move the second',
      (_, at) => at.shop.orderFault({ kind: 'denied', operations: ['ModifyListener'], skip: 1 }),
      /AWS refused elasticloadbalancing:ModifyListener[\s\S]* was put back on blue\./,
      'blue',
    ],
  ])('%s', async (_, trouble, said, second) => {
    await using at = await mall.found()
    await using api = await mall.lab.makeShop({ beside: at.shop, deregistrationDelay: 2 })
    await using users = fewUsers(at)
    const inputs = together(at, api, await imagesOf(at, api, 'v2'), [])
    const step = at.step({ ...inputs, ...gated(at, 'before-switch') })
    await step.until('gated')
    await trouble(api, at)
    openGate(at)
    const main = await step.main()
    const post = await step.post('failure')
    expect([main.code, post.code], main.log).toEqual([1, 0])
    expect(errorsOf(main).join()).toMatch(said)
    expect(await at.answers()).toBe('blue v1')
    expect(await toldAt(api.url)).toMatch(second)
    expect((await users.stop()).lost).toEqual([])
  })
})

const imagesOf = async (
  at: EcsShop,
  api: Shop,
  version: string,
  environment: Readonly<Record<string, string>> = {},
) => ({
  version,
  web: (await at.release(version)).image ?? '',
  api: (await api.publish(version, environment)).image,
})

type Images = Awaited<ReturnType<typeof imagesOf>>

const together = (at: EcsShop, api: Shop, images: Images, workers = [`${at.shop.name}-worker`]): Inputs => ({
  version: images.version,
  image: '',
  url: '',
  'listener-arn': '',
  'ecs-service': '',
  services: JSON.stringify({
    web: {
      image: images.web,
      url: at.url,
      'ecs-service': `${at.shop.name}-{color}`,
      'listener-arn': at.shop.listenerArn,
    },
    api: {
      image: images.api,
      url: api.url,
      'ecs-service': `${api.name}-{color}`,
      'listener-arn': api.listenerArn,
    },
    ...Object.fromEntries(
      workers.map((name) => [
        'worker',
        { image: images.web, 'ecs-service': `${name}-{color}`, start: 'after-switch' },
      ]),
    ),
  }),
})

async function sizes(at: EcsShop, api: Shop) {
  const { shop } = at
  const of = async (color: 'blue' | 'green') => [
    await at.desired(color),
    (await api.describe(color)).desiredCount,
    (await shop.describe(color, `${shop.name}-worker-${color}`)).desiredCount,
  ]
  return { blue: await of('blue'), green: await of('green') }
}
