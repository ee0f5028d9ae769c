import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { deployment } from '../bed/kubernetes/manifests.ts'
import { fewUsers } from '../process/unhurt.ts'
import { type City, foundCity, type KubernetesShop } from './place.ts'

const autoscaler = (color: Color, minReplicas: number) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: `shop-${color}` },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `shop-${color}` },
    minReplicas,
    maxReplicas: 4,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ],
  },
})

describe.skipIf(lacksKubernetes())('a release beside', { timeout: 300_000 }, () => {
  let city: City
  beforeAll(async () => {
    city = await foundCity()
  }, 300_000)
  afterAll(() => city?.[Symbol.asyncDispose]())

  async function expectDeployed(shop: KubernetesShop, version: string, changes = {}): Promise<string> {
    const { main, post } = await shop.deploy({ ...(await city.release(version)), ...changes })
    expect([main.code, post.code, await shop.lease()], main.log + post.log).toEqual([0, 0, 'free'])
    return main.log
  }

  /** There is nobody to measure pods here, so that it holds its least number alone. */
  test('autoscalers of both colors gets as many pods as they say, and the one that is left rests', async () => {
    await using shop = await city.found()
    await shop.namespace.apply(autoscaler('blue', 2), autoscaler('green', 3))
    await using users = fewUsers(shop)
    await expectDeployed(shop, 'v2')
    await expect.poll(() => shop.replicas('green'), { timeout: 60_000 }).toBe(3)
    expect(await shop.replicas('blue')).toBe(0)
    await expectDeployed(shop, 'v3')
    expect(await shop.replicas('blue')).toBe(3)
    await expect.poll(() => shop.replicas('green'), { timeout: 60_000 }).toBe(0)
    expect((await users.stop()).lost).toEqual([])
  })

  test('an autoscaler of one color alone, which is said', async () => {
    await using shop = await city.found()
    await shop.namespace.apply(autoscaler('blue', 2))
    expect(await expectDeployed(shop, 'v2')).toContain(
      'HorizontalPodAutoscaler shop-blue scales shop-blue alone',
    )
  })

  test('a disruption budget over both colors', async () => {
    await using shop = await city.found()
    await shop.namespace.apply({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'shop' },
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'shop' } } },
    })
    await using users = fewUsers(shop)
    await expectDeployed(shop, 'v2')
    expect([await shop.answers(), await shop.replicas('blue')]).toEqual(['green v2', 0])
    expect((await users.stop()).lost).toEqual([])
  })

  test('a color that was never there is made from the live one, and deleted where that is asked for', async () => {
    await using shop = await city.found({ colors: ['blue'] })
    await using users = fewUsers(shop)
    expect(await shop.replicas('green')).toBe(null)
    await expectDeployed(shop, 'v2', { 'old-color': 'remove' })
    // What the live one has in its environment is carried over, its color included.
    expect([await shop.answers(), await shop.replicas('green')]).toEqual(['blue v2', 2])
    expect(await shop.selector()).toMatchObject({ color: 'green' })
    await expect.poll(() => shop.replicas('blue'), { timeout: 30_000 }).toBe(null)
    expect((await users.stop()).lost).toEqual([])
  })

  test('nothing at all: the first ones come from manifests, and the next release from those of its own', async () => {
    await using shop = await city.found({ colors: [] })
    const folder = mkdtempSync(join(tmpdir(), 'manifests-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const write = (replicas: number) =>
      writeFileSync(
        join(folder, 'deployment.yaml'),
        JSON.stringify(
          deployment({
            name: 'shop-{color}',
            image: '{image}',
            labels: { app: 'shop', color: '{color}' },
            replicas,
            environment: { COLOR: '{color}', DRAIN_MS: '5000' },
          }),
        ),
      )
    write(2)
    await expectDeployed(shop, 'v1', { manifests: folder })
    const first = await shop.answers()
    expect(first).toMatch(/ v1$/)
    await using users = fewUsers(shop)
    // How many there are is that of the live color from then on.
    write(1)
    await expectDeployed(shop, 'v2', { manifests: folder })
    const second = await shop.answers()
    expect([second.replace(/ .*/, ''), second]).toEqual([
      first.startsWith('blue') ? 'green' : 'blue',
      expect.stringMatching(/ v2$/),
    ])
    expect(await shop.replicas(second.startsWith('blue') ? 'blue' : 'green')).toBe(2)
    const back = await shop.deploy({ mode: 'rollback', version: '', image: '', manifests: folder })
    expect([back.main.code, back.post.code], back.main.log + back.post.log).toEqual([0, 0])
    expect(await shop.answers()).toBe(first)
    expect((await users.stop()).lost).toEqual([])
  })
})
