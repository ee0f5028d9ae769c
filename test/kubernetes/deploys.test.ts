import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { type Load, startLoad } from '../bed/load.ts'
import { expectDeployed } from '../process/expect-deployed.ts'
import { errorsOf } from '../process/shop.ts'
import { type City, foundCity, type KubernetesShop } from './place.ts'

const users = ({ url }: KubernetesShop): Load =>
  startLoad({ url, keepAlive: 4, fresh: 2, slow: { clients: 1, ms: 300 }, think: { min: 0, max: 20 } })

describe.skipIf(lacksKubernetes())('a deployment to a cluster', { timeout: 180_000 }, () => {
  let city: City
  beforeAll(async () => {
    city = await foundCity()
  }, 120_000)
  afterAll(() => city?.[Symbol.asyncDispose]())

  test('goes green, blue and back, the color left has no pods, and no user notices', async () => {
    await using shop = await city.found({ replicas: 3 })
    await using load = users(shop)
    for (const [version, color, left] of [
      ['v2', 'green', 'blue'],
      ['v3', 'blue', 'green'],
    ] as const) {
      await expectDeployed(shop, { color, ...(await city.release(version)) })
      expect([await shop.replicas(color), await shop.replicas(left)]).toEqual([3, 0])
    }
    await expectDeployed(shop, { color: 'green', mode: 'rollback', version: '', image: '' })
    expect(await shop.answers()).toBe('green v2')
    expect((await load.stop()).lost).toEqual([])
    expect(await shop.lease()).toBe('free')
  })

  test.each([
    ['version', 'v1', 'v2'],
    ['slot', 'app-blue', 'app-green'],
    ['environment', 'one', 'two'],
  ])('knows the colors by the label %s, with the values %s and %s', async (key, blue, green) => {
    await using shop = await city.found({ label: { key, blue, green } })
    await using load = users(shop)
    await expectDeployed(shop, { color: 'green', ...(await city.release('v2')) })
    expect(await shop.selector()).toEqual({ app: 'shop', [key]: green })
    expect((await load.stop()).lost).toEqual([])
  })

  test('whose release never gets ready is undone, and says why', async () => {
    await using shop = await city.found()
    await using load = users(shop)
    const { main, post } = await shop.deploy(await city.release('v2', { CRASH: '1' }))
    expect([main.code, post.code], main.log + post.log).toEqual([1, 0])
    expect(main.outputs).toMatchObject({ 'active-color': 'blue', 'failed-phase': 'health' })
    expect(errorsOf(main).join()).toMatch(/CrashLoopBackOff[\s\S]*Where traffic is now: Traffic is on blue/)
    expect(await shop.replicas('green')).toBe(0)
    expect([await shop.answers(), await shop.lease()]).toEqual(['blue v1', 'free'])
    expect((await load.stop()).lost).toEqual([])
  })

  test('goes back when a later step of the job fails', async () => {
    await using shop = await city.found()
    await using load = users(shop)
    const { main, post } = await shop.deploy(await city.release('v2'), 'failure')
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    const failed = await shop.deploy({ ...(await city.release('v3')), 'after-switch': 'exit 1' })
    expect([failed.main.code, failed.main.outputs.result], failed.main.log).toEqual([1, 'rolled-back'])
    expect((await load.stop()).lost).toEqual([])
  })
})
