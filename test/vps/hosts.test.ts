import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../bed/folder.ts'
import { isRoot, runAsRoot } from '../bed/vps/root.ts'
import { errorsOf } from '../process/shop.ts'
import { findProgram } from '../programs.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town } from './place.ts'
import { containersOf, fewUsers, leaseOf, startByHand } from './street.ts'

describe.skipIf(lacksVps())('a VPS', { timeout: 600_000 }, () => {
  let town: Town
  beforeAll(async () => {
    town = await foundTown()
  })
  afterAll(() => town?.[Symbol.asyncDispose]())

  const release = async ({ registry }: Town, version: string) => ({
    version,
    image: (await registry.push(version)).reference,
  })

  test('with the newest compose: there, back by a failing check, and back by hand', async () => {
    await using modern = await foundTown({ docker: town.vps.docker, compose: 'newest' })
    const shop = await startByHand(modern, await modern.found('modern'))
    await using users = fewUsers(shop)
    const { main, post } = await shop.deploy({ ...(await release(modern, 'v2')), 'old-color': 'remove' })
    expect([main.code, post.code, await shop.answers()], main.log + post.log).toEqual([0, 0, 'green v2'])
    expect(await containersOf(modern, shop)).toEqual(['modern-green-modern-1 running'])
    const { reference } = await modern.registry.push('ill', { environment: { HEALTH: 'bad' } })
    const ill = await shop.deploy({ version: 'ill', image: reference, 'health-timeout': '2s' })
    expect([ill.main.code, await shop.answers()], ill.main.log).toEqual([1, 'green v2'])
    const next = await shop.deploy(await release(modern, 'v3'))
    expect([next.main.code, await shop.answers()], next.main.log).toEqual([0, 'blue v3'])
    const back = await shop.deploy({ mode: 'rollback', version: '', image: '' })
    expect([back.main.code, await shop.answers()], back.main.log).toEqual([0, 'green v2'])
    expect((await users.stop()).lost).toEqual([])
  })

  test('without compose is refused, and so is one with the first compose alone', async () => {
    await using bare = await foundTown({ docker: town.vps.docker, compose: 'none' })
    await using folder = await temporaryFolder()
    await using old = await foundTown({
      docker: town.vps.docker,
      sshdConfig: await oldCompose(folder.path, town),
    })
    for (const [place, what] of [
      [bare, /^runtime: .* has docker without compose/],
      [old, /^runtime: .* has compose 1\.29\.2 alone; version 2 or newer is needed/],
    ] as const) {
      const shop = await place.found('shop')
      const { main, post } = await shop.deploy(await release(place, 'v1'))
      expect([main.code, post.code], main.log).toEqual([1, 0])
      expect(errorsOf(main).join()).toMatch(what)
      expect(errorsOf(main).join()).toContain('apt-get install docker-compose-plugin')
      expect(await containersOf(place, shop)).toEqual([])
    }
  })

  // Where an ordinary user runs the tests, nobody else logs in.
  describe.skipIf(!isRoot || findProgram('sudo') === null)('whose docker answers to root alone', () => {
    let closed: Town
    const rules = () => `/etc/sudoers.d/${closed.vps.user}`
    beforeAll(async () => {
      closed = await foundTown({ docker: town.vps.docker })
      await runAsRoot('gpasswd', '-d', closed.vps.user, closed.vps.docker.group)
    })
    afterAll(async () => {
      await runAsRoot('rm', '-f', rules())
      await closed?.[Symbol.asyncDispose]()
    })

    test('is refused until sudo lets the user at docker, and then all of it goes that way', async () => {
      const shop = await startByHand(closed, await closed.found('closed'))
      const refused = await shop.deploy(await release(closed, 'v2'))
      expect([refused.main.code, refused.post.code]).toEqual([1, 0])
      expect(errorsOf(refused.main).join()).toMatch(
        /^sudo: The user on .* may not use docker[\s\S]*NOPASSWD:SETENV/,
      )

      const docker = findProgram('docker') ?? ''
      const { user } = closed.vps
      const keep = `Defaults:${user} env_keep += "DOCKER_HOST DOCKER_CONFIG"`
      await writeFile(rules(), `${keep}\n${user} ALL=(root) NOPASSWD:SETENV: ${docker}\n`, { mode: 0o440 })
      await using users = fewUsers(shop)
      const { main, post } = await shop.deploy(await release(closed, 'v2'))
      expect([main.code, post.code, await shop.answers()], main.log + post.log).toEqual([0, 0, 'green v2'])
      expect(await containersOf(closed, shop)).toEqual([
        'closed-blue-closed-1 exited',
        'closed-green-closed-1 running',
      ])
      const never = await shop.deploy({ ...(await release(closed, 'v3')), sudo: 'never' })
      expect([never.main.code, await shop.answers(), leaseOf(shop)]).toEqual([1, 'green v2', 'free'])
      expect((await users.stop()).lost).toEqual([])
    })
  })
})

/** As many hosts still have it: a docker without the plugin, and a program of its own. */
async function oldCompose(folder: string, { vps }: Town): Promise<string> {
  await chmod(folder, 0o755)
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'docker-compose'), '#!/bin/sh\necho 1.29.2\n', { mode: 0o755 })
  const { DOCKER_HOST, PATH } = vps.environment
  return `SetEnv DOCKER_HOST=${DOCKER_HOST} DOCKER_CONFIG=${folder} PATH=${bin}:${PATH}`
}
