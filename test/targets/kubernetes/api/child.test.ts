import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/clock.ts'
import { startKubectl } from '../../../../src/targets/kubernetes/api/child.ts'
import { fitsSocket, kubectlProxy } from '../../../../src/targets/kubernetes/api/proxy.ts'
import { fakeKubectl, folder, isRunning } from './place.ts'

const patience = 10_000

/** It says who it is, starts a program as those that fetch credentials, and stays. */
const staying = 'sleep 300 & echo "$$ $! here"; wait'

const pidsIn = (match: RegExpExecArray | null) => [Number(match?.[1]), Number(match?.[2])]

function start(script: string, command: readonly string[] = []) {
  const child = startKubectl(fakeKubectl(script), command, systemClock)
  onTestFinished(() => child.end())
  return child
}

describe('a kubectl that stays', () => {
  it('is told which cluster, and what to do', async () => {
    const child = start('echo "told: $*"; exec sleep 300', ['proxy', `it's`])
    expect((await child.printed(/^told: (.*)$/m, patience))?.[1]).toBe(`--context=prod proxy it's`)
  })

  it('ends with all that it started', async () => {
    const child = start(staying)
    const pids = pidsIn(await child.printed(/(\d+) (\d+) here/, patience))
    expect(pids.map(isRunning)).toEqual([true, true])
    await child.end()
    expect(child.isRunning).toBe(false)
    await expect.poll(() => pids.map(isRunning)).toEqual([false, false])
    await child.end()
  })

  it('ends although it does not want to', async () => {
    const child = start(`trap '' TERM; echo "$$ 1 here"; while :; do sleep 1; done`)
    const [pid = 0] = pidsIn(await child.printed(/(\d+) (\d+) here/, patience))
    await child.end()
    expect(isRunning(pid)).toBe(false)
  })

  it('says why it ended by itself', async () => {
    const child = start('echo "cannot log in" >&2; exit 1')
    expect(await child.printed(/never/, patience)).toBeNull()
    expect(child.isRunning).toBe(false)
    expect(child.lastWords()).toBe('cannot log in')
  })

  it('is not waited for beyond its time', async () => {
    expect(await start('exec sleep 300').printed(/never/, 100)).toBeNull()
  })

  it('that is not there is said to be missing', async () => {
    const child = startKubectl(
      { program: '/nowhere/kubectl', words: [], environment: process.env },
      [],
      systemClock,
    )
    expect(await child.printed(/never/, patience)).toBeNull()
    expect(child.lastWords()).toMatch(/kubectl.*not found/)
    await child.end()
  })

  it('ends when the process that started it is killed, and so does its folder', async () => {
    const { program } = fakeKubectl(staying)
    const own = folder()
    writeFileSync(join(own, 'kubeconfig'), 'a token')
    const source = join(import.meta.dirname, '../../../../src')
    const script = `
      const { startKubectl } = await import('${source}/targets/kubernetes/api/child.ts')
      const { systemClock } = await import('${source}/clock.ts')
      const kubectl = { program: '${program}', words: [], environment: process.env, folder: '${own}' }
      const child = startKubectl(kubectl, [], systemClock)
      console.log((await child.printed(/.* here/, 10_000))?.[0])`
    const ours = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void ours.kill('SIGKILL'))
    const [chunk] = await once(ours.stdout, 'data')
    const pids = pidsIn(/(\d+) (\d+) here/.exec(String(chunk)))
    expect(pids.map(isRunning)).toEqual([true, true])
    ours.kill('SIGKILL')
    await expect.poll(() => pids.map(isRunning), { timeout: patience }).toEqual([false, false])
    await expect.poll(() => existsSync(own), { timeout: patience }).toBe(false)
  })
})

describe('a proxy', () => {
  /** Each start leaves a line; it listens as little as it may. */
  const listening = (log: string) => `echo "$*" >>'${log}'; echo "Starting to serve on x"; exec sleep 300`

  it('is started once, however many ask at the same time', async () => {
    const at = folder()
    const log = join(at, 'log')
    const proxy = kubectlProxy(fakeKubectl(listening(log)), at, systemClock)
    onTestFinished(() => proxy.close())
    const paths = await Promise.all([proxy.open(), proxy.open(), proxy.open()])
    expect(new Set(paths)).toEqual(new Set([join(at, 'api.sock')]))
    await proxy.open()
    expect(readFileSync(log, 'utf8')).toBe(`--context=prod proxy --unix-socket=${join(at, 'api.sock')}\n`)
  })

  it('that died is started anew, without what it left', async () => {
    const at = folder()
    const log = join(at, 'log')
    const proxy = kubectlProxy(
      fakeKubectl(`echo "$$" >>'${log}'; ${listening('/dev/null')}`),
      at,
      systemClock,
    )
    onTestFinished(() => proxy.close())
    writeFileSync(await proxy.open(), '')
    const pid = Number(readFileSync(log, 'utf8'))
    process.kill(pid, 'SIGKILL')
    const starts = async () => {
      await proxy.open()
      return readFileSync(log, 'utf8').trim().split('\n').length
    }
    await expect.poll(starts).toBe(2)
    expect(existsSync(join(at, 'api.sock'))).toBe(false)
  })

  it('that cannot start says why, and is tried again the next time', async () => {
    const at = folder()
    const proxy = kubectlProxy(fakeKubectl('echo "no such user" >&2; exit 1'), at, systemClock)
    onTestFinished(() => proxy.close())
    await expect(proxy.open()).rejects.toThrow('kubectl proxy did not start. no such user')
    await expect(proxy.open()).rejects.toThrow('no such user')
  })

  it('that was closed stays closed', async () => {
    const at = folder()
    const proxy = kubectlProxy(fakeKubectl(listening('/dev/null')), at, systemClock)
    await proxy.open()
    await proxy.close()
    await expect(proxy.open()).rejects.toThrow('closed')
  })

  it('knows which folder is too deep for its socket', () => {
    expect(['x'.repeat(98), 'x'.repeat(99), 'é'.repeat(50)].map(fitsSocket)).toEqual([true, false, false])
  })
})
