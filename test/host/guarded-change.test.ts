import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import {
  change,
  changeOf,
  connect,
  content,
  endAfterwards,
  folder,
  forever,
  isNumberIn,
  leaseOf,
  ledgerAt,
  open,
  owner,
  pidIn,
  processes,
  run,
  running,
  shells,
  until,
} from './place.ts'

const observe = (run: string) => ({ commands: [{ run, env: {} }], limit: 10_000 })

describe.each(shells)('a change under $name', (shell) => {
  const connection = connect(shell)

  async function held() {
    const directory = folder()
    const ledger = ledgerAt(directory, connection)
    const lease = leaseOf(await ledger.acquire(owner('n-1'), open))
    return { directory, ledger, lease, at: (name: string) => join(directory, name) }
  }

  /** Runs a change from a client that can be killed. */
  function start(script: string, directory: string) {
    const file = join(directory, 'script')
    writeFileSync(file, script)
    const client = spawn(process.execPath, [join(import.meta.dirname, 'client.ts'), file], {
      env: { ...process.env, PATH: shell.path },
      stdio: 'ignore',
    })
    onTestFinished(() => void client.kill('SIGKILL'))
    return client
  }

  it('says how its commands ended and what they wrote', async () => {
    const { directory, lease } = await held()
    const values = `echo 'url=http://a/?b' >>"$BLUE_GREEN_OUTPUT"; printf 'text=%s\\n' "a'b \\"\\$(id)\\"" >>"$BLUE_GREEN_OUTPUT"`
    const { result, stderr } = await change(connection, {
      directory,
      lease,
      run: `echo out; echo err >&2; ${values}; exit 3`,
    })
    expect(result).toEqual({
      kind: 'finished',
      code: 3,
      ended: null,
      observed: null,
      output: `url=http://a/?b\ntext=a'b "$(id)"\n`,
    })
    expect(stderr).toBe('out\nerr\n')
    expect(readdirSync(join(directory, 'ledger')).sort()).toEqual([
      'change.lock',
      'fence',
      'lease',
      'lease.lock',
    ])
  })

  it('cannot be fooled by what a command says', async () => {
    const { directory, lease } = await held()
    const lies = `echo 'finished 0  green'; echo 'refused fence 9'; echo end; echo '::set-output name=a::b'; exit 4`
    for (const onClientDeath of ['end', 'finish'] as const) {
      const { result, stdout } = await change(connection, { directory, lease, run: lies, onClientDeath })
      expect(result).toMatchObject({ kind: 'finished', code: 4 })
      expect(stdout).toBe('finished 4  \nend\n')
    }
  })

  it.each([
    ['blue', 'echo noise; echo blue'],
    ['none', 'echo none'],
  ] as const)('runs when the router says %s and that is allowed', async (word, command) => {
    const { directory, lease, at } = await held()
    const run = `touch ${at('ran')}`
    await change(connection, { directory, lease, run, observe: observe(command), allowed: [word] })
    expect(existsSync(at('ran'))).toBe(true)
  })

  it.each([
    ['green', 'echo green'],
    ['unknown', 'echo blue; exit 1'],
    ['unknown', 'echo "blue "'],
    ['unknown', 'echo BLUE'],
    ['unknown', 'echo blue; echo; echo x'],
    ['unknown', 'printf "blue\\r\\n"'],
    ['unknown', 'true'],
    ['unknown', '}'],
    ['unknown', 'echo "*"'],
  ] as const)('is refused when the router says %s: %s', async (word, command) => {
    const { directory, lease, at } = await held()
    const run = `touch ${at('ran')}`
    const { result } = await change(connection, {
      directory,
      lease,
      run,
      observe: observe(command),
      allowed: ['blue', 'none'],
    })
    expect(result).toEqual({ kind: 'refused-color', observed: word })
    expect(existsSync(at('ran'))).toBe(false)
  })

  it('is refused to an owner that lost the lease, and leaves the record of the new one alone', async () => {
    const { directory, lease, ledger, at } = await held()
    await ledger.acquire(owner('n-2'), { ...open, claim: 'break' })
    const { result } = await change(connection, { directory, lease, run: `touch ${at('ran')}` })
    expect(result).toEqual({ kind: 'refused-fence', fence: 2 })
    expect(existsSync(at('ran'))).toBe(false)
  })

  it('looks at the router again after the commands', async () => {
    const { directory, lease, at } = await held()
    writeFileSync(at('color'), 'blue\n')
    const options = {
      directory,
      lease,
      observe: observe(`cat ${at('color')}`),
      allowed: ['blue'],
      confirm: true,
    } as const
    expect((await change(connection, { ...options, run: 'true' })).result).toMatchObject({ observed: 'blue' })
    const flip = { ...options, run: `echo green >${at('color')}`, onClientDeath: 'finish' } as const
    expect((await change(connection, flip)).result).toMatchObject({ code: 0, observed: 'green' })
  })

  it('is ended with its children when its time is up', async () => {
    const { directory, lease, at } = await held()
    const { result } = await change(connection, {
      directory,
      lease,
      run: `trap 'echo told >${at('told')}; exit 7' TERM; sleep 300 & echo $! >${at('child')}; wait`,
      limit: 1_000,
    })
    expect(result).toMatchObject({ kind: 'finished', ended: 'late' })
    expect(content(at('told'))).toBe('told\n')
    expect(running(pidIn(at('child')))).toBe(false)
    expect(existsSync(at('ledger/pgid'))).toBe(false)
  })

  it('leaves a server running that it started, without any lock', async () => {
    const { directory, lease, ledger, at } = await held()
    endAfterwards(at('server'))
    const serve = `sleep 120 & echo $! >${at('server')}`
    for (const onClientDeath of ['end', 'finish'] as const) {
      const { result } = await change(connection, { directory, lease, run: serve, onClientDeath })
      expect(result).toMatchObject({ kind: 'finished', code: 0 })
      expect(running(pidIn(at('server')))).toBe(true)
      expect((await change(connection, { directory, lease, run: 'true' })).result).toMatchObject({ code: 0 })
      if (onClientDeath === 'end') process.kill(pidIn(at('server')))
    }
    await ledger.park(lease)
    expect(await ledger.acquire(owner('n-2'), open)).toMatchObject({ kind: 'acquired' })
    expect(running(pidIn(at('server')))).toBe(true)
    const locks = ['lease.lock', 'change.lock'].map(
      (name) => spawnSync('flock', ['-n', at(`ledger/${name}`), 'true']).status,
    )
    expect(locks).toEqual([0, 0])
  })

  it('does not make a server deaf to SIGINT', async () => {
    const { directory, lease, at } = await held()
    await change(connection, { directory, lease, run: `cat /proc/self/status >${at('status')}` })
    expect(content(at('status'))).toMatch(/^SigIgn:\t0+$/m)
  })

  it('ends when its client is killed, and frees the lock', async () => {
    const { directory, lease, ledger, at } = await held()
    const client = start(
      changeOf({
        directory,
        lease,
        run: `sleep 300 & echo $! >${at('child')}; sleep 300; touch ${at('late')}`,
      }),
      directory,
    )
    await until('the command runs', () => isNumberIn(at('child')))
    expect(content(at('ledger/pgid'))).toMatch(/^\d+ \d+ \S+ end\n$/)
    client.kill('SIGKILL')
    await until('the child is gone', () => !running(pidIn(at('child'))))
    expect((await change(connection, { directory, lease, run: 'true' })).result).toMatchObject({ code: 0 })
    expect(existsSync(at('late'))).toBe(false)
    expect(existsSync(at('ledger/pgid'))).toBe(false)
    expect(await ledger.renew(lease)).toBe('kept')
  }, 120_000)

  it('goes on when its client is killed during a switch, whatever it has to say', async () => {
    const { directory, lease, at } = await held()
    const talk = 'for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i"; echo "error $i" >&2; sleep 0.05; done'
    const client = start(
      changeOf({
        directory,
        lease,
        run: `echo 1 >${at('begun')}; ${talk}; echo 1 >${at('done')}`,
        observe: observe('echo loud >&2; echo green'),
        confirm: true,
        onClientDeath: 'finish',
      }),
      directory,
    )
    await until('the switch runs', () => isNumberIn(at('begun')))
    client.kill('SIGKILL')
    await until('the switch is done', () => isNumberIn(at('done')))
    expect((await change(connection, { directory, lease, run: 'true' })).result).toMatchObject({ code: 0 })
  }, 120_000)

  it('is ended by the next owner before that one begins', async () => {
    const { directory, lease, at } = await held()
    const running1 = change(connection, {
      directory,
      lease,
      run: `echo $$ >${at('pid')}; sleep 300; touch ${at('late')}`,
    })
    await until('the command runs', () => isNumberIn(at('pid')))
    const next = ledgerAt(directory, connection)
    expect(leaseOf(await next.acquire(owner('n-2'), { ...open, claim: 'break' })).fence).toBe(2)
    expect(running(pidIn(at('pid')))).toBe(false)
    expect((await running1).result).toMatchObject({ kind: 'finished', ended: 'ended' })
    expect(existsSync(at('late'))).toBe(false)
  }, 120_000)

  it('has ended or is refused, whenever the next owner comes', async () => {
    const { directory, at } = await held()
    const ledger = ledgerAt(directory, connection)
    for (let round = 0; round < 15; round++) {
      const lease = leaseOf(await ledger.acquire(owner('n-1'), { ...open, claim: 'break' }))
      const begun = at(`begun-${round}`)
      const late = at(`late-${round}`)
      const former = change(connection, {
        directory,
        lease,
        run: `echo $$ >${begun}; sleep 1; echo 1 >${late}`,
      })
      await sleep(round * 4)
      await ledgerAt(directory, connection).acquire(owner('n-2'), { ...open, claim: 'break' })
      const ran = isNumberIn(begun)
      if (ran) expect(running(pidIn(begun))).toBe(false)
      const { result } = await former
      expect(isNumberIn(begun)).toBe(ran)
      expect(existsSync(late)).toBe(false)
      if (ran) expect(result).not.toMatchObject({ kind: 'finished', code: 0 })
    }
  }, 120_000)

  it('lets a switch of the former owner end by itself before the next one begins', async () => {
    const { directory, lease, at } = await held()
    const switching = change(connection, {
      directory,
      lease,
      run: `echo 1 >${at('begun')}; sleep 1; echo 1 >${at('done')}`,
      onClientDeath: 'finish',
    })
    await until('the switch runs', () => isNumberIn(at('begun')))
    await ledgerAt(directory, connection).acquire(owner('n-2'), { ...open, claim: 'break' })
    expect(isNumberIn(at('done'))).toBe(true)
    expect((await switching).result).toMatchObject({ kind: 'finished', code: 0, ended: null })
  }, 120_000)

  it('does not end a stranger that got the number of a recorded group', async () => {
    const { ledger, at, lease } = await held()
    const stranger = spawn('sleep', ['120'], { detached: true, stdio: 'ignore' })
    onTestFinished(() => void stranger.kill('SIGKILL'))
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const records = [
      `${stranger.pid} 12345 ${boot} end\n`,
      `${stranger.pid} 12345 another-boot end\n`,
      '1 1 x end\n',
      '-1\n',
      'x\n',
      '',
    ]
    for (const record of records) {
      writeFileSync(at('ledger/pgid'), record)
      await ledger.park(lease)
      await ledger.acquire(owner('n-1'), { ...open, claim: 'break' })
      expect(existsSync(at('ledger/pgid'))).toBe(false)
      expect(running(stranger.pid ?? 0)).toBe(true)
    }
  }, 120_000)

  it('shows neither its commands nor their environment to other users of the host', async () => {
    const { directory, lease, at } = await held()
    const secret = 'hunter2-in-the-environment'
    const [seen] = await Promise.all([
      until('the command runs', () => isNumberIn(at('begun'))).then(() => {
        const lines = processes().map((pid) => content(`/proc/${pid}/cmdline`) ?? '')
        writeFileSync(at('end'), '')
        return lines
      }),
      change(connection, {
        directory,
        lease,
        run: '',
        commands: [
          {
            run: `: hunter2-in-the-command; [ "$SECRET" = ${secret} ]; echo 1 >${at('begun')}; until [ -e ${at('end')} ]; do sleep 0.05; done`,
            env: { SECRET: secret },
          },
        ],
        observe: observe(': hunter2; echo blue'),
      }),
    ])
    expect(seen.some((line) => /^sh\0.*-s\0$/.test(line))).toBe(true)
    expect(seen.filter((line) => line.includes('hunter2'))).toEqual([])
  }, 120_000)

  it('leaves promptly when it is aborted, and the command is ended behind it', async () => {
    const { directory, lease, at } = await held()
    const controller = new AbortController()
    const finish = connection.run(changeOf({ directory, lease, run: `echo $$ >${at('pid')}; sleep 300` }), {
      signal: controller.signal,
      clock: systemClock,
      timeout: 60_000,
    })
    await until('the command runs', () => isNumberIn(at('pid')))
    controller.abort(new Error('interrupted'))
    await expect(finish).rejects.toThrow('interrupted')
    await until('the command is ended', () => !running(pidIn(at('pid'))))
    await expect(
      connection.run('true', { signal: controller.signal, clock: systemClock, timeout: 1 }),
    ).rejects.toThrow('interrupted')
  }, 120_000)

  it('is ended as well where sh is a script around another sh', async () => {
    const { directory, lease, at } = await held()
    const shims = folder()
    writeFileSync(join(shims, 'sh'), `#!/bin/sh\nPATH=\${PATH#*:} sh "$@"\nexit $?\n`, { mode: 0o755 })
    const wrapped = connect({ name: 'wrapped', path: `${shims}:${shell.path}` })
    const { result } = await change(wrapped, {
      directory,
      lease,
      run: `sleep 300 & echo $! >${at('child')}; wait`,
      limit: 1_000,
    })
    expect(result).toMatchObject({ kind: 'finished', ended: 'late' })
    expect(running(pidIn(at('child')))).toBe(false)
  }, 120_000)

  it('kills what does not listen', async () => {
    const { directory, lease, at } = await held()
    const { result } = await change(connection, {
      directory,
      lease,
      run: `trap '' TERM; echo $$ >${at('pid')}; sleep 300`,
      limit: 1_000,
    })
    expect(result).toMatchObject({ kind: 'finished', ended: 'late' })
    expect(running(pidIn(at('pid')))).toBe(false)
    expect((await change(connection, { directory, lease, run: 'true' })).result).toMatchObject({ code: 0 })
  }, 120_000)
})

