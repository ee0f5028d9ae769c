import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFlag } from '../bed/flag.ts'
import { gated, openGate } from '../process/gate.ts'
import { errorsOf } from '../process/shop.ts'
import { findProgram } from '../programs.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town, type VpsShop } from './place.ts'
import { containersOf, fewUsers, foundShops, leaseOf, startByHand, until } from './street.ts'

describe.skipIf(lacksVps())('nginx of a VPS', { timeout: 600_000 }, () => {
  let town: Town
  let found: () => VpsShop
  beforeAll(async () => {
    town = await foundTown()
    found = await foundShops(town, 3)
  })
  afterAll(() => town?.[Symbol.asyncDispose]())

  const v2 = async () => ({ version: 'v2', image: (await town.registry.push('v2')).reference })
  const file = (name: string) => join(town.vps.folder, 'nginx', name)

  test('whose files somebody broke goes on, and is switched all the same, there and back', async () => {
    const shop = await startByHand(town, found())
    await appendFile(file('sites.conf'), '\nserver { listen 127.0.0.1:1; proxy_passs http://nowhere; }\n')
    const nginx = findProgram('nginx') ?? 'nginx'
    const options = ['-t', '-p', file(''), '-c', file('nginx.conf'), '-e', file('error.log')]
    await expect(promisify(execFile)(nginx, options)).rejects.toThrow('unknown directive "proxy_passs"')
    const workers = await workersOf(file('nginx.pid'))
    await using users = fewUsers(shop)
    const { main, post } = await shop.deploy(await v2())
    expect([main.code, post.code, await shop.answers()], main.log).toEqual([0, 0, 'green v2'])
    const back = await shop.deploy({ ...(await v2()), version: 'v3', 'after-switch': 'exit 1' })
    expect([back.main.code, await shop.answers()], back.main.log).toEqual([1, 'green v2'])
    expect((await users.stop()).lost).toEqual([])
    expect(await workersOf(file('nginx.pid'))).toEqual(workers)
  })

  test('that is down: nothing is begun, and how to look is told', async () => {
    const shop = await startByHand(town, found())
    const before = await containersOf(town, shop)
    await stopNginx(file('nginx.pid'))
    const { main, post } = await shop.deploy(await v2())
    expect([main.code, post.code], main.log).toEqual([1, 0])
    expect(errorsOf(main).join()).toMatch(
      /^router: [\s\S]*What was done about it: Nothing was changed\.[\s\S]*What to do next: /,
    )
    expect(main.log).toMatch(/^ *curl -ski http:\/\/127\.0\.0\.1:\d+\/\.blue-green\//m)
    expect(await containersOf(town, shop)).toEqual(before)
    expect([readFlag(shop.app.stateDirectory), leaseOf(shop) ?? 'free']).toEqual(['blue', 'free'])
    await town.found('again-1')
    expect(await shop.answers()).toBe('blue v1')
  })

  test('that dies before the switch: nothing is stopped, and the next run begins where users were', async () => {
    const shop = await startByHand(town, found())
    const step = shop.step({ ...(await v2()), ...gated(shop, 'before-switch'), 'rollback-timeout': '2s' })
    await step.until('gated')
    await stopNginx(file('nginx.pid'))
    openGate(shop)
    const main = await step.main()
    expect(main).toMatchObject({ code: 1, outputs: { 'failed-phase': 'switch' } })
    expect(errorsOf(main).join()).toMatch(
      /refuses connections[\s\S]*Nothing was stopped\.[\s\S]*`mode: unlock`/,
    )
    expect((await step.post('failure')).code).toBe(1)
    expect((await containersOf(town, shop)).map((line) => line.split(' ')[1])).toEqual(['running', 'running'])

    await town.found('again-2')
    const { reference } = await town.registry.push('v3')
    const next = await shop.deploy({ version: 'v3', image: reference })
    expect([next.main.code, await shop.answers(), leaseOf(shop)], next.main.log).toEqual([
      0,
      'green v3',
      'free',
    ])
    expect(next.main.log).toMatch(/Closing what .* left open[\s\S]*blue is live; v3 goes to green/)
  })
})

const masterOf = async (pidFile: string) => (await readFile(pidFile, 'utf8')).trim()

async function workersOf(pidFile: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', await masterOf(pidFile)])
  return stdout.trim().split('\n').toSorted()
}

async function stopNginx(pidFile: string): Promise<void> {
  process.kill(Number(await masterOf(pidFile)), 'SIGTERM')
  await until('nginx is down', () => !existsSync(pidFile))
}
