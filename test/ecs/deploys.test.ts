import { DescribeListenersCommand, ModifyListenerCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import type { ShopOrder } from '../bed/aws/shop.ts'
import { type Load, startLoad } from '../bed/load.ts'
import { expectDeployed } from '../process/expect-deployed.ts'
import { lacks } from '../programs.ts'
import { oidc } from '../targets/ecs/router/actions.ts'
import { type EcsShop, foundMall, type Mall } from './place.ts'

const users = ({ url }: EcsShop): Load =>
  startLoad({ url, keepAlive: 4, fresh: 2, slow: { clients: 1, ms: 300 }, think: { min: 0, max: 20 } })

const everyPath: NonNullable<ShopOrder['rule']> = [
  { Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } },
]

describe.skipIf(lacks(...labPrograms)).concurrent('a deployment to ECS', { timeout: 180_000 }, () => {
  let mall: Mall
  beforeAll(async () => {
    mall = await foundMall()
  })
  afterAll(() => mall?.[Symbol.asyncDispose]())

  test('goes green, blue and back, the color left has no tasks, and no user notices', async () => {
    await using at = await mall.found({ counts: { blue: 3, green: 0 } })
    await using load = users(at)
    for (const [version, color, left] of [
      ['v2', 'green', 'blue'],
      ['v3', 'blue', 'green'],
    ] as const) {
      await expectDeployed(at, { color, ...(await at.release(version)) })
      expect([await at.desired(color), await at.desired(left)]).toEqual([3, 0])
    }
    await expectDeployed(at, { color: 'green', mode: 'rollback', version: '', image: '' })
    expect(await at.answers()).toBe('green v2')
    expect((await load.stop()).lost).toEqual([])
    expect(await at.lease()).toBe('free')
  })

  test.each<readonly [string, ShopOrder]>([
    ['a listener that names one target group', {}],
    ['a listener with weights', { weights: true }],
    ['a listener beside a test listener', { testListener: true }],
    ['a listener with a rule for each color besides', { colorRules: true }],
    ['a rule that names one target group', { rule: everyPath }],
    ['a rule with weights', { rule: everyPath, weights: true }],
  ])('moves %s', async (_, order) => {
    await using at = await mall.found(order)
    await using load = users(at)
    await expectDeployed(at, { color: 'green', ...(await at.release('v2')) })
    await expectDeployed(at, { color: 'blue', ...(await at.release('v3')) })
    expect((await load.stop()).lost).toEqual([])
  })

  test('moves several listeners together', async () => {
    await using at = await mall.found({ testListener: true })
    const { shop } = at
    const arns = `${shop.listenerArn}, ${shop.testListenerArn}`
    // The test listener leads to green, and has to be where the other one is.
    const refused = await at.deploy({ ...(await at.release('v2')), 'listener-arn': arns })
    expect(refused.main.log).toContain('mixed')
    await shop.forwardTest('blue')
    await using load = users(at)
    await expectDeployed(at, {
      color: 'green',
      ...(await at.release('v3')),
      'listener-arn': arns,
    })
    expect(await (await fetch(shop.testUrl ?? '')).text()).toContain('green v3')
    expect((await load.stop()).lost).toEqual([])
  })

  test('to services that never ran anything is the first one, and says so', async () => {
    await using at = await mall.found({ counts: { blue: 0, green: 0 } })
    const { main, post } = await at.deploy(await at.release('v2'))
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    expect(main.log).toContain('First deployment')
    expect(await at.answers()).toBe('green v2')
  })

  test('leaves all else of a listener as it was', async () => {
    await using at = await mall.found({ weights: true })
    const { shop } = at
    const describe = async () => {
      const command = new DescribeListenersCommand({ ListenerArns: [shop.listenerArn] })
      const [listener] = (await shop.clients.elb.send(command)).Listeners ?? []
      const { DefaultActions, ...rest } = listener ?? {}
      return { rest, actions: DefaultActions }
    }
    const before = await describe()
    await expectDeployed(at, { color: 'green', ...(await at.release('v2')) })
    const after = await describe()
    expect(after.rest).toEqual(before.rest)
    expect(after.actions?.[0]?.ForwardConfig?.TargetGroups).toEqual([
      { TargetGroupArn: shop.targetGroups.blue, Weight: 0 },
      { TargetGroupArn: shop.targetGroups.green, Weight: 100 },
    ])
    await expectDeployed(at, { color: 'blue', ...(await at.release('v3')) })
    expect(await describe()).toEqual(before)
  })

  test('moves a listener that signs users in, and leaves that to it', async () => {
    await using at = await mall.found()
    const { shop } = at
    const actions = async () => {
      const command = new DescribeListenersCommand({ ListenerArns: [shop.listenerArn] })
      return (await shop.clients.elb.send(command)).Listeners?.[0]?.DefaultActions
    }
    const groups = [{ TargetGroupArn: shop.targetGroups.blue, Weight: 1 }]
    await shop.clients.elb.send(
      new ModifyListenerCommand({
        ListenerArn: shop.listenerArn,
        DefaultActions: [
          { ...oidc, AuthenticateOidcConfig: { ...oidc.AuthenticateOidcConfig, ClientSecret: 'secret' } },
          { Type: 'forward', Order: 2, ForwardConfig: { TargetGroups: groups } },
        ],
      }),
    )
    const [login] = (await actions()) ?? []
    await expectDeployed(at, { color: 'green', ...(await at.release('v2')) })
    expect((await actions())?.[0]).toEqual(login)
  })

  test('shows the color that was left as stopping, as long as the load balancer holds on to it', async () => {
    await using at = await mall.found({ deregistrationDelay: 60 })
    await expectDeployed(at, { color: 'green', ...(await at.release('v2')) })
    const { main } = await at.deploy({ mode: 'status', image: '', version: '' })
    expect(main.outputs.plan).toMatch(/blue[^\n]*stopping/)
  })

  test('has as many tasks as its autoscaler demands, or as the settings say', async () => {
    await using at = await mall.found()
    const { shop } = at
    await shop.scaleBetween('green', { minimum: 3, maximum: 5 })
    await expectDeployed(at, { color: 'green', ...(await at.release('v2')) })
    expect(await at.desired('green')).toBe(3)
    await expectDeployed(at, { color: 'blue', ...(await at.release('v3')), 'desired-count': '2' })
    expect(await at.desired('blue')).toBe(2)
  })

  test('whose answers name no color is confirmed by configuration, in so many words', async () => {
    await using at = await mall.found()
    const { main } = await at.deploy({ ...(await at.release('v2')), 'identity-header': '' })
    expect(main.code, main.log).toBe(0)
    expect(main.log).toContain('Traffic is on green: confirmed by configuration')
  })

  test('goes back when a later step of the job fails', async () => {
    await using at = await mall.found()
    await using load = users(at)
    const { main, post } = await at.deploy(await at.release('v2'), 'failure')
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    expect(await at.answers()).toBe('blue v1')
    expect([await at.desired('blue'), await at.desired('green')]).toEqual([1, 0])
    expect((await load.stop()).lost).toEqual([])
    expect(await at.lease()).toBe('free')
  })

  test('tells what is there, and in a dry run what it would do, and touches nothing', async () => {
    await using at = await mall.found()
    const look = await at.deploy({ mode: 'status', image: '', version: '' })
    expect([look.main.code, look.main.outputs['active-color']], look.main.log).toEqual([0, 'blue'])
    const dry = await at.deploy({ ...(await at.release('v2')), 'dry-run': 'true' })
    expect(dry.main.code, dry.main.log).toBe(0)
    expect(dry.main.outputs.plan).toMatch(/Deploy v2 to green/)
    const changes = (await at.shop.calls()).filter(({ operation }) =>
      /^(Put|Update|Modify|Register|Delete)/.test(operation),
    )
    expect(changes).toEqual([])
  })

  test('carries over what a task definition holds, but for the image', async () => {
    await using at = await mall.found()
    const { shop } = at
    const before = await shop.definition('blue')
    await expectDeployed(at, { color: 'green', ...(await at.release('v2')) })
    const after = await shop.definition('green')
    const [app, logs] = after.containerDefinitions ?? []
    expect(app).toEqual({
      ...before.containerDefinitions?.[0],
      image: shop.image.replace(/:v1$/, ':v2'),
      dockerLabels: {
        'blue-green-action.release': expect.any(String),
        'blue-green-action.version': 'v2',
      },
    })
    expect(logs).toEqual(before.containerDefinitions?.[1])
    expect([after.cpu, after.memory, after.networkMode]).toEqual([
      before.cpu,
      before.memory,
      before.networkMode,
    ])
  })
})