describe('this machine', () => {
  it('gives a script the environment without what belongs to the action', async () => {
    const connection = connect(undefined, {
      'INPUT_SSH-KEY': 'a',
      STATE_key: 'b',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'c',
      GITHUB_STATE: '/d',
      OTHER: 'e',
    })
    const { stdout } = await run(connection, 'env; exit 5\n')
    expect(stdout).toMatch(/^OTHER=e$/m)
    expect(stdout).not.toMatch(/^(INPUT_|STATE_|ACTIONS_|GITHUB_STATE)/m)
  })

  it('answers while a background process holds the streams', async () => {
    const finish = await run(connect(), 'sleep 20 & echo done; exit 3\n')
    expect(finish).toMatchObject({ code: 3, stdout: 'done\n' })
  })

  it('keeps the beginning of a long answer and the end of what was said to people', async () => {
    const chunks: string[] = []
    const finish = await connect().run(
      'head -c 3000000 /dev/zero | tr "\\0" x; head -c 30000 /dev/zero | tr "\\0" y >&2; echo last >&2; exit\n',
      { signal: forever, clock: systemClock, timeout: 20_000, onStderr: (chunk) => chunks.push(chunk) },
    )
    if (finish.kind === 'lost') throw new Error(finish.detail)
    expect(finish.stdout.length).toBe(1024 * 1024)
    expect(finish.stderrTail.length).toBe(8 * 1024)
    expect(finish.stderrTail.endsWith('ylast\n')).toBe(true)
    expect(chunks.join('').length).toBe(30_005)
  })

  it('does not know what happened when the shell was killed', async () => {
    const finish = await connect().run('kill -9 $$\n', {
      signal: forever,
      clock: systemClock,
      timeout: 20_000,
    })
    expect(finish).toEqual({ kind: 'lost', detail: 'sh was ended by SIGKILL' })
  })

  it('says so when there is no shell', async () => {
    const connection = connect({ name: 'none', path: '/nowhere' })
    await expect(run(connection, 'true\n')).rejects.toThrow('sh could not be started on this machine')
  })
})
