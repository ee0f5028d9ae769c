import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { otherColor } from '../../src/targets/target.ts'
import { createColors } from './colors.ts'
import { createFlag, flip } from './flag.ts'
import { temporaryFolder } from './folder.ts'
import { startLoad } from './load.ts'
import { colorPath, startNginx } from './nginx.ts'
import { freePort } from './ports.ts'

const users = { keepAlive: 8, fresh: 2, think: { min: 0, max: 10 } }

async function startBed(user: { readonly workers?: string } = {}) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const stateDirectory = join(folder.path, 'state')
  await createFlag(stateDirectory, 'blue')
  const colors = stack.use(await createColors(join(folder.path, 'colors')))
  await Promise.all([colors.start('blue', 'v1'), colors.start('green', 'v2')])
  const router = { folder: join(folder.path, 'nginx'), port: await freePort(), app: 'my-app', ...user }
  const nginx = stack.use(await startNginx({ ...router, ports: colors.ports, stateDirectory }))
  const named = async () => (await fetch(nginx.url + colorPath('my-app'))).text()
  const owned = stack.move()
  return { colors, stateDirectory, url: nginx.url, named, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

test('twenty switches under load lose nothing, and nobody is answered by the old color afterwards', async () => {
  await using bed = await startBed()
  await using load = startLoad({ url: bed.url, ...users })
  await sleep(100)
  for (let count = 0, to = otherColor('blue'); count < 20; count++, to = otherColor(to)) {
    await flip(bed.stateDirectory, to)
    expect(await bed.named()).toBe(`${to} ready\n`)
    await sleep(50)
  }
  await flip(bed.stateDirectory, 'green')
  const switched = performance.timeOrigin + performance.now()
  await sleep(100)
  const { lost, answers, sent } = await load.stop()
  expect(lost).toEqual([])
  expect(sent).toBeGreaterThan(100)
  const blue = answers.find(({ color }) => color === 'blue')
  expect(blue?.lastSent).toBeLessThanOrEqual(switched)
})

test('a live color that is killed loses requests', async () => {
  await using bed = await startBed()
  await using load = startLoad({ url: bed.url, ...users })
  await sleep(100)
  process.kill(await bed.colors.pid('blue'), 'SIGKILL')
  await sleep(200)
  const { lost } = await load.stop()
  expect(lost.length).toBeGreaterThan(0)
  expect(lost.map(({ reason }) => reason)).toContain('status 502')
})

test('stopping a color that is not live any more loses nothing', async () => {
  await using bed = await startBed()
  await using load = startLoad({ url: bed.url, path: '/slow?ms=50', ...users })
  await sleep(100)
  await flip(bed.stateDirectory, 'green')
  await sleep(100)
  await bed.colors.stop('blue')
  expect(await bed.colors.status('blue')).toBe('stopped')
  expect((await load.stop()).lost).toEqual([])
})

test('without its marker the router is lost, and nobody is served', async () => {
  await using bed = await startBed()
  expect(await bed.named()).toBe('blue ready\n')
  await rm(join(bed.stateDirectory, 'ready'))
  expect(await bed.named()).toBe('blue lost\n')
  expect((await fetch(bed.url)).status).toBe(503)
})

test.runIf(process.getuid?.() === 0)('workers that cannot read the flag are lost, not blue', async () => {
  await using bed = await startBed({ workers: 'nobody nogroup' })
  expect(await bed.named()).toBe('blue lost\n')
})
