import { RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import { isSteady } from '../bed/aws/shop.ts'
import { gated, openGate } from '../process/gate.ts'
import { errorsOf, type Inputs } from '../process/shop.ts'
import { expectUnhurt, fewUsers } from '../process/unhurt.ts'
import { lacks } from '../programs.ts'
import { foundMall, type Mall } from './place.ts'
import { typed } from './typing.ts'

const arn = 'arn:aws:elasticloadbalancing:us-east-1:123456789012'

describe.skipIf(lacks(...labPrograms)).concurrent('ECS', { timeout: 180_000 }, () => {
  let mall: Mall
  beforeAll(async () => {
    mall = await foundMall()
  })
  afterAll(() => mall?.[Symbol.asyncDispose]())

  describe('refuses a release before anything is touched', () => {
    test.each<readonly [string, Inputs, readonly (string | RegExp)[]]>([
      [
        'in a cluster that is not there',
        { cluster: 'nowhere' },
        [/cluster: [\s\S]*nowhere[\s\S]*aws ecs list-clusters/],
      ],
      [
        'of services that are not there',
        { 'ecs-service': 'stall-{color}' },
        [/no ECS service stall-blue [\s\S]*no ECS service stall-green /],
      ],
      [
        'behind a listener that is not there',
        { 'listener-arn': `${arn}:listener/app/nowhere/1700fe92af93f731/445ef56f8530e43e` },
        [/listener-arn: [\s\S]*The specified listener does not exist/],
      ],
      ['whose container is not there', { 'ecs-container': 'nginx' }, [/nginx[\s\S]*`ecs-container: app`/]],
      [
        'whose image nobody has pushed',
        { image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:never' },
        ['There is no image 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:never in ECR.'],
      ],
      [
        'whose idle target group no listener names',
        { 'ecs-attach': 'false' },
        [/named by no listener[\s\S]*`ecs-attach: true`[\s\S]*aws elbv2 modify-listener/],
      ],
    ])('%s', async (_, changes, said) => {
      await using at = await mall.found()
      await using users = fewUsers(at)
      const deployed = await at.deploy({ ...(await at.release('v2')), ...changes })
      await expectUnhurt(at, { deployed, users, said })
      expect(await at.desired('green')).toBe(0)
      const written = (await at.shop.calls()).filter(({ operation }) =>
        /^(Put|Update|Modify|Register)/.test(operation),
      )
      expect(written).toEqual([])
    })

    test('where CodeDeploy moves the traffic', async () => {
      await using at = await mall.found({ controller: 'CODE_DEPLOY' })
      const { main } = await at.deploy(await at.release('v2'))
      expect(main.code).toBe(1)
      expect(errorsOf(main).join()).toMatch(/controlled by CODE_DEPLOY[\s\S]*deployment controller `ECS`/)
    })

    test('where ECS itself moves the traffic', async () => {
      await using at = await mall.found({ deployment: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 5 } })
      const { main } = await at.deploy(await at.release('v2'))
      expect(main.code).toBe(1)
      expect(errorsOf(main).join()).toMatch(/strategy BLUE_GREEN[\s\S]*strategy=ROLLING/)
    })

    test('with nobody to ask', async () => {
      await using at = await mall.found()
      await using users = fewUsers(at)
      const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' }
      const deployed = await at.deploy(await at.release('v2'), 'success', { env })
      await expectUnhurt(at, {
        deployed,
        users,
        said: [/There are no AWS credentials/, 'configure-aws-credentials'],
      })
    })

    test('with credentials that end before a way back would', async () => {
      await using at = await mall.found()
      await using users = fewUsers(at)
      const env = { AWS_CREDENTIAL_EXPIRATION: new Date(Date.now() + 5_000).toISOString() }
      const deployed = await at.deploy(await at.release('v2'), 'success', { env })
      await expectUnhurt(at, {
        deployed,
        users,
        said: [/credentials of this job end in 0 min/, 'role-duration-seconds'],
      })
    })
  })

  describe('gives no traffic to a release, and stops it,', () => {
    test.each<readonly [string, Inputs, readonly (string | RegExp)[]]>([
      [
        'whose tasks keep ending',
        { CRASH: '1' },
        [/tasks keep ending[\s\S]*exit code 3|Essential container/],
      ],
      ['which says itself that it is ill', { HEALTH: 'bad' }, [/health checks|unhealthy/i, /503/]],
    ])('%s', async (_, environment, said) => {
      await using at = await mall.found()
      await using users = fewUsers(at)
      const deployed = await at.deploy({ ...(await at.release('v2', environment)), 'health-timeout': '40s' })
      await expectUnhurt(at, { deployed, users, said: [...said, 'Traffic is on blue'] })
      expect(deployed.main.outputs).toMatchObject({ switched: 'false', 'active-color': 'blue' })
      expect(await at.desired('green')).toBe(0)
    })

    test('whose image cannot be pulled', async () => {
      await using at = await mall.found()
      await using users = fewUsers(at)
      const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:gone'
      // Nobody is asked about images that another account may have.
      await at.shop.orderFault({ kind: 'denied', operations: ['DescribeImages'] })
      const deployed = await at.deploy({ version: 'v2', image })
      await expectUnhurt(at, { deployed, users, said: [/CannotPullContainerError[\s\S]*not found/] })
      expect(await at.desired('green')).toBe(0)
    })

    test('which the circuit breaker of ECS has rolled back', async () => {
      const deploymentCircuitBreaker = { enable: true, rollback: true }
      await using at = await mall.found({
        counts: { blue: 3, green: 3 },
        deployment: { deploymentCircuitBreaker },
      })
      await using users = fewUsers(at)
      const deployed = await at.deploy(await at.release('v2', { CRASH: '1' }))
      await expectUnhurt(at, {
        deployed,
        users,
        said: [/deployment failed|circuit breaker/, 'tasks failed to start'],
      })
      expect(await at.desired('green')).toBe(0)
    })
  })

  test('takes back a release that fails in public', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const release = await at.release('v2', { PUBLIC: '/health' })
    const deployed = await at.deploy({ ...release, 'health-timeout': '10s' })
    await expectUnhurt(at, { deployed, users, said: ['traffic is back on blue', /500/] })
    expect(deployed.main.outputs).toMatchObject({ 'failed-phase': 'verify', result: 'rolled-back' })
    expect(await at.desired('green')).toBe(0)
  })

  test('takes back a release that loses a task while it is watched', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const changes = { ...(await at.release('v2')), bake: '30s', 'sample-rate': '1/s' }
    const step = at.step({ ...changes, ...gated(at, 'after-switch') })
    await step.until('gated')
    openGate(at)
    await step.until('Watching green')
    await at.shop.killTask('green')
    const main = await step.main()
    const post = await step.post('failure')
    await users.stop()
    expect([main.code, main.outputs.result, post.code], main.log).toEqual([1, 'rolled-back', 0])
    expect(errorsOf(main).join()).toMatch(/lost an instance|was restarted|failed/)
    expect(await at.answers()).toBe('blue v1')
  })

  test.each<readonly [string, Readonly<Record<string, string>>, Inputs, number]>([
    ['gives more tasks', { BOOT_MS: '3000' }, { bake: '10s' }, 3],
    ['takes tasks from', {}, { 'desired-count': '3', bake: '12s' }, 1],
  ])(
    'keeps a release that an autoscaler %s while it is watched',
    async (_, environment, inputs, desiredCount) => {
      await using at = await mall.found()
      await using users = fewUsers(at)
      await at.shop.update('green', { healthCheckGracePeriodSeconds: 60 })
      const step = at.step({ ...(await at.release('v2', environment)), ...inputs, 'sample-rate': '2/s' })
      await step.until('Watching green')
      await at.shop.update('green', { desiredCount })
      const main = await step.main()
      const post = await step.post('success')
      expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
      expect(await at.desired('green')).toBe(desiredCount)
      expect((await users.stop()).lost).toEqual([])
    },
  )

  test('goes back to a color that an autoscaler has just asked more of', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    // Longer than going back may take: those that serve have to be enough.
    await at.shop.publish('v1', { BOOT_MS: '120000' })
    await at.shop.update('blue', { desiredCount: 3, healthCheckGracePeriodSeconds: 300 })
    const { main, post } = await at.deploy({
      ...(await at.release('v2')),
      'desired-count': '1',
      'after-switch': 'exit 1',
      'rollback-timeout': '20s',
    })
    expect([main.code, post.code], main.log + post.log).toEqual([1, 0])
    expect(main.outputs, main.log).toMatchObject({ result: 'rolled-back', 'active-color': 'blue' })
    expect(main.log).not.toContain('no automatic way back')
    expect(await at.answers()).toBe('blue v1')
    expect((await users.stop()).lost).toEqual([])
  })

  test('is run again when what kept its tasks from starting was mended', async () => {
    await using at = await mall.found()
    const failed = await at.deploy(await at.release('v2', { CRASH: 'yes' }))
    expect(failed.main.log).toContain('tasks keep ending')
    const { main, post } = await at.deploy(await at.release('v2'))
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    expect(await at.answers()).toBe('green v2')
  })

  test('goes back to what ran there, whatever somebody has given to the live color since', async () => {
    await using at = await mall.found()
    for (const version of ['v2', 'v3']) {
      const { main, post } = await at.deploy(await at.release(version))
      expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    }
    const { containerDefinitions = [], family } = await at.shop.definition('blue')
    const { taskDefinition } = await at.shop.clients.ecs.send(
      new RegisterTaskDefinitionCommand({
        family,
        containerDefinitions: containerDefinitions.map((one) => ({ ...one, stopTimeout: 77 })),
      }),
    )
    await at.shop.update('blue', { taskDefinition: taskDefinition?.taskDefinitionArn })
    await at.shop.until('blue', isSteady)
    // A rollback is undone by nobody, so that these live long enough for it.
    const env = { AWS_CREDENTIAL_EXPIRATION: new Date(Date.now() + 120_000).toISOString() }
    const rollback = { mode: 'rollback', version: '', image: '', 'rollback-timeout': '10m' }
    const { main, post } = await at.deploy(rollback, 'success', { env })
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    expect(await at.answers()).toBe('green v2')
    expect(JSON.stringify(await at.shop.definition('green'))).not.toContain('"stopTimeout":77')
  })

  describe('and a human who moves the listener', () => {
    test('to the new color before the switch: the switch is refused, and traffic is left to them', async () => {
      await using at = await mall.found()
      await using users = fewUsers(at)
      const step = at.step({ ...(await at.release('v2')), ...gated(at, 'before-switch') })
      await step.until('gated')
      await at.shop.forward('green')
      openGate(at)
      const main = await step.main()
      const post = await step.post('failure')
      expect([main.code, post.code], main.log).toEqual([1, 0])
      expect(errorsOf(main).join()).toMatch(/forwards to green, and blue was expected/)
      expect(await at.answers()).toBe('green v2')
      expect(await at.desired('blue')).toBe(1)
      expect((await users.stop()).lost).toEqual([])
    })

    test('back while the release is watched: nothing is moved or stopped', async () => {
      await using at = await mall.found()
      await using users = fewUsers(at)
      const step = at.step({ ...(await at.release('v2')), bake: '30s' })
      await step.until('Watching green')
      await at.shop.forward('blue')
      const main = await step.main()
      const post = await step.post('failure')
      expect([main.code, post.code], main.log).toEqual([1, 0])
      expect(errorsOf(main).join()).toMatch(/somebody else moved traffic/)
      expect(await at.answers()).toBe('blue v1')
      expect([await at.desired('blue'), await at.desired('green')]).toEqual([1, 1])
      expect((await users.stop()).lost).toEqual([])
    })

    test('to a target group of neither color: no word of a color, and the commands that repair it', async () => {
      await using at = await mall.found()
      await at.shop.forwardElsewhere()
      const { main } = await at.deploy(await at.release('v2'))
      expect(main.code).toBe(1)
      const said = errorsOf(main).join()
      expect(said).toMatch(/not to the target group of one color alone/)
      expect(said).toMatch(
        /# to put traffic on blue:[\s\S]*aws elbv2 modify-listener[\s\S]*# to put traffic on green:/,
      )
    })

    test('to weights of both: refused, and the commands that are told repair it', async () => {
      await using at = await mall.found({ counts: { blue: 1, green: 1 }, weights: true })
      await at.shop.forward({ blue: 90, green: 10 })
      const { main } = await at.deploy(await at.release('v2'))
      expect(main.code).toBe(1)
      expect(errorsOf(main).join()).toMatch(/blue with weight 90 and green with weight 10/)
      for (const color of ['green', 'blue']) {
        const [, command] = new RegExp(`# to put traffic on ${color}:\\n\\s*(aws .*)`).exec(main.log) ?? []
        await typed(at.shop, command ?? 'exit 1')
        const look = await at.deploy({ mode: 'status', image: '', version: '' })
        expect(look.main.outputs['active-color'], look.main.log).toBe(color)
      }
    })
  })

  test('lets one of two deployments go first', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const first = at.step({ ...(await at.release('v2')), ...gated(at, 'before-switch') })
    await first.until('gated')
    const second = await at.deploy({ ...(await at.release('v3')), 'lock-wait': '1s' })
    expect(second.main.code).toBe(1)
    expect(errorsOf(second.main).join()).toMatch(/another|holds|lock/i)
    openGate(at)
    const main = await first.main()
    expect([main.code, (await first.post('success')).code], main.log).toEqual([0, 0])
    expect(await at.answers()).toBe('green v2')
    expect((await users.stop()).lost).toEqual([])
  })

  test('goes back in post after a job that was cancelled at the switch', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const step = at.step({ ...(await at.release('v2')), ...gated(at, 'after-switch') })
    await step.until('gated')
    await step.cancel()
    const post = await step.post('cancelled')
    expect(post.code, post.log).toBe(0)
    expect(await at.answers()).toBe('blue v1')
    expect(await at.desired('green')).toBe(0)
    expect((await users.stop()).lost).toEqual([])
    expect(await at.lease()).toBe('free')
  })
})
