import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { startLoad } from '../bed/load.ts'
import { timeToProof } from '../process/proving.ts'
import { type City, foundCity } from './place.ts'

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
      times.push(await timeToProof(shop, { color, load, release: releases[color] }))
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
