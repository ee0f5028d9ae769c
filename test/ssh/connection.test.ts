import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { startCutProxy } from '../bed/cut-proxy.ts'
import { type Folder, temporaryFolder } from '../bed/folder.ts'
import { type Sshd, startSshd } from '../bed/sshd.ts'
import {
  change,
  content,
  endAfterwards,
  folder,
  isNumberIn,
  leaseOf,
  ledgerAt,
  open,
  owner,
  pidIn,
  running,
  until,
} from '../host/place.ts'
import { lacks } from '../programs.ts'
import { connectTo, runOn, said, settingsFor, trusting } from './place.ts'

const sessionsIn = (log: string) => log.split('Starting session').length - 1
const loginsIn = (log: string) => log.split('Accepted publickey').length - 1

describe.skipIf(lacks('sshd', 'ssh-keygen', 'setsid', 'flock'))('a connection over SSH', () => {
  let place: Folder
  let sshd: Sshd
  beforeAll(async () => {
    place = await temporaryFolder()
    sshd = await startSshd({ folder: join(place.path, 'sshd') })
  })
  afterAll(async () => {
    await sshd?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const throughProxy = async () => {
    const proxy = await startCutProxy(sshd.port)
    const settings = settingsFor(sshd, {
      host: { user: sshd.user, host: '127.0.0.1', port: proxy.port },
      trusted: trusting(sshd.knownHosts.replace(String(sshd.port), String(proxy.port))),
    })
    return { proxy, settings }
  }

  it('gives the exit code, all output and the end of stderr, as it comes', async () => {
    const heard: string[] = []
    const finish = await connectTo(settingsFor(sshd)).run("printf 'é %s' 1; echo oops >&2; exit 3\n", {
      signal: new AbortController().signal,
      timeout: 30_000,
      clock: systemClock,
      onStderr: (chunk) => heard.push(chunk),
    })
    expect(finish).toEqual({ kind: 'exited', code: 3, stdout: 'é 1', stderrTail: 'oops\n', timedOut: false })
    expect(heard.join('')).toBe('oops\n')
  })

  it('has a shell ready for the next script, which goes with the connection', async () => {
    await using own = await startSshd({ folder: join(place.path, 'spare') })
    const connection = connectTo(settingsFor(own))
    for (const word of ['one', 'two', 'three'])
      expect(await said(connection, `echo ${word}\n`)).toBe(`${word}\n`)
    await until('one shell waits', () => own.running().length === 1)
    expect(sessionsIn(own.log())).toBe(4)
    await connection.close()
    await until('nothing is left', () => own.running().length === 0)
  })

  it('runs a hundred scripts at once over one connection, whose server takes ten sessions', async () => {
    const before = sshd.log()
    const connection = connectTo(settingsFor(sshd))
    const numbers = [...Array(100).keys()].map(String)
    const answers = await Promise.all(numbers.map((number) => said(connection, `echo ${number}\n`)))
    expect(answers).toEqual(numbers.map((number) => `${number}\n`))
    // One more waits for the next script.
    expect(sessionsIn(sshd.log()) - sessionsIn(before)).toBeLessThanOrEqual(101)
    expect(loginsIn(sshd.log()) - loginsIn(before)).toBe(1)
  }, 120_000)

  it('waits for a session when others hold them all', async () => {
    const path = folder()
    const narrow = await startSshd({ folder: join(path, 'sshd'), config: 'MaxSessions 1' })
    try {
      const connection = connectTo(settingsFor(narrow))
      const first = said(connection, `until [ -e '${path}/go' ]; do sleep 0.05; done; echo first\n`)
      await until('the first runs', () => sessionsIn(narrow.log()) === 1)
      const second = said(connection, 'echo second\n')
      await until('the second is turned away', () => narrow.log().includes('no more sessions'))
      await said(connectTo(settingsFor(narrow)), `: >'${path}/go'\n`)
      expect(await Promise.all([first, second])).toEqual(['first\n', 'second\n'])
    } finally {
      await narrow[Symbol.asyncDispose]()
    }
  })

  it('keeps what start-up files of a login shell say out of the answer', async () => {
    const path = folder()
    const chatty = await startSshd({
      folder: join(path, 'sshd'),
      config: `ForceCommand echo 'Welcome!'; eval "$SSH_ORIGINAL_COMMAND"`,
    })
    try {
      expect(await said(connectTo(settingsFor(chatty)), 'echo blue\n')).toBe('blue\n')
    } finally {
      await chatty[Symbol.asyncDispose]()
    }
  })

  it('says so when the login shell runs nothing', async () => {
    const closed = await startSshd({
      folder: join(folder(), 'sshd'),
      config: `ForceCommand echo 'This account is closed.'; exit 1`,
    })
    try {
      await expect(runOn(connectTo(settingsFor(closed)), 'echo blue\n')).rejects.toThrow(
        /ran nothing: .* exit code 1 .*This account is closed/,
      )
    } finally {
      await closed[Symbol.asyncDispose]()
    }
  })

  it('has not run a script whose beginning alone arrived', async () => {
    const path = folder()
    const connection = connectTo(settingsFor(sshd))
    const finish = await runOn(connection, `main() {\n: >'${path}/ran'\n`, { timeout: 3_000 })
    expect(finish).toMatchObject({ kind: 'exited', code: 2 })
    expect(content(join(path, 'ran'))).toBeNull()
  })

  it('tells a script by the end of its stdin that its time is over', async () => {
    const finish = await runOn(connectTo(settingsFor(sshd)), 'cat; echo over; exit 7\n', { timeout: 3_000 })
    expect(finish).toMatchObject({ kind: 'exited', code: 7, stdout: 'over\n', timedOut: true })
  })

  it('rejects at once when aborted, and what ran for us is ended', async () => {
    const path = folder()
    const connection = connectTo(settingsFor(sshd))
    const ledger = ledgerAt(path, connection)
    const lease = leaseOf(await ledger.acquire(owner('a'), open))
    const abort = new AbortController()
    const { guardedChangeScript } = await import('../../src/host/guarded-change.ts')
    const script = guardedChangeScript({
      directory: path,
      lease,
      commands: [{ run: `echo $$ >'${path}/pid'; exec sleep 300`, env: {} }],
      limit: 60_000,
      observe: null,
      allowed: null,
      confirm: false,
      onClientDeath: 'end',
      lenient: false,
      record: null,
      forget: [],
    })
    endAfterwards(join(path, 'pid'))
    const work = runOn(connection, script, { signal: abort.signal })
    await until('the command runs', () => isNumberIn(join(path, 'pid')))
    abort.abort(new Error('enough'))
    await expect(work).rejects.toThrow('enough')
    await until('it is ended', () => !running(pidIn(join(path, 'pid'))))
    expect(await said(connection, 'echo still here\n')).toBe('still here\n')
  })

  it('calls a script lost whose connection was cut, and connects anew for the next', async () => {
    const path = folder()
    const { proxy, settings } = await throughProxy()
    await using _ = proxy
    const connection = connectTo(settings)
    const work = runOn(connection, `: >'${path}/begun'; sleep 300 </dev/null\n`, { timeout: 60_000 })
    await until('it runs', () => content(join(path, 'begun')) !== null)
    proxy.cut()
    expect(await work).toMatchObject({
      kind: 'lost',
      detail: expect.stringMatching(/ECONNRESET|closed|broke/),
    })
    expect(await said(connection, 'echo again\n')).toBe('again\n')
    expect(proxy.connections).toBe(2)
  })

  it('ends a change whose connection was cut; a new owner finds the place free', async () => {
    const path = folder()
    const { proxy, settings } = await throughProxy()
    await using _ = proxy
    const connection = connectTo(settings)
    const lease = leaseOf(await ledgerAt(path, connection).acquire(owner('a'), open))
    endAfterwards(join(path, 'pid'))
    const work = change(connection, {
      directory: path,
      lease,
      run: `echo $$ >'${path}/pid'; exec sleep 300`,
    }).catch((error: unknown) => error)
    await until('the command runs', () => isNumberIn(join(path, 'pid')))
    proxy.cut()
    expect(await work).toBeInstanceOf(Error)
    await until('it is ended', () => !running(pidIn(join(path, 'pid'))))
    const next = await ledgerAt(path, connection).acquire(owner('b'), { claim: 'break', unchangedMark: null })
    expect(next).toMatchObject({ kind: 'acquired', lease: { fence: lease.fence + 1 } })
  })

  it('lets a switch finish whose connection was cut', async () => {
    const path = folder()
    const { proxy, settings } = await throughProxy()
    await using _ = proxy
    const connection = connectTo(settings)
    const lease = leaseOf(await ledgerAt(path, connection).acquire(owner('a'), open))
    const work = change(connection, {
      directory: path,
      lease,
      run: `: >'${path}/begun'; until [ -e '${path}/go' ]; do echo waiting; sleep 0.05; done; : >'${path}/switched'`,
      onClientDeath: 'finish',
    }).catch((error: unknown) => error)
    await until('the switch is under way', () => content(join(path, 'begun')) !== null)
    proxy.cut()
    expect(await work).toBeInstanceOf(Error)
    await said(connection, `: >'${path}/go'\n`)
    await until('it has finished', () => content(join(path, 'switched')) !== null)
  })

  it('goes on trying while nobody is there', async () => {
    const { proxy, settings } = await throughProxy()
    await using _ = proxy
    proxy.close(true)
    const work = said(connectTo(settings), 'echo at last\n')
    setTimeout(() => proxy.close(false), 600)
    expect(await work).toBe('at last\n')
  })

  it('notices a server that is frozen', async () => {
    const own = await startSshd({ folder: join(folder(), 'sshd') })
    try {
      const connection = connectTo(settingsFor(own), 200)
      expect(await said(connection, 'echo fine\n')).toBe('fine\n')
      const work = runOn(connection, 'sleep 5 </dev/null\n')
      await until('it runs', () => sessionsIn(own.log()) === 2)
      own.freeze()
      expect(await work).toEqual({ kind: 'lost', detail: 'Keepalive timeout' })
    } finally {
      await own[Symbol.asyncDispose]()
    }
  })

  it('shows neither script nor key in any argument list', async () => {
    const path = folder()
    const connection = connectTo(settingsFor(sshd))
    const work = said(
      connection,
      `: >'${path}/begun'; word=s3cr3t-in-a-script; until [ -e '${path}/go' ]; do sleep 0.05; done\n`,
    )
    await until('it runs', () => content(join(path, 'begun')) !== null)
    const lines = commandLines()
    await said(connection, `: >'${path}/go'\n`)
    await work
    const secrets = ['s3cr3t-in-a-script', ...sshd.key.split('\n').filter((line) => line.length > 20)]
    expect(lines.some((line) => line.includes('sshd'))).toBe(true)
    expect(lines.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([])
  })
})

const commandLines = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')]
      } catch {
        return []
      }
    })
