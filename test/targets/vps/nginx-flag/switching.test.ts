import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { ChangeFailed, ChangeRefused, type Color, otherColor } from '../../../../src/targets/target.ts'
import { routedServices } from '../../../../src/targets/vps/nginx-flag/names.ts'
import { locationLines, serverText } from '../../../../src/targets/vps/nginx-flag/snippets.ts'
import { createColors } from '../../../bed/colors.ts'
import { createFlag, readFlag } from '../../../bed/flag.ts'
import { startLoad } from '../../../bed/load.ts'
import { freePort } from '../../../bed/ports.ts'
import { folder } from '../../../host/place.ts'
import {
  type GivenPlace,
  inOrder,
  openPlace,
  serverBlock,
  settingsOf,
  startPlace,
  stateFolder,
} from './place.ts'

const to = (color: Color) => ({ kind: 'color', color }) as const

async function startShop(manner: 'variable' | 'switch server') {
  const colors = await createColors(join(folder(), 'colors'))
  onTestFinished(() => colors[Symbol.asyncDispose]())
  await Promise.all([colors.start('blue', 'v1'), colors.start('green', 'v2')])
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const listen = manner === 'variable' ? null : { 'my-app': await freePort() }
  const settings = settingsOf({
    stateDirectory: stateFolder(),
    listen,
    services: [{ name: 'my-app', ports: colors.ports, url }],
  })
  const [service] = routedServices(settings)
  if (!service) throw new Error('no service')
  const lines = locationLines('my-app', service).join('\n')
  const http = (include: string) =>
    listen === null
      ? serverBlock(port, include, `location / { ${lines} }`)
      : serverBlock(port, `location / { proxy_pass http://127.0.0.1:${listen['my-app']}; }`)
  return { url, settings, ...(await startPlace({ settings, http, port })) }
}

it.each(['variable', 'switch server'] as const)(
  'twenty switches under load lose nothing, and nobody is answered by the old color once a switch is done: %s',
  async (manner) => {
    const { url, router, guard } = await startShop(manner)
    await using load = startLoad({ url, keepAlive: 8, fresh: 3, think: { min: 0, max: 10 } })
    await sleep(100)
    for (let count = 0, color: Color = 'green'; count < 20; count++, color = otherColor(color)) {
      const { detail } = await router.switch(to(otherColor(color)), color, await guard())
      expect(detail).toContain(`nginx says ${color} at http://127.0.0.1:`)
    }
    await router.switch(to('blue'), 'green', await guard())
    const switched = performance.timeOrigin + performance.now()
    await sleep(100)
    const { lost, sent, answers } = await load.stop()
    expect(lost).toEqual([])
    expect(sent).toBeGreaterThan(100)
    expect(answers.find(({ color }) => color === 'blue')?.lastSent).toBeLessThanOrEqual(switched)
  },
)

async function startFlag(http: (include: string, port: number) => string, more: Partial<GivenPlace> = {}) {
  const port = await freePort()
  const services = [{ name: 'my-app', url: `http://127.0.0.1:${port}` }]
  const settings = settingsOf({ stateDirectory: stateFolder(), services })
  const started = await startPlace({ settings, port, http: (include) => http(include, port), ...more })
  return { settings, ...started }
}

const including = (include: string, port: number) => serverBlock(port, include)

it('refuses when a person has moved the flag in between, and leaves it where they put it', async () => {
  const { router, guard } = await startFlag(including)
  const from = await router.observe()
  expect(from).toEqual(to('blue'))
  execFileSync('sh', ['-c', router.manual('green').join('\n')])
  const switching = router.switch(from, 'green', await guard())
  await expect(switching).rejects.toThrow(inOrder('names green', 'blue was expected', 'not moved by us'))
  await expect(switching).rejects.toBeInstanceOf(ChangeRefused)
  expect(await router.observe()).toEqual(to('green'))
})

it('refuses without the marker', async () => {
  const { router, guard, settings } = await startFlag(including)
  rmSync(join(settings.stateDirectory, 'ready'))
  await expect(router.switch(to('blue'), 'green', await guard())).rejects.toBeInstanceOf(ChangeRefused)
  expect(existsSync(join(settings.stateDirectory, 'green'))).toBe(false)
})

