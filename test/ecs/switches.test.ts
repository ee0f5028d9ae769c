import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import { startLoad } from '../bed/load.ts'
import { timeToProof } from '../process/proving.ts'
import { lacks } from '../programs.ts'
import { foundMall, type Mall } from './place.ts'

const switches = 20

describe.skipIf(lacks(...labPrograms))('users of a load balancer', { timeout: 900_000 }, () => {
  let mall: Mall
  beforeAll(async () => {
    mall = await foundMall()
  })
  afterAll(() => mall?.[Symbol.asyncDispose]())

  test(`lose nothing in ${switches} switches between colors of three tasks`, async ({ annotate }) => {
    await using at = await mall.found({ counts: { blue: 3, green: 0 } })
    const slow = { clients: 3, ms: 300 }
    await using load = startLoad({ url: at.url, keepAlive: 6, fresh: 4, slow, think: { min: 5, max: 25 } })
    const releases = { green: await at.release('v2'), blue: await at.release('v3') }
    const times: number[] = []
    const counts: number[] = []
    for (let count = 0; count < switches; count += 1) {
      const color: Color = count % 2 === 0 ? 'green' : 'blue'
      const asked = (await at.shop.calls()).length
      times.push(await timeToProof(at, { color, load, release: releases[color] }))
      counts.push((await at.shop.calls()).length - asked)
    }
    const asked = (await at.shop.calls()).length
    const back = await at.deploy({ mode: 'rollback', image: '', version: '' })
    expect(back.main.code, back.main.log).toBe(0)
    const cold = (await at.shop.calls()).slice(asked)
    const { sent, lost, longestGap, latency } = await load.stop()
    await annotate(
      `${switches} deployments: ${sent} requests, ${lost.length} lost, longest gap ${Math.round(longestGap)} ms, p99 ${Math.round(latency.p99)} ms`,
    )
    await annotate(
      `healthy to proven, in ms: ${times.map(Math.round).join(' ')}; calls of AWS: ${counts.join(' ')}; of a rollback: ${cold.length}`,
    )
    const last = (await at.shop.calls()).slice(asked - (counts.at(-1) ?? 0), asked)
    await annotate(last.map(({ operation }) => operation).join('\n'))
    expect(lost).toEqual([])
    expect(sent).toBeGreaterThan(1_000)
  })

  test('lose nothing on the way back in post, which asks AWS little', async ({ annotate }) => {
    await using at = await mall.found({ counts: { blue: 3, green: 0 } })
    await using load = startLoad({ url: at.url, keepAlive: 6, fresh: 4, think: { min: 5, max: 25 } })
    const step = at.step(await at.release('v2'))
    const main = await step.main()
    expect(main.code, main.log).toBe(0)
    const asked = (await at.shop.calls()).length
    const post = await step.post('failure')
    expect(post.code, post.log).toBe(0)
    const calls = (await at.shop.calls()).slice(asked).map(({ operation }) => operation)
    expect(await at.answers()).toBe('blue v1')
    const { sent, lost } = await load.stop()
    await annotate(`a way back: ${calls.length} calls of AWS, ${sent} requests, ${lost.length} lost`)
    await annotate(calls.join('\n'))
    expect(lost).toEqual([])
  })
})
