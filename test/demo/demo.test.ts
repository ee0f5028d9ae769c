import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../bed/folder.ts'
import { lacks } from '../programs.ts'
import { acts } from './command/acts.ts'
import { holds, processesOf, rowsOf, startDemo, whatIsLeft } from './demo-process.ts'

/** An action that does something of its own in main, in place of or before the real one. */
function sabotage(folder: string, main: (real: string) => string): NodeJS.ProcessEnv {
  const real = resolve(process.env.BLUE_GREEN_DIST ?? join(import.meta.dirname, '../../dist'))
  for (const name of ['main', 'post']) {
    mkdirSync(join(folder, 'dist', name), { recursive: true })
    const path = join(real, name, 'index.js')
    writeFileSync(join(folder, 'dist', name, 'index.js'), name === 'main' ? main(path) : `import('${path}')`)
  }
  return { BLUE_GREEN_DIST: join(folder, 'dist') }
}

describe.skipIf(lacks('nginx', 'setsid', 'flock'))('the demo', { concurrent: true, timeout: 600_000 }, () => {
  test('plays all acts, loses nothing, keeps the summaries and leaves nothing else', async () => {
    await using folder = await temporaryFolder()
    await using demo = startDemo(folder.path, { name: 'command' })
    const { code, output, errors } = await demo.ended()
    expect({ code, errors }, output).toEqual({ code: 0, errors: '' })
    const rows = rowsOf(output)
    expect(
      rows.map(({ mark, number, title, lost, answer }) => ({ mark, number, title, lost, answer })),
    ).toEqual(
      acts.map(({ title, answer }, index) => ({
        mark: '✔',
        number: `${index + 1}`,
        title,
        lost: '0',
        answer,
      })),
    )
    const sent = rows.map((row) => Number(row.sent))
    expect(Math.min(...sent)).toBeGreaterThan(0)
    const closing = output
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.match(/^8 of 8 acts in [\d.]+ s: (\d+) requests sent, 0 lost$/)
    expect(Number(closing?.[1])).toBeGreaterThanOrEqual(sent.reduce((sum, each) => sum + each))
    expect(output).not.toContain('\u001b')

    const summaries = rows.map(({ link = '' }) => readFileSync(resolve(link), 'utf8').split('\n'))
    const headlines = summaries.map((lines) => lines.filter((line) => line.startsWith('## ')))
    expect(headlines.map((lines) => lines.length)).toEqual([2, 2, 1, 1, 2, 1, 2, 3])
    expect(headlines[0]?.[0]).toContain('v1 is live on blue')
    expect(whatIsLeft(demo)).toEqual([])
  })

  test.each([
    ['SIGINT', 'a release is being deployed', 'state/ledger/document'],
    ['SIGTERM', 'a release is live', 'state/ready'],
  ] as const)('interrupted by %s while %s, it ends with 130 and leaves nothing', async (name, _, sign) => {
    await using folder = await temporaryFolder()
    await using demo = startDemo(folder.path, { name: 'command' })
    await demo.until(() => holds(demo, sign))
    expect(processesOf(demo.temporary).length).toBeGreaterThan(1)
    demo.signal(name)
    const { code, output } = await demo.ended()
    expect(code, output).toBe(130)
    expect(whatIsLeft(demo)).toEqual([])
  })

  test('fails when requests are lost, and says how', async () => {
    await using folder = await temporaryFolder()
    const env = sabotage(
      folder.path,
      (real) => `const { existsSync, renameSync } = require('node:fs')
const ready = process.env['INPUT_STATE-DIRECTORY'] + '/ready'
if (existsSync(ready)) {
  renameSync(ready, ready + '.away')
  setTimeout(() => renameSync(ready + '.away', ready), 200)
}
setTimeout(() => import('${real}'), 300)`,
    )
    await using demo = startDemo(folder.path, { name: 'command', env })
    const { code, output } = await demo.ended()
    expect(code, output).toBe(1)
    expect(rowsOf(output).map(({ mark }) => mark)).toEqual(['✔', '✘'])
    expect(output).toMatch(/Lost \d+ × keep-alive GET: status 503/)
    expect(output).toMatch(/\d+ requests sent, [1-9]\d* lost\n$/)
    expect(whatIsLeft(demo)).toEqual([])
  })

  test('fails when an act ends otherwise than it must', async () => {
    await using folder = await temporaryFolder()
    const env = sabotage(folder.path, () => 'process.exit(0)')
    await using demo = startDemo(folder.path, { name: 'command', env })
    const { code, output } = await demo.ended()
    expect(code, output).toBe(1)
    expect(rowsOf(output)).toMatchObject([{ mark: '✘', number: '1' }])
    expect(output).toContain('main ended with 0, not 0 deployed')
    expect(output).toContain('The router says blue lost, not blue ready')
    expect(whatIsLeft(demo)).toEqual([])
  })
})
