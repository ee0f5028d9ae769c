import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorsOf, warningsOf } from '../process/shop.ts'
import { type FleetTown, foundFleetTown } from './fleet-place.ts'
import type { FleetShop, FleetUsers, ShopHost } from './fleet-shop.ts'
import { lacksVps } from './lacks-vps.ts'

const names = ['twice', 'ill', 'stuck', 'away', 'lost', 'hooked', 'queue'] as const

describe.skipIf(lacksVps()).concurrent('a fleet of two hosts', { timeout: 600_000 }, () => {
  let town: FleetTown
  beforeAll(async () => {
    town = await foundFleetTown({ count: 2, names })
  })
  afterAll(() => town?.[Symbol.asyncDispose]())

  const open = (name: (typeof names)[number]) => town.found(name).startByHand()
  const push = async (version: string) => ({ version, image: (await town.registry.push(version)).reference })

  test('is deployed to twice, and goes back, and no user notices', async () => {
    const shop = await open('twice')
    await using users = shop.users()
    for (const [version, color] of [
      ['v2', 'green'],
      ['v3', 'blue'],
    ] as const) {
      const { main, post } = await shop.deploy(await push(version))
      expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
      expect(warningsOf(main)).toEqual([])
      expect(await shop.answers()).toEqual(everywhere(`${color} ${version}`))
    }
    const { main } = await shop.deploy({ mode: 'rollback', version: '', image: '' })
    expect([main.code, main.outputs.result], main.log).toEqual([0, 'rolled-back'])
    expect(await shop.answers()).toEqual(everywhere('green v2'))
    await expectNothingLost(users)
  })

  test('stays where it is when a release is ill on one host', async () => {
    const shop = await open('ill')
    const [first, second] = hostsOf(shop)
    const { image = '' } = shop.inputs
    await second.host.writeCompose('ill', 'green', { ill: { image, environment: { HEALTH: 'bad' } } })
    await using users = shop.users()
    const { main, post } = await shop.deploy({ ...(await push('v2')), 'health-timeout': '4s' })
    expect([main.code, post.code], main.log).toEqual([1, 0])
    expect(main.outputs).toMatchObject({ 'failed-phase': 'health', switched: 'false' })
    expect(errorsOf(main)[0]).toMatch(RegExp(`${second.name}\\S* ill-green-ill-1`))
    expect(errorsOf(main)[0]).not.toContain(first.name)
    expect(await shop.answers()).toEqual(everywhere('blue v1'))
    for (const host of [first, second]) expect(await host.containers()).toEqual(blueAlone('ill'))
    await expectNothingLost(users)
  })

  test('is put back together when one host cannot be switched', async () => {
    const shop = await open('stuck')
    const [first, second] = hostsOf(shop)
    await using users = shop.users()
    const gate = shop.gate('before-switch')
    const step = shop.step({ ...(await push('v2')), ...gate.inputs })
    await step.until('gated')
    await second.host.run(`chown root: ${second.app.stateDirectory}`)
    gate.open()
    const [main, post] = [await step.main(), await step.post('failure')]
    expect([main.code, post.code], main.log).toEqual([1, 0])
    const [annotation] = errorsOf(main)
    expect(annotation).toMatch(
      RegExp(`${second.name}\\S* The command "switch" ended.*\\s.*Permission denied`),
    )
    expect(annotation).toMatch(RegExp(`${first.name}\\S* was put back on blue`))
    expect(annotation).toMatch(RegExp(`${second.name}\\S* is on blue still`))
    expect(await shop.answers()).toEqual(everywhere('blue v1'))
    for (const host of [first, second]) expect(await host.containers()).toEqual(blueAlone('stuck'))
    await expectNothingLost(users)
  })

  test('is not touched while one host is away', async () => {
    const shop = await open('away')
    const [first, second] = hostsOf(shop)
    second.wayIn.cut()
    await using users = shop.users()
    const main = await shop.step(await push('v2')).main()
    expect(main.code).toBe(1)
    const [annotation] = errorsOf(main)
    expect(annotation).toContain(second.name)
    expect(annotation).not.toContain(first.name)
    expect(await first.containers()).toEqual(['away-blue-away-1 running'])
    expect(await first.read('ledger/lease')).toBeNull()
    await expectNothingLost(users)
  })

  test('goes back where it can while one host is lost, and is brought together by the next run', async () => {
    const shop = await open('lost')
    const [first, second] = hostsOf(shop)
    await using users = shop.users()
    const gate = shop.gate('after-switch', 'false')
    const step = shop.step({
      ...(await push('v2')),
      ...gate.inputs,
      'rollback-timeout': '10s',
      'lease-ttl': '10s',
    })
    await step.until('gated')
    second.wayIn.cut()
    gate.open()
    const main = await step.main()
    const post = await step.post('failure')
    expect(main.code).toBe(1)
    for (const said of [errorsOf(main)[0], errorsOf(post)[0]])
      expect(said).toMatch(
        RegExp(`${second.name}\\S* cannot be reached.*; everywhere else traffic is on blue`),
      )
    expect(await shop.answers()).toEqual(['blue v1', 'green v2'])
    for (const host of [first, second])
      expect(await host.containers()).toEqual(['lost-blue-lost-1 running', 'lost-green-lost-1 running'])
    second.wayIn.mend()
    const next = await shop.deploy(await push('v3'))
    expect([next.main.code, next.post.code], next.main.log).toEqual([0, 0])
    expect(await shop.answers()).toEqual(everywhere('green v3'))
    await expectNothingLost(users)
  })

  test('runs a hook at the target once, on the first host, and says how it stands', async () => {
    const shop = await open('hooked')
    const [first, second] = hostsOf(shop)
    const run = `echo migrated >>${first.app.stateDirectory}/migrations`
    const migrate = JSON.stringify({ run, where: 'target' })
    const { main } = await shop.deploy({ ...(await push('v2')), migrate })
    expect(main.code, main.log).toBe(0)
    expect(await first.read('migrations')).toBe('migrated\n')
    expect(await second.read('migrations')).toBeNull()
    await second.host.run(`docker stop hooked-green-hooked-1; rm ${second.app.stateDirectory}/green`)
    const { main: status } = await shop.deploy({ mode: 'status', version: '', image: '' })
    expect(status.code, status.log).toBe(0)
    expect(status.log).toMatch(RegExp(`router names .*${first.name}\\S* green; \\S*${second.name}\\S* blue`))
    expect(status.log).toMatch(
      RegExp(`green: .*${first.name}\\S* running v2; \\S*${second.name}\\S* stopped`),
    )
  })

  test('takes one run at a time', async () => {
    const shop = await open('queue')
    await using users = shop.users()
    const gate = shop.gate('before-deploy')
    const first = shop.step({ ...(await push('v2')), ...gate.inputs })
    await first.until('gated')
    const second = shop.step(await push('v3'))
    await second.until('Waiting for')
    gate.open()
    const ended = [await first.main(), await first.post('success'), await second.main()]
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(await shop.answers()).toEqual(everywhere('blue v3'))
    await expectNothingLost(users)
  })

  test('is deployed to, the second host through the first', async () => {
    await using behind = await foundFleetTown({ count: 2, names: ['jump'] })
    const shop = await behind.found('jump').startByHand()
    const [first, second] = hostsOf(shop)
    // What its sshd would answer the runner finds no way out.
    const { port } = second.host.ssh
    await second.host.run(`ip rule add to ${behind.runner} ipproto tcp sport ${port} prohibit`)
    const addressOf = ({ host: { ssh } }: ShopHost) => `${ssh.user}@${ssh.host}:${ssh.port}`
    await using users = shop.users()
    const { main, post } = await shop.deploy({
      version: 'v2',
      image: (await behind.registry.push('v2')).reference,
      'ssh-host': [first, second].map(addressOf).join('\n'),
      'ssh-jump': addressOf(first),
      'ssh-known-hosts': [first, second].map(({ host }) => host.ssh.knownHosts).join(''),
    })
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    expect(await shop.answers()).toEqual(everywhere('green v2'))
    await expectNothingLost(users)
  })
})

const everywhere = (answer: string) => [answer, answer]
const blueAlone = (app: string) => [`${app}-blue-${app}-1 running`, `${app}-green-${app}-1 exited`]
const hostsOf = ({ hosts }: FleetShop) => hosts as readonly [ShopHost, ShopHost]

async function expectNothingLost(users: FleetUsers): Promise<void> {
  const reports = await users.stop()
  expect(reports.map(({ lost }) => lost)).toEqual(reports.map(() => []))
}
