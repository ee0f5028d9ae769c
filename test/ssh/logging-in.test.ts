import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SshSettings } from '../../src/targets/ssh.ts'
import { type Folder, temporaryFolder } from '../bed/folder.ts'
import { makeKey, type Sshd, startSshd } from '../bed/sshd.ts'
import { lacks } from '../programs.ts'
import { connectTo, keyOf, refusal, said, settingsFor, trusting } from './place.ts'

describe.skipIf(lacks('sshd', 'ssh-keygen'))('logging in', () => {
  let place: Folder
  let sshd: Sshd
  /** Another server, which is reached through the first. */
  let inner: Sshd
  beforeAll(async () => {
    place = await temporaryFolder()
    sshd = await startSshd({ folder: join(place.path, 'outer') })
    inner = await startSshd({
      folder: join(place.path, 'inner'),
      config: `AuthorizedKeysFile ${join(place.path, 'outer/authorized_keys')}`,
    })
  })
  afterAll(async () => {
    await inner?.[Symbol.asyncDispose]()
    await sshd?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  let servers = 0
  /** A key, and a server of its own that lets it in. */
  const keyWith = async (
    ...options: readonly string[]
  ): Promise<{ readonly text: string; readonly server: Sshd }> => {
    servers += 1
    const folder = join(place.path, `own-${servers}`)
    const server = await startSshd({ folder, config: `AuthorizedKeysFile ${folder}/mine.pub` })
    makeKey(join(folder, 'mine'), options[0] === 'rsa' ? 'rsa' : 'ed25519', ...options.slice(1))
    return { text: readFileSync(join(folder, 'mine'), 'utf8'), server }
  }

  it.each<[string, (key: string) => string]>([
    ['as it is', (key) => key],
    ["Windows' line ends", (key) => key.replaceAll('\n', '\r\n')],
    ['line ends in two characters', (key) => key.replaceAll('\n', '\\n')],
    ['no last line end', (key) => key.trimEnd()],
    ['blanks around it, and before each line', (key) => `\n  ${key.replaceAll('\n', '\n    ')}\n `],
    ['blanks for line ends', (key) => key.trimEnd().replaceAll('\n', ' ')],
  ])('takes a key with %s', async (_, change) => {
    const connection = connectTo(settingsFor(sshd, { key: keyOf(change(sshd.key)) }))
    expect(await said(connection, 'echo in\n')).toBe('in\n')
  })

  it('takes an RSA key in PEM, and one with a passphrase', async () => {
    const rsa = await keyWith('rsa', '-m', 'PEM')
    await using first = rsa.server
    const locked = await keyWith('ed25519', '-N', 'a long phrase')
    await using second = locked.server
    expect(await said(connectTo(settingsFor(first, { key: keyOf(rsa.text) })), 'echo in\n')).toBe('in\n')
    const settings = settingsFor(second, { key: keyOf(locked.text), passphrase: 'a long phrase' })
    expect(await said(connectTo(settings), 'echo in\n')).toBe('in\n')
    expect(await refusal(connectTo({ ...settings, passphrase: 'another' }))).toMatchObject({
      setting: 'ssh-passphrase',
      what: '`ssh-passphrase` does not open `ssh-key`.',
    })
  })

  it('says who was not let in with which key, what is accepted, and how to let it in', async () => {
    const own = await keyWith('ed25519')
    await using _ = own.server
    const { setting, what, fix } = await refusal(connectTo(settingsFor(own.server)))
    expect(setting).toBe('ssh-key')
    expect(what).toMatch(
      /^127\.0\.0\.1 does not let \S+ in with the key SHA256:\S{43} \(ssh-ed25519\); it accepts: publickey\.$/,
    )
    expect(fix).toContain(readFileSync(`${own.server.keyFile}.pub`, 'utf8').split(' ')[1])
    const other = connectTo(
      settingsFor(own.server, { host: { user: 'nobody-here', host: '127.0.0.1', port: own.server.port } }),
    )
    expect((await refusal(other)).what).toContain('does not let nobody-here in')
  })

  it('does not knock again where it was not let in', async () => {
    const own = await keyWith('ed25519')
    await using server = own.server
    const connection = connectTo(settingsFor(server))
    for (let times = 0; times < 3; times++) await refusal(connection)
    expect(server.log().split('Connection from').length - 1).toBe(1 + connectionsOfStart)
  })

  const through = (changes: Partial<SshSettings> = {}) =>
    settingsFor(inner, {
      key: keyOf(sshd.key),
      jumps: [{ user: sshd.user, host: '127.0.0.1', port: sshd.port }],
      trusted: trusting(sshd.knownHosts + inner.knownHosts),
      ...changes,
    })

  it('goes through a jump host, and through the same one twice', async () => {
    const jump = { user: sshd.user, host: '127.0.0.1', port: sshd.port }
    expect(await said(connectTo(through()), 'echo $SSH_CONNECTION\n')).toContain(` ${inner.port}`)
    expect(await said(connectTo(through({ jumps: [jump, jump] })), 'echo in\n')).toBe('in\n')
  })

  it('tells once which host key each of them is known by', async () => {
    const told: string[] = []
    const connection = connectTo(through(), 5_000, (source, text) => told.push(`${source} ${text}`))
    await Promise.all([said(connection, 'echo in\n'), said(connection, 'echo in\n')])
    const line = ({ user, port, hostKeyFile }: Sshd) => {
      const [, fingerprint] = execFileSync('ssh-keygen', ['-lf', hostKeyFile], { encoding: 'utf8' }).split(
        ' ',
      )
      return `ssh ${user}@127.0.0.1:${port}: host key ssh-ed25519 ${fingerprint}\n`
    }
    expect(told).toEqual([line(sshd), line(inner)])
  })

  it('checks the key of the jump host, and of the host behind it', async () => {
    const jump = await refusal(connectTo(through({ trusted: trusting(inner.knownHosts) })))
    expect(jump.fix).toContain(sshd.knownHosts.trim())
    const host = await refusal(connectTo(through({ trusted: trusting(sshd.knownHosts) })))
    expect(host.fix).toContain(inner.knownHosts.trim())
  })
})

/** The bed looks whether the server listens. */
const connectionsOfStart = 1
