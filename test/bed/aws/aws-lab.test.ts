import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DescribeTasksCommand, RunTaskCommand, StopTaskCommand, type Task } from '@aws-sdk/client-ecs'
import { CreateRuleCommand, type TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Color } from '../../../src/targets/target.ts'
import { lacks } from '../../programs.ts'
import { type Load, startLoad } from '../load.ts'
import { now } from '../load-book.ts'
import { type AwsLab, labPrograms, startAwsLab } from './aws-lab.ts'
import { poll } from './poll.ts'
import { isSteady, type Shop } from './shop.ts'

const both = { blue: 1, green: 1 }

describe.skipIf(lacks(...labPrograms))('the AWS lab', () => {
  let lab: AwsLab
  beforeAll(async () => {
    lab = await startAwsLab()
  })
  afterAll(async () => lab[Symbol.asyncDispose]())

  describe('load balancer', () => {
    test('of 300 requests, none goes to weight 0', async () => {
      await using shop = await lab.makeShop({ counts: both, weights: true })
      expect(await answers(shop, 300)).toEqual({ blue: 300 })
      expect(await shop.requests('green')).toBe(0)
      await shop.forward({ blue: 0, green: 100 })
      expect(await answers(shop, 300)).toEqual({ green: 300 })
    })

    test('follows weights in between', async () => {
      await using shop = await lab.makeShop({ counts: both, weights: true })
      await shop.forward({ blue: 50, green: 50 })
      const { blue = 0, green = 0 } = await answers(shop, 200)
      expect(blue).toBeGreaterThan(50)
      expect(green).toBeGreaterThan(50)
    })

    test('answers 503 where nobody is behind it', async () => {
      await using shop = await lab.makeShop({ counts: { blue: 0, green: 1 } })
      expect((await fetch(shop.url)).status).toBe(503)
    })

    test('follows the rule with the lowest priority that fits', async () => {
      await using shop = await lab.makeShop({
        counts: both,
        rule: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/shop*'] } }],
      })
      const Values = ['green']
      await shop.clients.elb.send(
        new CreateRuleCommand({
          ListenerArn: shop.listenerArn,
          Priority: 5,
          Conditions: [
            { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X-Test', Values } },
            { Field: 'host-header', HostHeaderConfig: { Values: ['127.*'] } },
          ],
          Actions: [{ Type: 'forward', TargetGroupArn: shop.targetGroups.green }],
        }),
      )
      await health(shop, 'green', 'healthy')
      const color = async (path: string, headers = {}) =>
        (await fetch(new URL(path, shop.url), { headers })).headers.get('x-color')
      expect((await fetch(shop.url)).status).toBe(404)
      expect(await color('/shop')).toBe('blue')
      expect(await color('/shop', { 'X-Test': 'green' })).toBe('green')
    })

    test('asks unhealthy targets where there are no others', async () => {
      await using shop = await lab.makeShop({ weights: true })
      await shop.update('green', { healthCheckGracePeriodSeconds: 60 })
      await release(shop, 'green', { HEALTH: 'bad' })
      await shop.forward('green')
      await poll(async () => ((await fetch(shop.url)).headers.get('x-color') === 'green' ? true : null))
    })

    test('carries WebSockets', async () => {
      await using shop = await lab.makeShop()
      const socket = new WebSocket(new URL('/ws', shop.url.replace('http', 'ws')))
      const heard = once(socket, 'message')
      await once(socket, 'open')
      socket.send('hello')
      const [message] = await heard
      expect(message.data).toBe('hello')
      socket.close()
    })

    test('a second listener leads elsewhere', async () => {
      await using shop = await lab.makeShop({ counts: both, testListener: true })
      expect((await fetch(shop.url)).headers.get('x-color')).toBe('blue')
      expect((await fetch(shop.testUrl ?? '')).headers.get('x-color')).toBe('green')
    })

    test('loses no request while the listener is moved back and forth', async () => {
      await using shop = await lab.makeShop({ counts: { blue: 2, green: 2 }, weights: true })
      await using load = startLoad({ url: shop.url, keepAlive: 4, fresh: 4, think: { min: 1, max: 5 } })
      for (const color of ['green', 'blue', 'green', 'blue'] as const) {
        await shop.forward({ blue: 0, green: 0, [color]: 100 })
        await answered(load, color, 50)
      }
      const { sent, lost } = await load.stop()
      expect(lost).toEqual([])
      expect(sent).toBeGreaterThan(100)
    })
  })

  describe('target', () => {
    test('is not in use until a listener names its group', async () => {
      await using shop = await lab.makeShop({ counts: both })
      await health(shop, 'green', 'unused', 'Target.NotInUse')
      await shop.forward({ blue: 100, green: 0 })
      await health(shop, 'green', 'healthy')
    })

    test('is unhealthy with the answer that it gave', async () => {
      await using shop = await lab.makeShop({ weights: true })
      await shop.update('green', { healthCheckGracePeriodSeconds: 60 })
      await release(shop, 'green', { HEALTH: 'bad' })
      const { TargetHealth } = await health(shop, 'green', 'unhealthy', 'Target.ResponseCodeMismatch')
      expect(TargetHealth?.Description).toBe('Health checks failed with these codes: [503]')
    })

    test('is drained for as long as its group asks', async () => {
      await using shop = await lab.makeShop({ deregistrationDelay: 2 })
      const slow = fetch(new URL('/slow?ms=1500', shop.url))
      await sleep(200)
      const asked = Date.now()
      await shop.update('blue', { desiredCount: 0 })
      await health(shop, 'blue', 'draining', 'Target.DeregistrationInProgress')
      expect((await slow).status).toBe(200)
      await stopped(shop, 'blue')
      expect(Date.now() - asked).toBeGreaterThan(2000)
      expect(await shop.health('blue')).toEqual([])
    })
  })

  describe('service', () => {
    test('puts new tasks beside the old ones, and completes once these are gone', async () => {
      await using shop = await lab.makeShop()
      await using load = startLoad({ url: shop.url, keepAlive: 2, fresh: 2, think: { min: 5, max: 20 } })
      await release(shop, 'blue')
      expect((await shop.describe('blue')).deployments?.map(({ rolloutState }) => rolloutState)).toEqual([
        'IN_PROGRESS',
        'COMPLETED',
      ])
      const { events } = await shop.until('blue', isSteady)
      expect(events?.[0]?.message).toBe(`(service ${shop.services.blue}) has reached a steady state.`)
      expect(await (await fetch(shop.url)).text()).toBe('blue v2\n')
      expect((await load.stop()).lost).toEqual([])
    })

    test('stays in progress while tasks fail, and the old ones serve', async () => {
      await using shop = await lab.makeShop()
      await release(shop, 'blue', { CRASH: 'yes' })
      const { deployments, events } = await shop.until(
        'blue',
        (service) => (service.deployments?.[0]?.failedTasks ?? 0) >= 3,
      )
      expect(deployments?.[0]?.rolloutState).toBe('IN_PROGRESS')
      expect(JSON.stringify(events)).toContain('unable to consistently start tasks')
      const failed = await stopped(shop, 'blue')
      expect(failed).toMatchObject({ stopCode: 'EssentialContainerExited' })
      expect(failed.stoppedReason).toBe('Essential container in task exited')
      expect(failed.containers?.find(({ name }) => name === 'app')?.exitCode).toBe(3)
      expect(await (await fetch(shop.url)).text()).toBe('blue v1\n')
    })

    test('stops tasks that its load balancer finds unhealthy', async () => {
      await using shop = await lab.makeShop({ weights: true })
      await release(shop, 'green', { HEALTH: 'bad' })
      const failed = await stopped(shop, 'green')
      expect(failed.stoppedReason).toContain('Task failed ELB health checks in (target-group')
    })

    test('says what is wrong with an image that is not there', async () => {
      await using shop = await lab.makeShop()
      const { image } = await shop.publish('v2')
      await shop.update('green', { taskDefinition: await shop.register(`${image}-gone`), desiredCount: 1 })
      const failed = await stopped(shop, 'green')
      expect(failed.stopCode).toBe('TaskFailedToStart')
      expect(failed.stoppedReason).toMatch(/^CannotPullContainerError: .*v2-gone: not found$/)
    })

    test('goes back by itself where its circuit breaker may', async () => {
      const deployment = { deploymentCircuitBreaker: { enable: true, rollback: true } }
      await using shop = await lab.makeShop({ deployment })
      const { taskDefinition: before } = await shop.describe('blue')
      await release(shop, 'blue', { CRASH: 'yes' })
      const broken = await shop.until('blue', ({ taskDefinition }) => taskDefinition === before)
      expect(broken.deployments?.[0]?.rolloutStateReason).toContain('circuit breaker')
      await shop.until('blue', isSteady)
    })

    test('fails for good where its circuit breaker may not go back', async () => {
      await using shop = await lab.makeShop({
        deployment: { deploymentCircuitBreaker: { enable: true, rollback: false } },
      })
      await release(shop, 'green', { CRASH: 'yes' })
      await shop.until('green', ({ deployments }) => deployments?.[0]?.rolloutState === 'FAILED')
    })

    test('replaces a task that was killed', async () => {
      await using shop = await lab.makeShop()
      await shop.killTask('blue')
      const killed = await stopped(shop, 'blue')
      expect(killed.containers?.find(({ name }) => name === 'app')?.exitCode).toBe(137)
      await poll(async () => ((await fetch(shop.url)).ok ? true : null))
    })

    test('stays complete, whatever its size, and can be stopped task by task', async () => {
      await using shop = await lab.makeShop()
      await shop.update('blue', { desiredCount: 2 })
      const { deployments } = await shop.describe('blue')
      expect(deployments?.map(({ rolloutState }) => rolloutState)).toEqual(['COMPLETED'])
      await shop.until('blue', ({ runningCount }) => runningCount === 2)
      const [task] = await shop.tasks('blue', 'RUNNING')
      await shop.clients.ecs.send(new StopTaskCommand({ cluster: shop.cluster, task: task?.taskArn ?? '' }))
      expect(await stopped(shop, 'blue')).toMatchObject({ stopCode: 'UserInitiated' })
    })
  })

  test('a task of no service does what it is told, and says how it ended', async () => {
    await using shop = await lab.makeShop()
    const { ecs } = shop.clients
    const { cluster } = shop
    const { tasks: started } = await ecs.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: await shop.register(shop.image),
        overrides: { containerOverrides: [{ name: 'app', command: ['sh', '-c', 'exit 7'] }] },
      }),
    )
    const described = new DescribeTasksCommand({ cluster, tasks: [started?.[0]?.taskArn ?? ''] })
    const ended = await poll(async () => {
      const [task] = (await ecs.send(described)).tasks ?? []
      return task?.lastStatus === 'STOPPED' ? task : null
    })
    expect(ended.containers?.find(({ name }) => name === 'app')?.exitCode).toBe(7)
    expect([ended.group, (await shop.describe('blue')).runningCount]).toEqual([`family:${shop.name}`, 1])
  })
})

