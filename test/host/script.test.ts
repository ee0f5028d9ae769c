import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandFunction, exportText, quote, script } from '../../src/host/script.ts'
import { changeOf, folder, leaseOf, ledgerAt, open, owner, shells } from './place.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      '\\',
      '$',
      '(',
      ')',
      '`',
      '\n',
      '}',
      ';',
      '&',
      '#',
      ' ',
      '!',
      '*',
      '~',
      'a',
      'é',
    ),
  }),
)
const shellText = text.filter((each) => !each.includes('\0') && each.isWellFormed())

describe.each(shells)('$name', ({ path }) => {
  const sh = (command: string) =>
    execFileSync('sh', ['-c', command], { env: { PATH: path }, encoding: 'utf8' })

  it('gives back any quoted text as it was', () => {
    fc.assert(
      fc.property(shellText, (each) => {
        expect(sh(`printf %s ${quote(each)}`)).toBe(each)
      }),
      { numRuns: 60 },
    )
  })

  it('hands any text on in the environment', () => {
    fc.assert(
      fc.property(shellText, (each) => {
        expect(sh(`${exportText({ VALUE: each })}sh -c 'printf %s "$VALUE"'`)).toBe(each)
      }),
      { numRuns: 30 },
    )
  })

  it.each(['}', ')', "'", 'exit 0', 'if', 'fi', '((', '<<EOF', 'return 0', '"'])(
    'goes on after the command %s',
    (run) => {
      const body = `${commandFunction('command', [{ run, env: {} }])}command 2>/dev/null\necho went on`
      const { stdout } = spawnSync('sh', ['-s'], {
        env: { PATH: path },
        encoding: 'utf8',
        input: script(body),
      })
      expect(stdout).toBe('went on\n')
    },
  )

  it('stops at the first command of a list that fails, and at the first failing line of a command', () => {
    const run = (...commands: string[]) =>
      spawnSync('sh', ['-s'], {
        env: { PATH: path },
        encoding: 'utf8',
        input: script(
          `${commandFunction(
            'all',
            commands.map((each) => ({ run: each, env: {} })),
          )}all`,
        ),
      })
    expect(run('echo one', 'echo two; false; echo three', 'echo four')).toMatchObject({
      status: 1,
      stdout: 'one\ntwo\n',
    })
    expect(run('echo "$UNSET_NAME"; echo two').status).not.toBe(0)
  })

  it('does nothing when it is cut anywhere', async () => {
    const directory = folder()
    const lease = leaseOf(await ledgerAt(directory).acquire(owner('n-1'), open))
    const effect = join(directory, 'effect')
    const whole = changeOf({ directory, lease, run: `touch ${effect}`, onClientDeath: 'finish' })
    const step = Math.max(1, Math.floor(whole.length / 150))
    const cuts = [...Array.from({ length: 60 }, (_, back) => whole.length - 2 - back)]
    for (let cut = 0; cut < whole.length - 1; cut += step) cuts.push(cut)
    for (const cut of cuts) {
      spawnSync('sh', ['-s'], { env: { PATH: path }, input: whole.slice(0, cut) })
      expect(existsSync(effect), `cut at ${cut} of ${whole.length}`).toBe(false)
    }
    spawnSync('sh', ['-s'], { env: { PATH: path }, input: whole })
    expect(existsSync(effect)).toBe(true)
  }, 120_000)
})

it('refuses what no shell can take', () => {
  expect(() => quote('a\0b')).toThrow('NUL')
  expect(() => exportText({ 'A;B': 'x' })).toThrow('"A;B"')
})
