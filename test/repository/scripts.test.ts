import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from './root.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'programs-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program in front of the machine's own. */
function put(name: string, script: string): void {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

function run(command: readonly string[], { CI = '', input = '' } = {}) {
  const [script = '', ...options] = command
  const { status, stdout, stderr } = spawnSync('sh', [join(root, 'scripts', script), ...options], {
    encoding: 'utf8',
    env: { ...process.env, CI, PATH: `${folder}:${process.env.PATH}` },
    input,
  })
  return { status, stdout, stderr }
}

describe('run.sh', () => {
  it('says in one sentence that it takes Linux', () => {
    put('uname', 'echo Darwin')
    const { status, stderr } = run(['run.sh', 'true'])
    expect(status).toBe(1)
    expect(stderr).toMatch(/^To work on this action takes Linux: .*\n$/)
  })

  it('runs with Node 24 whatever Node there is', () => {
    put('node', 'echo v20.0.0')
    expect(run(['run.sh', 'node', '--version']).stdout).toMatch(/^v24\./)
  })

  it('fails as its command does', () => {
    expect(run(['run.sh', 'sh', '-c', 'exit 3']).status).toBe(3)
  })
})

describe('programs.sh', () => {
  const wanted = ['programs.sh', 'blue-green-test-program:some-package']
  const program = () => join(folder, 'blue-green-test-program')

  function packageIn({ rootOnly }: { rootOnly: boolean }): void {
    const guard = rootOnly ? '[ "$BY_SUDO" ] || exit 100' : ''
    put('apt-get', `${guard}\ncase "$*" in *install*some-package*) cp "$0" ${program()} ;; esac`)
  }

  it('installs the package as root', () => {
    put('id', 'echo 0')
    packageIn({ rootOnly: false })
    const { status, stderr } = run(wanted, { CI: 'true' })
    expect(status, stderr).toBe(0)
    expect(existsSync(program())).toBe(true)
  })

  it('installs the package by sudo', () => {
    put('id', 'echo 1000')
    put('sudo', '[ "$1" = -n ] || exit 1\nshift\nBY_SUDO=1 exec "$@"')
    packageIn({ rootOnly: true })
    const { status, stderr } = run(wanted, { CI: 'true' })
    expect(status, stderr).toBe(0)
    expect(existsSync(program())).toBe(true)
  })

  it('asks nobody for what is there', () => {
    put('blue-green-test-program', '')
    put('apt-get', 'exit 100')
    expect(run(wanted, { CI: 'true' })).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  describe('where nobody may install', () => {
    beforeEach(() => {
      put('id', 'echo 1000')
      put('sudo', 'echo "sudo: a password is required" >&2; exit 1')
      packageIn({ rootOnly: true })
    })

    it('names what is missing and goes on', () => {
      const { status, stderr } = run(wanted)
      expect(status).toBe(0)
      expect(stderr).toMatch(/^Not installed: some-package\. .*sudo apt-get install some-package$/m)
    })

    it('fails in CI, with the reason', () => {
      const { status, stderr } = run(wanted, { CI: 'true' })
      expect(status).toBe(1)
      expect(stderr).toContain('sudo: a password is required')
    })
  })
})

describe('moving-tags.sh', () => {
  it.each([
    ['the first release', [], 'v1.0.0', ['v1', 'v1.0']],
    ['the newest', ['v1.0.0', 'v1', 'v1.0'], 'v1.1.0', ['v1', 'v1.1']],
    ['compared as numbers', ['v1.9.0'], 'v1.10.0', ['v1', 'v1.10']],
    ['a fix of an older line', ['v1.2.0', 'v1.3.0', 'v2.0.0'], 'v1.2.1', ['v1.2']],
    ['an older major beside a newer one', ['v1.2.0', 'v2.0.0'], 'v1.2.1', ['v1', 'v1.2']],
    ['tags of other kinds', ['v1.9.0-beta', 'nightly', 'v10.2.9'], 'v1.2.0', ['v1', 'v1.2']],
    ['a release of the past, run again', ['v1.0.0', 'v1.0.1'], 'v1.0.0', []],
  ])('%s', (_, tags, release, moved) => {
    const { stdout, status } = run(['moving-tags.sh', release], { input: tags.join('\n') })
    expect(stdout.split('\n').filter(Boolean)).toEqual(moved)
    expect(status).toBe(0)
  })
})
