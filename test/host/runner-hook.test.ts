import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { endRecordedIn, runOnRunner } from '../../src/host/runner-hook.ts'
import type { Environment } from '../../src/targets/target.ts'
import { connect, content, folder, forever, isNumberIn, pidIn, running, shells, until } from './place.ts'

describe.each(shells)('a hook on the runner under $name', (shell) => {
  const connection = connect(shell)

  function start(run: string, options: { timeout?: number; env?: Environment; signal?: AbortSignal } = {}) {
    const at = folder()
    const said: string[] = []
    const ended = runOnRunner(connection, {
      hook: { run, where: 'runner', timeout: options.timeout ?? 20_000, env: { FROM: 'hook', ONLY: "it's" } },
      env: { FROM: 'us', ...options.env },
      folder: at,
      signal: options.signal ?? forever,
      clock: systemClock,
      output: (text) => said.push(text),
    })
    ended.catch(() => {})
    return { at, ended, said: () => said.join('') }
  }

  it('gets the environment, and what it says is heard', async () => {
    const hook = start('echo "$FROM $ONLY"; echo err >&2')
    await hook.ended
    expect(hook.said()).toBe("us it's\nerr\n")
    expect(existsSync(join(hook.at, 'pgid'))).toBe(false)
  })

  it('fails with its exit code and its last words', async () => {
    await expect(start('echo broken; exit 9').ended).rejects.toThrow(
      'ended with exit code 9. It said last:\nbroken',
    )
    await expect(start('}').ended).rejects.toThrow('exit code 2')
    await expect(start('sleep 300', { timeout: 1_000 }).ended).rejects.toThrow('did not end within 1 s')
  }, 120_000)

  it('is ended when the run is interrupted', async () => {
    const controller = new AbortController()
    const pids = folder()
    const hook = start(`echo $$ >${pids}/pid; sleep 300`, { signal: controller.signal })
    await until('the hook runs', () => isNumberIn(join(pids, 'pid')))
    controller.abort(new Error('interrupted'))
    await expect(hook.ended).rejects.toThrow('interrupted')
    await until('the hook is ended', () => !running(pidIn(join(pids, 'pid'))))
  }, 120_000)

  it('that was left running is ended by the next step', async () => {
    const pids = folder()
    const hook = start(`echo $$ >${pids}/pid; sleep 300`)
    await until('the hook runs', () => isNumberIn(join(pids, 'pid')))
    expect(content(join(hook.at, 'pgid'))).toMatch(/^\d+ \d+ \S+ end\n$/)
    await endRecordedIn(connection, hook.at, { signal: forever, clock: systemClock })
    expect(running(pidIn(join(pids, 'pid')))).toBe(false)
    await expect(hook.ended).rejects.toThrow()
    await endRecordedIn(connection, hook.at, { signal: forever, clock: systemClock })
  }, 120_000)

  it('leaves a process of its user alone that has nothing to do with it', async () => {
    const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
    onTestFinished(() => void stranger.kill('SIGKILL'))
    await start('true').ended
    expect(running(stranger.pid ?? 0)).toBe(true)
  })
})
