import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../bed/folder.ts'
import { lacksVps } from '../vps/lacks-vps.ts'
import { type DemoProcess, holds, processesOf, rowsOf, startDemo, whatIsLeft } from './demo-process.ts'
import { acts } from './vps/acts.ts'
import { lackingForVps } from './vps/lacking.ts'

describe.skipIf(lacksVps())('the demo on a VPS', { timeout: 600_000 }, () => {
  test('plays all acts, loses nothing, says what it cost and leaves nothing', async () => {
    await using folder = await temporaryFolder()
    await using demo = startDemo(folder.path, { name: 'vps' })
    const { code, output, errors } = await demo.ended()
    expect({ code, errors }, output).toEqual({ code: 0, errors: '' })
    const rows = rowsOf(output)
    expect(rows.map(({ mark, title, lost, answer }) => ({ mark, title, lost, answer }))).toEqual(
      acts.map(({ title, answer }) => ({ mark: '✔', title, lost: '0', answer })),
    )
    expect(Math.min(...rows.map(({ sent }) => Number(sent)))).toBeGreaterThan(0)
    expect(output).toMatch(/^8 of 8 acts in [\d.]+ s: \d+ requests sent, 0 lost$/m)
    expect(output).toMatch(/^From healthy to proven in public: \d+ to \d+ ms, in 6 releases$/m)
    // Its post step has nothing to do after a status.
    expect(output).toMatch(/^SSH: 17 connections to the host for 18 main and post steps$/m)

    const summaries = rows.map(({ link = '' }) => readFileSync(resolve(link), 'utf8'))
    expect(summaries[0]).toContain('v1 is live on green')
    expect(summaries[3]).toContain('exit code 3')
    expect(whatIsLeft(demo)).toEqual([])
  })

  test('interrupted while containers run, it ends with 130 and leaves nothing', async () => {
    await using folder = await temporaryFolder()
    await using demo = startDemo(folder.path, { name: 'vps' })
    await demo.until(() => holds(demo, 'state/shop/ledger/document') && bridgesOf(demo).length > 0)
    const bridges = bridgesOf(demo)
    expect(processesOf(demo.temporary).length).toBeGreaterThan(1)
    demo.signal('SIGINT')
    const { code, output } = await demo.ended()
    expect(code, output).toBe(130)
    expect(whatIsLeft(demo)).toEqual([])
    expect(readdirSync('/sys/class/net').filter((name) => bridges.includes(name))).toEqual([])
  })
})

test('a machine that cannot be a VPS is told why in one line', async () => {
  const bare = { has: (program: string) => program !== 'dockerd', mayBeRoot: async () => false }
  expect(await lackingForVps(bare)).toBe(
    'This demo starts a dockerd of its own, and lacks root, or sudo without a password, dockerd.',
  )
  expect(await lackingForVps({ has: () => true, mayBeRoot: async () => true })).toBeNull()
})

/** Networks of its containers, which are the machine's. */
const bridgesOf = ({ temporary }: DemoProcess): readonly string[] =>
  readdirSync(temporary)
    .map((entry) => join(temporary, entry, 'docker/daemon.json'))
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      const { 'default-address-pools': pools } = JSON.parse(readFileSync(path, 'utf8'))
      const shown = execFileSync('ip', ['-j', '-4', 'address', 'show', 'to', pools[0].base])
      return JSON.parse(shown.toString()).flatMap(({ ifname }: { ifname?: string }) => ifname ?? [])
    })
