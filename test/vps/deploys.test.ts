import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLoad } from '../bed/load.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town } from './place.ts'

describe.skipIf(lacksVps())('a deployment on a VPS', { timeout: 300_000 }, () => {
  let town: Town
  beforeAll(async () => {
    town = await foundTown()
  })
  afterAll(() => town?.[Symbol.asyncDispose]())

  test('goes green, blue, green and back, and no user notices', async () => {
    const shop = await town.found('first')
    const first = await shop.deploy()
    expect([first.main.code, first.main.outputs.result, first.post.code], first.main.log).toEqual([
      0,
      'deployed',
      0,
    ])
    expect(await shop.answers()).toBe('green v1')

    await using load = startLoad({
      url: shop.urls.first ?? '',
      keepAlive: 4,
      fresh: 2,
      think: { min: 0, max: 20 },
    })
    for (const [version, color] of [
      ['v2', 'blue'],
      ['v3', 'green'],
    ] as const) {
      const { reference } = await town.registry.push(version)
      const { main, post } = await shop.deploy({ version, image: reference })
      expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
      expect(await shop.answers()).toBe(`${color} ${version}`)
    }
    const { main } = await shop.deploy({ mode: 'rollback', version: '', image: '' })
    expect([main.code, main.outputs.result], main.log).toEqual([0, 'rolled-back'])
    expect(await shop.answers()).toBe('blue v2')
    expect((await load.stop()).lost).toEqual([])
  })

  test('needs no SSH on the machine that runs the job', async () => {
    await using here = await foundTown({ login: 'self' })
    const shop = await here.found('local')
    const local = { 'ssh-host': 'local', 'ssh-key': '', 'ssh-known-hosts': '' }
    const { main, post } = await shop.deploy(local, 'success', { env: here.vps.environment })
    expect([main.code, main.outputs.result, post.code], main.log).toEqual([0, 'deployed', 0])
    expect(await shop.answers()).toBe('green v1')
    expect(here.vps.sshd.log()).not.toContain('Accepted publickey')
  })
})
