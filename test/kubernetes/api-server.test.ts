import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import type { Load } from '../bed/load.ts'
import { gated, openGate } from '../process/gate.ts'
import type { Started } from '../process/jobs.ts'
import { errorsOf, type Inputs } from '../process/shop.ts'
import { fewUsers } from '../process/unhurt.ts'
import { type City, foundCity, type KubernetesShop } from './place.ts'

/** A deployment stands still at each of these when the API server goes. */
const hooks = ['before-deploy', 'smoke-test', 'before-switch', 'after-switch'] as const

/** Longer than a request waits that is asked once more. */
const outage = 4_000

/** Nodes follow an API server that is back in their own time, and so long pods must serve that were told to go. */
const patient = { environment: { DRAIN_MS: '20000' } }
const times: Inputs = {
  drain: '10s',
  'lease-ttl': '10s',
  'health-timeout': '10s',
  'rollback-timeout': '10s',
  // Its controllers too: one that knows of the selector, and not yet of the pods, would leave nobody to answer.
  'kube-overlap': '1s',
}

/** Controllers begin anew with an API server that is back, and take their time on a busy machine. */
const recovering: Inputs = { ...times, 'health-timeout': '3m', 'rollback-timeout': '1m' }

interface Deployment {
  readonly hook: (typeof hooks)[number]
  readonly shop: KubernetesShop
  readonly step: Started
  readonly users: Load
}

/** Pods run and users are served without it: it is the action that must not be misled. */
describe.skipIf(lacksKubernetes())('an API server that is away', { timeout: 600_000 }, () => {
  let city: City
  beforeAll(async () => {
    city = await foundCity()
  }, 300_000)
  afterAll(() => city?.[Symbol.asyncDispose]())

  async function deployTo(
    stack: AsyncDisposableStack,
    hook: Deployment['hook'],
    inputs: Inputs,
  ): Promise<Deployment> {
    const shop = stack.use(await city.found(patient))
    const users = stack.use(fewUsers(shop))
    const step = shop.step({ ...inputs, ...(await city.release('v2')), ...gated(shop, hook) })
    await step.until('gated')
    return { hook, shop, step, users }
  }

  /** The next deployment goes through, and nobody has missed an answer until then. */
  async function expectWhole({ shop, users }: Deployment): Promise<void> {
    const { main, post } = await shop.deploy({ ...recovering, ...(await city.release('v9')) })
    expect([main.code, post.code, await shop.lease()], main.log + post.log).toEqual([0, 0, 'free'])
    await expect.poll(() => shop.answers(), { timeout: 30_000 }).toMatch(/ v9$/)
    expect((await users.stop()).lost).toEqual([])
  }

  /** Who answers users as soon as the node has heard. */
  const expectOn = ({ shop }: Deployment, color: string | undefined) =>
    expect.poll(async () => (await shop.answers()).split(' ')[0], { timeout: 30_000 }).toBe(color)

  test.each(['killed', 'frozen'] as const)('%s for some seconds: what was begun is ended', async (way) => {
    const { apiServer } = city.bed
    await using stack = new AsyncDisposableStack()
    const all = await Promise.all(hooks.map((hook) => deployTo(stack, hook, recovering)))
    await (way === 'killed' ? apiServer.kill() : apiServer.freeze())
    for (const { shop } of all) openGate(shop)
    await sleep(outage)
    await (way === 'killed' ? apiServer.start() : apiServer.thaw())
    await Promise.all(
      all.map(async (deployment) => {
        const { hook, shop, step } = deployment
        const main = await step.main()
        const post = await step.post(main.code === 0 ? 'success' : 'failure')
        const log = `${hook}: ${main.log}${post.log}`
        expect([post.code, await shop.lease()], log).toEqual([0, 'free'])
        if (main.code === 0) expect(main.outputs['active-color'], log).toBe('green')
        await expectOn(deployment, main.code === 0 ? 'green' : 'blue')
        await expectWhole(deployment)
      }),
    )
  })

  test('until the run has given up: post closes what was begun, or the next run does', async () => {
    const { apiServer } = city.bed
    await using stack = new AsyncDisposableStack()
    const all = await Promise.all(hooks.map((hook) => deployTo(stack, hook, times)))
    await apiServer.kill()
    for (const { shop } of all) openGate(shop)
    for (const { hook, step } of all) {
      const main = await step.main()
      expect(main.code, `${hook}: ${main.log}`).toBe(1)
      expect(errorsOf(main).join()).toContain('did not answer')
    }
    const last = all.at(-1) as Deployment
    const unheard = await last.step.post('failure')
    expect(unheard.code, unheard.log).toBe(1)
    expect(errorsOf(unheard).join()).toMatch(/kubectl -n \S+ patch service shop/)
    await expectOn(last, 'green')
    await apiServer.start()
    for (const { hook, shop, step } of all.slice(0, -1)) {
      const post = await step.post('failure')
      expect([post.code, await shop.lease()], `${hook}: ${post.log}`).toEqual([0, 'free'])
    }
    await Promise.all(
      all.map(async (deployment) => {
        if (deployment !== last) await expectOn(deployment, 'blue')
        await expectWhole(deployment)
      }),
    )
  })
})
