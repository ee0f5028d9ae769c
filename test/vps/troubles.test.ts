import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { flip } from '../bed/flag.ts'
import { gated, openGate } from '../process/gate.ts'
import { errorsOf } from '../process/shop.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town, type VpsShop } from './place.ts'
import { containersOf, expectUnhurt, fewUsers, foundShops, leaseOf, startByHand } from './street.ts'

describe.skipIf(lacksVps()).concurrent('a VPS', { timeout: 600_000 }, () => {
  let town: Town
  let found: () => VpsShop
  beforeAll(async () => {
    town = await foundTown()
    found = await foundShops(town, 14)
  })
  afterAll(() => town?.[Symbol.asyncDispose]())

  const open = () => startByHand(town, found())
  const v2 = async () => ({ version: 'v2', image: (await town.registry.push('v2')).reference })
  const blueAlone = ({ app }: VpsShop) => [`${app.name}-blue-${app.name}-1 running`]
  const greenEnded = (shop: VpsShop, state = 'exited') => [
    ...blueAlone(shop),
    `${shop.app.name}-green-${shop.app.name}-1 ${state}`,
  ]

  describe('refuses a release before anything is touched', () => {
    test('whose image the registry does not have', async () => {
      const shop = await open()
      await using users = fewUsers(shop)
      const image = `${town.registry.host}/shop:never-pushed`
      const deployed = await shop.deploy({ version: 'v2', image })
      await expectUnhurt(shop, { deployed, users, said: [`has no ${image}`, 'Is it pushed'] })
      expect(await containersOf(town, shop)).toEqual(blueAlone(shop))
    })

    test('whose port somebody else has', async () => {
      const shop = await open()
      await using _squatter = await listen(greenPort(shop))
      await using users = fewUsers(shop)
      const deployed = await shop.deploy(await v2())
      const said = [
        `Port ${greenPort(shop)} of green is taken`,
        `sudo ss -ltnp 'sport = :${greenPort(shop)}'`,
      ]
      await expectUnhurt(shop, { deployed, users, said })
      expect(await containersOf(town, shop)).toEqual(blueAlone(shop))
    })

    test('when its flag was lost, and says how to have it again', async () => {
      const shop = await open()
      rmSync(join(shop.app.stateDirectory, 'ready'))
      await using users = fewUsers(shop)
      const { main, post } = await shop.deploy(await v2())
      expect([main.code, post.code]).toEqual([1, 0])
      const [annotation = ''] = errorsOf(main)
      expect(annotation).toMatch(/nginx .*lost.*ready is missing/)
      expect((await users.stop()).lost).toEqual([])
      expect(await containersOf(town, shop)).toEqual(blueAlone(shop))
      execFileSync('sh', ['-c', /^ *touch \S+\/ready$/m.exec(main.log)?.[0] ?? 'false'])
      const again = await shop.deploy(await v2())
      expect([again.main.code, await shop.answers()], again.main.log).toEqual([0, 'green v2'])
    })
  })

  describe('gives no traffic to a release, and stops it,', () => {
    const impatient = { 'health-timeout': '8s', 'request-timeout': '1s' }
    test.each([
      [
        'whose container ends at once',
        { restart: 'no', environment: { CRASH: '1' } },
        {},
        /green-.* has ended with exit code 3/,
      ],
      [
        'whose container keeps ending',
        { restart: 'always', environment: { CRASH: '1' } },
        {},
        /green-.* was started \d times and keeps ending/,
      ],
      [
        "which docker's check finds ill",
        { more: { healthcheck: { test: ['CMD', '/nope'], interval: '500ms', retries: 1 } } },
        impatient,
        /green-.* is unhealthy \(its health check said: .*\/nope/,
      ],
      [
        'which says itself that it is ill',
        { environment: { HEALTH: 'bad' }, more: { healthcheck: { disable: true } } },
        impatient,
        /503/,
      ],
      [
        'which does not answer',
        { environment: { HEALTH: 'never' }, more: { healthcheck: { disable: true } } },
        impatient,
        /within 1 s|timed? ?out|no answer/,
      ],
    ] as const)('%s', async (_, service, waits, said) => {
      const shop = await open()
      const { app, inputs } = shop
      await app.writeCompose('green', { [app.name]: { image: inputs.image ?? '', ...service } })
      await using users = fewUsers(shop)
      const deployed = await shop.deploy({ ...(await v2()), ...waits })
      await expectUnhurt(shop, {
        deployed,
        users,
        said: [said, 'green was stopped after its logs were kept'],
      })
      expect(deployed.main.outputs).toMatchObject({ 'failed-phase': 'health', switched: 'false' })
      expect(await containersOf(town, shop)).toEqual(greenEnded(shop))
    })

    test('whose port is taken while it is deployed', async () => {
      const shop = await open()
      await using users = fewUsers(shop)
      const step = shop.step({ ...(await v2()), ...gated(shop, 'before-deploy') })
      await step.until('gated')
      await using _squatter = await listen(greenPort(shop))
      openGate(shop)
      const main = await step.main()
      const deployed = { main, post: await step.post('failure') }
      await expectUnhurt(shop, {
        deployed,
        users,
        said: [/"compose up" ended with exit code 1[\s\S]*address already in use/],
      })
      expect(main.outputs).toMatchObject({ 'failed-phase': 'deploy-inactive' })
      expect(await containersOf(town, shop)).toEqual(greenEnded(shop, 'created'))
    })

    test('unless it is to be kept for a look', async () => {
      const shop = await open()
      const { reference } = await town.registry.push('v2-ill', { environment: { HEALTH: 'bad' } })
      await using users = fewUsers(shop)
      const changes = { 'health-timeout': '2s', 'on-failure': 'keep' }
      const deployed = await shop.deploy({ version: 'v2-ill', image: reference, ...changes })
      await expectUnhurt(shop, { deployed, users, said: ['green is left running for a look'] })
      expect(await containersOf(town, shop)).toEqual(greenEnded(shop, 'running'))
    })
  })

  test('takes back a release that fails in public', async () => {
    const shop = await open()
    const { reference } = await town.registry.push('v2-broken', { environment: { PUBLIC: '/health' } })
    await using users = fewUsers(shop)
    const deployed = await shop.deploy({ version: 'v2-broken', image: reference, 'health-timeout': '10s' })
    await expectUnhurt(shop, { deployed, users, said: ['traffic is back on blue', /500/] })
    expect(deployed.main.outputs).toMatchObject({ 'failed-phase': 'verify', result: 'rolled-back' })
    expect(deployed.main.summary).toContain('traffic is back on blue')
    expect(await containersOf(town, shop)).toEqual(greenEnded(shop))
  })

  describe('and a human who moves the flag', () => {
    test('to the new color before the switch: the switch is refused, and traffic is left to them', async () => {
      const shop = await open()
      await using users = fewUsers(shop)
      const step = shop.step({ ...(await v2()), ...gated(shop, 'before-switch') })
      await step.until('gated')
      await flip(shop.app.stateDirectory, 'green')
      openGate(shop)
      const [main, post] = [await step.main(), await step.post('failure')]
      expect([main.code, post.code, ...errorsOf(post)], main.log + post.log).toEqual([1, 0])
      expect(main.outputs).toMatchObject({ 'active-color': 'green', 'failed-phase': 'switch' })
      for (const text of [
        /The switch to green was not run: the flag in .* names green, and blue was expected/,
        /somebody else moved traffic to the new color/,
        /Where traffic is now: Traffic is on green\.[\s\S]*What to do next: Find out who moved traffic/,
      ])
        expect(errorsOf(main).join()).toMatch(text)
      expect((await users.stop()).lost).toEqual([])
      expect(await containersOf(town, shop)).toEqual(greenEnded(shop, 'running'))
      expect([await shop.answers(), leaseOf(shop)]).toEqual(['green v2', 'free'])
    })

    test('while the release is watched: traffic is left to them', async () => {
      const shop = await open()
      await using users = fewUsers(shop)
      const step = shop.step({ ...(await v2()), bake: '4s' })
      await step.until('Watching green')
      await flip(shop.app.stateDirectory, 'blue')
      const deployed = { main: await step.main(), post: await step.post('failure') }
      const said = ['The router should name green, and it is blue', 'green is left as it is']
      await expectUnhurt(shop, { deployed, users, said })
      expect(await containersOf(town, shop)).toEqual(greenEnded(shop, 'running'))
    })

    test('when the release is live, and its job goes on: traffic is left to them', async () => {
      const shop = await open()
      const step = shop.step(await v2())
      expect((await step.main()).code).toBe(0)
      await using users = fewUsers(shop)
      await flip(shop.app.stateDirectory, 'blue')
      const post = await step.post('success')
      expect(errorsOf(post)).toEqual([expect.stringContaining('Somebody moved traffic away from v2')])
      expect((await users.stop()).lost).toEqual([])
      expect(await containersOf(town, shop)).toEqual(greenEnded(shop, 'running'))
      expect([await shop.answers(), leaseOf(shop)]).toEqual(['blue v1', 'free'])
    })
  })
})

const greenPort = ({ app }: VpsShop): number => app.ports[app.name]?.green ?? 0

/** Somebody who has nothing to do with docker. */
async function listen(port: number): Promise<AsyncDisposable> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}