it.each(['blue', 'green'] as const)(
  'brings traffic to %s from wherever it is, as often as it is told',
  async (color) => {
    const { router, guard } = await startFlag(including)
    for (const flag of ['blue', 'green', 'green', 'blue'] as const) {
      execFileSync('sh', ['-c', router.manual(flag).join('\n')])
      const from = { kind: 'mixed', detail: '', repair: [] } as const
      await router.switch(from, color, await guard())
      expect(await router.observe()).toEqual(to(color))
    }
  },
)

it.each([
  ['neither file is there', 'rm -rf off green'],
  ['both are', 'touch green off/green'],
  ['its other folder is gone', 'rm -r off'],
])('switches there and back when %s', async (_, spoil) => {
  const { router, guard, settings } = await startFlag(including)
  execFileSync('sh', ['-c', spoil], { cwd: settings.stateDirectory })
  const seen = await router.observe()
  const first = seen.kind === 'color' ? otherColor(seen.color) : 'green'
  for (const color of [first, otherColor(first), first]) {
    await router.switch(to(otherColor(color)), color, await guard())
    expect(await router.observe()).toEqual(to(color))
  }
})

it('goes back although the ledger cannot be read', async () => {
  const { router, guard, settings } = await startFlag(including, { flag: 'green' })
  const held = await guard()
  writeFileSync(join(settings.stateDirectory, 'ledger', 'lease'), 'garbage\n')
  await expect(router.switch(to('green'), 'blue', held)).rejects.toThrow('damaged')
  await router.switch(to('green'), 'blue', { ...held, unreadableLedger: 'ignore' })
  expect(readFlag(settings.stateDirectory)).toBe('blue')
})

it('is not undone by a cache of files in nginx', async () => {
  const { router, guard } = await startFlag((include, port) => `${cache}\n${serverBlock(port, include)}`)
  for (const color of ['green', 'blue', 'green'] as const) {
    await router.switch(to(otherColor(color)), color, await guard())
    expect(await router.observe()).toEqual(to(color))
  }
})

const cache = 'open_file_cache max=100 inactive=60s; open_file_cache_valid 60s; open_file_cache_errors on;'

it('fails when nginx goes on with the old color, and says what it may be', async () => {
  const elsewhere = settingsOf({ stateDirectory: stateFolder() })
  await createFlag(elsewhere.stateDirectory, 'blue')
  const { router, guard, settings } = await startFlag((_, port) => serverBlock(port, serverText(elsewhere)))
  expect(await router.observe()).toEqual(to('blue'))
  const switching = router.switch(to('blue'), 'green', await guard())
  await expect(switching).rejects.toThrow(
    inOrder('names green, but nginx does not', 'still says blue on 4 of 4', 'open_file_cache off;'),
  )
  await expect(switching).rejects.toBeInstanceOf(ChangeFailed)
  expect(readFlag(settings.stateDirectory)).toBe('green')
})

it('moves nothing while nginx does not answer, but on a way back', async () => {
  const { router, guard, settings, nginx } = await startFlag(including)
  await nginx.stop()
  const switching = router.switch(to('blue'), 'green', await guard())
  await expect(switching).rejects.toThrow(inOrder('cannot be asked to confirm it', 'refuses connections'))
  await expect(switching).rejects.toBeInstanceOf(ChangeRefused)
  expect(readFlag(settings.stateDirectory)).toBe('blue')

  const wayBack = { ...(await guard()), unreadableLedger: 'ignore' } as const
  await expect(router.switch(to('blue'), 'green', wayBack)).rejects.toThrow(
    inOrder('names green, but nginx does not', 'refuses connections'),
  )
  expect(readFlag(settings.stateDirectory)).toBe('green')
})

it('moves nothing where nginx can never confirm it', async () => {
  const settings = settingsOf({ stateDirectory: stateFolder() })
  await createFlag(settings.stateDirectory, 'blue')
  const { router, guard } = await openPlace(settings)
  await expect(router.switch(to('blue'), 'green', await guard())).rejects.toThrow('was not moved')
  expect(readFlag(settings.stateDirectory)).toBe('blue')
})
