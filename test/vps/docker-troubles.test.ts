import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../bed/folder.ts'
import { startDocker } from '../bed/vps/docker.ts'
import { runAsRoot } from '../bed/vps/root.ts'
import { gated, openGate } from '../process/gate.ts'
import { errorsOf, warningsOf } from '../process/shop.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town, type VpsShop } from './place.ts'
import { containersOf, expectUnhurt, fewUsers, foundShops, leaseOf, startByHand } from './street.ts'

describe.skipIf(lacksVps())('a VPS', { timeout: 600_000 }, () => {
  const stack = new AsyncDisposableStack()
  let town: Town
  let found: () => VpsShop
  let disk: string
  beforeAll(async () => {
    const { path } = stack.use(await temporaryFolder())
    await chmod(path, 0o755)
    disk = join(path, 'docker', 'data')
    await mkdir(disk, { recursive: true })
    await mount(disk, '700m')
    const docker = stack.use(await startDocker({ folder: join(path, 'docker') }))
    stack.defer(() => unmount(disk))
    town = stack.use(await foundTown({ docker }))
    found = await foundShops(town, 8)
  })
  afterAll(() => stack.disposeAsync())

  const open = () => startByHand(town, found())
  const v2 = async () => ({ version: 'v2', image: (await town.registry.push('v2')).reference })
  const statesOf = async (shop: VpsShop) => (await containersOf(town, shop)).map((line) => line.split(' ')[1])

  test('whose dockerd is down refuses before anything is touched', async () => {
    const shop = await open()
    await using users = fewUsers(shop)
    await town.vps.docker.hide()
    const deployed = await shop.deploy(await v2())
    await town.vps.docker.show()
    const said = [
      /docker on .* does not answer: .*Cannot connect to the Docker daemon/,
      'systemctl start docker',
    ]
    await expectUnhurt(shop, { deployed, users, said })
    expect(await statesOf(shop)).toEqual(['running'])
  })

  test('whose dockerd dies while the release is deployed keeps its users, and the next run gets through', async () => {
    const shop = await open()
    await using users = fewUsers(shop)
    const step = shop.step({ ...(await v2()), ...gated(shop, 'before-deploy') })
    await step.until('gated')
    await town.vps.docker.hide()
    openGate(shop)
    const deployed = { main: await step.main(), post: await step.post('failure') }
    await town.vps.docker.show()
    await expectUnhurt(shop, { deployed, users, said: [/Cannot connect to the Docker daemon/] })
    expect(deployed.main.outputs).toMatchObject({ 'failed-phase': 'deploy-inactive' })
    expect(await statesOf(shop)).toEqual(['running'])
    const { main } = await shop.deploy(await v2())
    expect([main.code, await shop.answers()], main.log).toEqual([0, 'green v2'])
  })

  test('whose dockerd dies when traffic must go back lets it go back: the flag needs no docker', async () => {
    const shop = await open()
    await using users = fewUsers(shop)
    const { 'after-switch': wait = '' } = gated(shop, 'after-switch')
    const step = shop.step({ ...(await v2()), 'after-switch': `${wait}; exit 1` })
    await step.until('gated')
    expect(await shop.answers()).toBe('green v2')
    await town.vps.docker.hide()
    openGate(shop)
    const deployed = { main: await step.main(), post: await step.post('failure') }
    await town.vps.docker.show()
    await expectUnhurt(shop, { deployed, users, said: ['Traffic was put back on blue'] })
    expect(await statesOf(shop)).toEqual(['running', 'running'])
  })

  test('whose dockerd dies after a killed main: post lets traffic go back as well', async () => {
    const shop = await open()
    await using users = fewUsers(shop)
    const step = shop.step({ ...(await v2()), ...gated(shop, 'after-switch') })
    await step.until('gated')
    await town.vps.docker.hide()
    await step.kill()
    const post = await step.post('failure')
    await town.vps.docker.show()
    expect(post.summary).toContain('v2 was taken back')
    expect(warningsOf(post).join()).toMatch(
      /green could not be stopped: .*Cannot connect to the Docker daemon/,
    )
    expect((await users.stop()).lost).toEqual([])
    expect([post.code, await shop.answers(), leaseOf(shop)]).toEqual([0, 'blue v1', 'free'])
  })

  describe('whose disk for images is full', () => {
    test('refuses before anything is touched', async () => {
      const shop = await open()
      await using users = fewUsers(shop)
      await fill(disk)
      const deployed = await shop.deploy(await v2())
      await empty(disk)
      await expectUnhurt(shop, {
        deployed,
        users,
        said: [/has \d+ MiB of disk left for images; 512 MiB are needed/],
      })
      expect(await statesOf(shop)).toEqual(['running'])
    })

    test('while the release is deployed keeps its users, and the next run gets through', async () => {
      const shop = await open()
      await using users = fewUsers(shop)
      const { reference } = await town.registry.push('v2', { name: 'other' })
      const step = shop.step({ version: 'v2', image: reference, ...gated(shop, 'before-deploy') })
      await step.until('gated')
      await fill(disk)
      openGate(shop)
      const deployed = { main: await step.main(), post: await step.post('failure') }
      await empty(disk)
      await expectUnhurt(shop, { deployed, users, said: [/no space left on device/] })
      expect(deployed.main.outputs).toMatchObject({ 'failed-phase': 'deploy-inactive' })
      const { main } = await shop.deploy({ version: 'v2', image: reference })
      expect([main.code, await shop.answers()], main.log).toEqual([0, 'green v2'])
    })
  })

  describe('whose disk for the state directory is full', () => {
    test('starts nothing', async () => {
      const shop = await open()
      await using _disk = await smallDisk(shop)
      await using users = fewUsers(shop)
      await fill(shop.app.stateDirectory)
      const deployed = await shop.deploy(await v2())
      await expectUnhurt(shop, { deployed, users, said: [/no space left[\s\S]*df -h/i] })
      expect(await statesOf(shop)).toEqual(['running'])
    })

    test('lets traffic go back, and warns', async () => {
      const shop = await open()
      await using _disk = await smallDisk(shop)
      await using users = fewUsers(shop)
      const { 'after-switch': wait = '' } = gated(shop, 'after-switch')
      const step = shop.step({ ...(await v2()), 'after-switch': `${wait}; exit 1` })
      await step.until('gated')
      await fill(shop.app.stateDirectory)
      openGate(shop)
      const deployed = { main: await step.main(), post: await step.post('failure') }
      expect(warningsOf(deployed.main).join()).toMatch(/Going back without the ledger[\s\S]*no space left/i)
      expect(errorsOf(deployed.main).join()).toContain('Traffic was put back on blue')
      expect((await users.stop()).lost).toEqual([])
      expect([deployed.main.code, await shop.answers()]).toEqual([1, 'blue v1'])
      expect(await statesOf(shop)).toEqual(['running', 'exited'])
    })
  })
})

const mount = (path: string, size: string) =>
  runAsRoot('mount', '-t', 'tmpfs', '-o', `size=${size},mode=755`, 'none', path)

/** Whoever still looks at it is not in the way. */
const unmount = async (path: string): Promise<void> => void (await runAsRoot('umount', '-l', path))

/** To the last byte. */
const fill = (path: string) =>
  runAsRoot('sh', '-c', 'cat /dev/zero >"$1/filler" 2>/dev/null || :', 'sh', path)
const empty = (path: string) => runAsRoot('rm', '-f', join(path, 'filler'))

/** The state of a shop moves to a disk of its own. */
async function smallDisk({ app }: VpsShop): Promise<AsyncDisposable> {
  const [at, kept] = [app.stateDirectory, `${app.stateDirectory}.kept`]
  await runAsRoot('cp', '-a', at, kept)
  await mount(at, '256k')
  await runAsRoot('sh', '-c', 'cp -a "$2/." "$1"', 'sh', at, kept)
  return { [Symbol.asyncDispose]: () => unmount(at) }
}
