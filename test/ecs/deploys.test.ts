import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import { startLoad } from '../bed/load.ts'
import { lacks } from '../programs.ts'
import { foundMall, type Mall } from './place.ts'

describe.skipIf(lacks(...labPrograms))('jobs that deploy to ECS', { timeout: 120_000 }, () => {
  let mall: Mall
  beforeAll(async () => {
    mall = await foundMall()
  })
  afterAll(() => mall?.[Symbol.asyncDispose]())

  test('bring a release to users, who lose nothing, and retire the old color', async () => {
    await using at = await mall.found({ counts: { blue: 2, green: 0 } })
    await using users = startLoad({ url: at.url, keepAlive: 3, fresh: 2, think: { min: 5, max: 20 } })
    const { main, post } = await at.deploy(await at.release('v2'))
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    expect(await at.answers()).toBe('green v2')
    expect([await at.desired('blue'), await at.desired('green')]).toEqual([0, 2])
    expect((await users.stop()).lost).toEqual([])
    expect(await at.lease()).toBe('free')
  })
})
