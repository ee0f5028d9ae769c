import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { type Load, startLoad } from '../bed/load.ts'
import { now } from '../bed/load-book.ts'
import type { Inputs } from '../process/shop.ts'
import { type City, foundCity, type KubernetesShop } from './place.ts'

const switches = 20

describe.skipIf(lacksKubernetes())('users of a cluster', { timeout: 900_000 }, () => {
  let city: City
  beforeAll(async () => {
    city = await foundCity()
  }, 300_000)
  afterAll(() => city?.[Symbol.asyncDispose]())

  test(`lose nothing in ${switches} switches between colors of three pods`, async ({ annotate }) => {
    await using shop = await city.found({ replicas: 3 })
    const slow = { clients: 3, ms: 300 }
    await using load = startLoad({ url: shop.url, keepAlive: 6, fresh: 4, slow, think: { min: 5, max: 25 } })
    const releases = { green: await city.release('v2'), blue: await city.release('v3') }
    const times: number[] = []
    const counts: number[] = []
    for (let count = 0; count < switches; count += 1) {
      const color: Color = count % 2 === 0 ? 'green' : 'blue'
      const asked = (await city.bed.requests(shop.namespace)).length
      times.push(await deployed(shop, { color, load, release: releases[color] }))
      counts.push((await city.bed.requests(shop.namespace)).length - asked)
    }
    const { sent, lost, longestGap, latency } = await load.stop()
    await annotate(
      `${switches} deployments: ${sent} requests, ${lost.length} lost, longest gap ${Math.round(longestGap)} ms, p99 ${Math.round(latency.p99)} ms`,
    )
    await annotate(
      `ready to proven, in ms: ${times.map(Math.round).join(' ')}; API requests: ${counts.join(' ')}`,
    )
    await annotate((await city.bed.requests(shop.namespace)).slice(-(counts.at(-1) ?? 0)).join('\n'))
    expect(lost).toEqual([])
    expect(sent).toBeGreaterThan(1_000)
  })
})

interface Deployment {
  readonly color: Color
  readonly release: Inputs
  readonly load: Load
}

/** Answers the milliseconds from a color that is healthy to one that is proven to be the users'. */
async function deployed(shop: KubernetesShop, { color, release, load }: Deployment): Promise<number> {
  const step = shop.step(release)
  await step.until(`${color} is healthy.`)
  const healthy = now()
  await step.until(`Traffic is on ${color}`)
  const proven = now()
  const main = await step.main()
  expect(main.code, main.log).toBe(0)
  const post = await step.post('success')
  expect(post.code, post.log).toBe(0)
  // Pods that were told to go have said so to whoever kept a connection to them.
  await expect.poll(() => colorsSince(load, now() - 200), { timeout: 20_000 }).toEqual([color])
  return proven - healthy
}

const colorsSince = (load: Load, moment: number): readonly string[] =>
  load
    .report()
    .since(moment)
    .map((answer) => answer.color)
