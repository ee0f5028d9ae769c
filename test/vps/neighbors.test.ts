import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import { type ComposeService, composeFile } from '../bed/vps/compose-file.ts'
import { errorsOf } from '../process/shop.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town, type VpsShop } from './place.ts'
import { compose, containersOf, fewUsers, foundShops, leaseOf, startByHand, until } from './street.ts'

describe.skipIf(lacksVps()).concurrent('a deployment on a VPS leaves alone', { timeout: 600_000 }, () => {
  let town: Town
  let found: () => VpsShop
  /** The same host, with the newest compose. */
  let newTown: Town
  beforeAll(async () => {
    town = await foundTown()
    found = await foundShops(town, 3)
    newTown = await foundTown({ docker: town.vps.docker, compose: 'newest' })
  })
  afterAll(async () => {
    await newTown?.[Symbol.asyncDispose]()
    await town?.[Symbol.asyncDispose]()
  })

  const release = async (version: string) => ({
    version,
    image: (await town.registry.push(version)).reference,
  })
  const statesOf = async (shop: VpsShop) => (await containersOf(town, shop)).map((line) => line.split(' ')[1])

  test('another app that is deployed at the same time, well or badly', async () => {
    const [well, ill] = await Promise.all([startByHand(town, found()), startByHand(town, found())])
    const { reference } = await town.registry.push('ill', { environment: { HEALTH: 'bad' } })
    await using users = fewUsers(well)
    await using others = fewUsers(ill)
    const [good, bad] = await Promise.all([
      well.deploy(await release('v2')),
      ill.deploy({ version: 'ill', image: reference, 'health-timeout': '3s', 'old-color': 'remove' }),
    ])
    expect([good.main.code, good.post.code, await well.answers()], good.main.log).toEqual([0, 0, 'green v2'])
    expect([bad.main.code, bad.post.code, await ill.answers()], bad.main.log).toEqual([1, 0, 'blue v1'])
    expect([await statesOf(well), await statesOf(ill)]).toEqual([
      ['exited', 'running'],
      ['running', 'exited'],
    ])
    expect([leaseOf(well), leaseOf(ill)]).toEqual(['free', 'free'])
    expect([(await users.stop()).lost, (await others.stop()).lost]).toEqual([[], []])
  })

  describe('whatever else is in the compose project of its colors', () => {
    test('though their files say that it has changed: containers, volumes and networks', async () => {
      const shop = await shareProject(found())
      const before = await surroundingsOf(shop)
      expect(before.containers).toEqual([expect.stringMatching(/ running$/)])
      expect([before.volumes.length, before.networks.length]).toEqual([1, 1])
      await writeFiles(shop, { environment: { CHANGED: 'yes' } })
      await using users = fewUsers(shop)
      const changes = { 'compose-project': shop.app.name, 'old-color': 'remove' }
      for (const [version, answer] of [
        ['v2', 'green v2'],
        ['v3', 'blue v3'],
      ] as const) {
        const { main, post } = await shop.deploy({ ...(await release(version)), ...changes })
        expect([main.code, post.code, await shop.answers()], main.log + post.log).toEqual([0, 0, answer])
        expect(await containersOf(town, shop)).toHaveLength(2)
        expect(await surroundingsOf(shop)).toEqual(before)
      }
      expect((await users.stop()).lost).toEqual([])
    })

    test('and starts nothing where compose would make it anew all the same', async () => {
      const shop = await shareProject(await newTown.found('modern'), newTown)
      const before = await surroundingsOf(shop)
      await writeFiles(shop, {}, { networks: { default: { labels: { changed: 'yes' } } } })
      await using users = fewUsers(shop)
      const { main, post } = await shop.deploy({ ...(await release('v2')), 'compose-project': shop.app.name })
      expect([main.code, post.code, await shop.answers()], main.log).toEqual([1, 0, 'blue v1'])
      expect(errorsOf(main).join()).toMatch(
        /compose would also recreate or stop modern-modern-blue-1 modern-store-1/,
      )
      expect(await surroundingsOf(shop)).toEqual(before)
      expect((await users.stop()).lost).toEqual([])
    })

    /** Both colors and a store in one project, and its users are on blue. */
    const shareProject = async (shop: VpsShop, at = town): Promise<VpsShop> => {
      await writeFiles(shop, {})
      await compose(at, shop, '-p', shop.app.name, '-f', 'docker-compose.blue.yml', 'up', '-d')
      await until('blue sells', async () => (await shop.answers()) === 'blue v1')
      return shop
    }

    const writeFiles = async ({ app, inputs }: VpsShop, changes: Partial<ComposeService>, more = {}) => {
      const image = inputs.image ?? ''
      for (const color of ['blue', 'green'] as const satisfies readonly Color[]) {
        const port = app.ports[app.name]?.[color]
        const services = {
          [`${app.name}-${color}`]: { image, ...(port && { port }), after: ['store'] },
          store: { image, ...changes, more: { volumes: ['data:/data'] } },
        }
        const path = join(app.directory, `docker-compose.${color}.yml`)
        await writeFile(path, composeFile({ color, services, more: { volumes: { data: {} }, ...more } }))
      }
    }

    /** The store as it was made and started, and what it is tied to. */
    const surroundingsOf = async ({ app }: VpsShop) => {
      const { docker } = town.vps
      const list = async (...command: readonly string[]) =>
        (await docker.run(...command)).split('\n').filter((line) => line.includes(app.name))
      const store = '{{.Name}} {{.Id}} {{.State.StartedAt}} {{.State.Status}}'
      return {
        containers: await list('inspect', '-f', store, `${app.name}-store-1`),
        volumes: await list('volume', 'ls', '--format', '{{.Name}}'),
        networks: await list('network', 'ls', '--no-trunc', '--format', '{{.Name}} {{.ID}}'),
      }
    }
  })
})
