import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import { caseAddresses, startCasesNginx } from './cases.ts'
import { type HostedCase, startColorHost } from './color-host.ts'
import { createFlag, observeCommand, switchCommand } from './flag.ts'
import { temporaryFolder } from './folder.ts'
import { hostCommands } from './host-commands.ts'
import { startLoad } from './load.ts'
import { freePort } from './ports.ts'

const execute = promisify(execFile)

async function shell(command: string, color: Color, version = ''): Promise<string> {
  const env = { ...process.env, BLUE_GREEN_COLOR: color, BLUE_GREEN_VERSION: version }
  return (await execute('sh', ['-euc', command], { env })).stdout.trim()
}

async function startBed(cases: number) {
  await using stack = new AsyncDisposableStack()
  const { path: root } = stack.use(await temporaryFolder())
  const ports = { public: await freePort(), color: await freePort() }
  const host = stack.use(startColorHost({ root, ports }))
  stack.use(await startCasesNginx({ root, cases, ports }))
  const owned = stack.move()
  return { host, root, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const answer = async (url: string) => (await fetch(url)).text()
const switchTo = (one: HostedCase, color: Color) => shell(switchCommand(one.stateDirectory), color)

test('the commands of a user deploy, switch and stop a case', async () => {
  await using bed = await startBed(1)
  const one = bed.host.add(0)
  await createFlag(one.stateDirectory, null)
  const observe = () => shell(observeCommand(one.stateDirectory), 'blue')
  const status = (color: Color) => shell(one.commands.status, color)

  expect([await observe(), await status('blue')]).toEqual(['none', 'absent'])
  await shell(one.commands.deploy, 'blue', 'v1')
  expect([await observe(), await status('blue')]).toEqual(['none', 'running'])
  expect((await fetch(one.url)).status).toBe(503)
  expect(await answer(`${one.colorUrl.blue}/health`)).toBe('{"status":"ok","version":"v1","color":"blue"}')

  await switchTo(one, 'blue')
  expect([await observe(), await answer(one.url)]).toEqual(['blue', 'blue v1\n'])
  await shell(one.commands.deploy, 'green', 'v2')
  await switchTo(one, 'green')
  expect([await observe(), await answer(one.url)]).toEqual(['green', 'green v2\n'])
  await switchTo(one, 'green')
  expect(await observe()).toBe('green')

  await shell(one.commands.stop, 'blue')
  expect(await status('blue')).toBe('stopped')
  await shell(one.commands.remove, 'blue')
  expect(await status('blue')).toBe('absent')
})

test('a stopped color refuses connections, and only in its own case', async () => {
  await using bed = await startBed(2)
  const [one, two] = [bed.host.add(0), bed.host.add(1)]
  for (const each of [one, two]) {
    await each.start('green', 'v1')
    await createFlag(each.stateDirectory, 'green')
  }
  await one.stop('green')
  await expect(fetch(one.colorUrl.green)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  expect((await fetch(one.url)).status).toBe(502)
  expect(await answer(two.url)).toBe('green v1\n')
})

test('it tells whether users reached a color before its check', async () => {
  await using bed = await startBed(1)
  const one = bed.host.add(0)
  await createFlag(one.stateDirectory, 'blue')
  await one.start('blue', 'v1')
  await answer(one.url)
  await answer(`${one.colorUrl.blue}/health`)
  await answer(one.url)
  await one.start('blue', 'v2')
  await answer(one.url)
  const publicRequests = one.served.filter((served) => served.public)
  expect(publicRequests.map(({ version, passed, stopped }) => [version, passed, stopped])).toEqual([
    ['v1', 0, false],
    ['v1', 1, false],
    ['v2', 0, false],
  ])
})

test('it tells whom the router named when a color was stopped', async () => {
  await using bed = await startBed(1)
  const one = bed.host.add(0)
  await createFlag(one.stateDirectory, null)
  await one.start('blue', 'v1')
  await switchTo(one, 'blue')
  await shell(one.commands.stop, 'blue')
  expect(one.changes.map(({ presence, named }) => [presence, named])).toEqual([
    ['running', null],
    ['stopped', 'blue'],
  ])
})

test('a release misbehaves as its version says', async () => {
  await using bed = await startBed(1)
  const one = bed.host.add(0)
  await createFlag(one.stateDirectory, 'blue')
  await one.start('blue', 'v2-bad')
  expect((await fetch(`${one.colorUrl.blue}/health`)).status).toBe(503)
  await one.start('blue', 'v3-broken')
  expect((await fetch(`${one.colorUrl.blue}/health`)).status).toBe(200)
  expect((await fetch(one.url)).status).toBe(500)
  await one.start('blue', 'v4-never')
  await expect(fetch(`${one.colorUrl.blue}/health`, { signal: AbortSignal.timeout(100) })).rejects.toThrow()
  await one.stop('blue')
})

test('hundreds of cases switch at once, each on its own', async () => {
  await using bed = await startBed(300)
  const cases = Array.from({ length: 300 }, (_, number) => bed.host.add(number))
  await Promise.all(
    cases.flatMap((one) => [
      createFlag(one.stateDirectory, 'blue'),
      one.start('blue', 'v1'),
      one.start('green', 'v2'),
    ]),
  )
  const loads = cases.map(({ url }) =>
    startLoad({ url, keepAlive: 1, fresh: 0, think: { min: 100, max: 300 } }),
  )
  await sleep(300)
  const moved = cases.filter((_, number) => number % 2)
  for (const one of moved) await switchTo(one, 'green')
  await sleep(300)
  const reports = await Promise.all(loads.map((load) => load.stop()))
  expect(reports.flatMap(({ lost }) => lost)).toEqual([])
  const answeredByGreen = reports.map(({ answers }) => answers.some(({ color }) => color === 'green'))
  expect(answeredByGreen).toEqual(cases.map((one) => moved.includes(one)))
})

test('as a process of its own it obeys the same commands and writes down what it served', async () => {
  await using folder = await temporaryFolder()
  const ports = { public: await freePort(), color: await freePort() }
  const script = join(import.meta.dirname, 'color-host.ts')
  const child = spawn(process.execPath, [script, folder.path, '1', `${ports.public}`, `${ports.color}`])
  await once(child.stdout, 'data')
  const one = caseAddresses(0, folder.path, ports)
  await shell(hostCommands(one).deploy, 'blue', 'v1')
  expect(await answer(one.colorUrl.blue)).toBe('blue v1\n')
  child.kill()
  expect(await once(child, 'exit')).toEqual([0, null])
  const served = await readFile(join(folder.path, 'served.jsonl'), 'utf8')
  expect(
    served
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ color: 'blue', version: 'v1' }])
})