/** Which colors answered, and how often. */
async function answers({ url }: Shop, number: number): Promise<Partial<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (let request = 0; request < number; request++) {
    const answer = await fetch(url)
    await answer.text()
    const color = answer.headers.get('x-color') ?? String(answer.status)
    counts[color] = (counts[color] ?? 0) + 1
  }
  return counts
}

/** Resolves once it was the color alone that answered so many requests in a row. */
async function answered(load: Load, color: Color, number: number): Promise<void> {
  const from = now()
  await poll(async () => {
    const counts = load
      .report()
      .since(from)
      .map((answers) => [answers.color, answers.count] as const)
    return counts.length === 1 && counts[0]?.[0] === color && counts[0][1] >= number ? true : null
  })
}

const health = (shop: Shop, color: Color, state: string, reason?: string): Promise<TargetHealthDescription> =>
  poll(async () => {
    const targets = await shop.health(color)
    const fits = ({ TargetHealth }: TargetHealthDescription) =>
      TargetHealth?.State === state && TargetHealth.Reason === reason
    return targets.find(fits) ?? null
  })

/** Puts an app that behaves so on a color. */
async function release(
  shop: Shop,
  color: Color,
  behavior: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { image } = await shop.publish('v2', behavior)
  await shop.update(color, { taskDefinition: await shop.register(image), desiredCount: 1 })
}

const stopped = (shop: Shop, color: Color): Promise<Task> =>
  poll(async () => {
    const tasks = await shop.tasks(color, 'STOPPED')
    return tasks.find(({ lastStatus }) => lastStatus === 'STOPPED') ?? null
  })
