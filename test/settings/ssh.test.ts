import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseKnownHosts } from '../../src/settings/forms/known-hosts.ts'
import { isEncrypted, parsePrivateKey } from '../../src/settings/forms/private-key.ts'
import { parseAddress } from '../../src/settings/forms/ssh-hosts.ts'
import type { SshSettings } from '../../src/targets/ssh.ts'
import { lacks } from '../programs.ts'
import { enough, problemsOf, settingsOf } from './reading.ts'

/** The shape of a key alone: nothing here logs in. */
const key = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDsecretsecretsecretsecretsecretsecretsecretsecret
-----END OPENSSH PRIVATE KEY-----
`
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIrJX9s0Lm1wZWNpbWVuIGtleSBvbmx5IGZvciB0ZXN0'
/** The first one. */
function hostOf(...given: Parameters<typeof settingsOf>): SshSettings {
  const [host] = settingsOf(...given).hosts
  if (host === undefined || host === 'local') throw new Error('No host behind SSH.')
  return host
}

const ssh = { ...enough, 'ssh-host': 'shop.example.com', 'ssh-user': 'deploy', 'ssh-key': key }

describe('the host behind SSH', () => {
  it('is this machine where none is named, or `local`', () => {
    expect(settingsOf(enough).hosts).toEqual(['local'])
    expect(settingsOf({ ...enough, 'ssh-host': 'local' }).hosts).toEqual(['local'])
  })

  it('is made of what the settings say', () => {
    const given = {
      ...ssh,
      'ssh-port': '2222',
      'ssh-jump': 'ops@gate:2200, inner',
      'ssh-known-hosts': `a ${hostKey}`,
    }
    expect(hostOf(given)).toEqual({
      host: { user: 'deploy', host: 'shop.example.com', port: 2222 },
      jumps: [
        { user: 'ops', host: 'gate', port: 2200 },
        { user: 'deploy', host: 'inner', port: 22 },
      ],
      key,
      passphrase: null,
      trusted: {
        lines: [{ marker: null, hosts: 'a', type: 'ssh-ed25519', key: hostKey.split(' ')[1] }],
        fingerprints: [],
      },
    })
    const { 'ssh-user': _, ...bare } = ssh
    expect(hostOf({ ...bare, 'ssh-host': 'ann@[::1]:22' }).host).toEqual({
      user: 'ann',
      host: '::1',
      port: 22,
    })
  })

  it('may stand in the file, a key on lines of its own', () => {
    const { 'ssh-key': _, ...rest } = ssh
    const config = `ssh-key: |\n${key.replaceAll(/^(?=.)/gm, '  ')}ssh-jump: [a, b@c]\n`
    const read = hostOf(rest, config)
    expect(read.key).toBe(key)
    expect(read.jumps.map(({ user, host }) => [user, host])).toEqual([
      ['deploy', 'a'],
      ['b', 'c'],
    ])
  })

  it('is kept by a runner that is thrown away', () => {
    const environment = { GITHUB_SHA: 'c0ffee', RUNNER_ENVIRONMENT: 'github-hosted' }
    expect(problemsOf(ssh, null, environment)).toEqual([])
    expect(problemsOf({ ...enough, 'ssh-host': 'local' }, null, environment)).toEqual([
      expect.stringMatching(/^`ledger` would vanish with this machine: .*`ssh-host`/),
    ])
  })
})

describe('what the SSH settings demand of each other', () => {
  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['a user', { 'ssh-user': '' }, /^`ssh-user` is required\./],
    ['a key', { 'ssh-key': '' }, /^`ssh-key` is required with `ssh-host`\./],
    [
      'one host',
      { 'ssh-host': 'a, b' },
      /^`ssh-host` names 2 hosts, and target `command` runs its commands on one\./,
    ],
    [
      'a host, where a variable came to nothing',
      { 'ssh-host': '' },
      /^`ssh-host` is required with `ssh-key`\./,
    ],
    ['a port that is one', { 'ssh-port': '70000' }, /^`ssh-port`: `70000` is not a port\./],
    ['a host that is one', { 'ssh-host': 'https://shop' }, /^`ssh-host`: `https:\/\/shop` is not `host` or/],
    ['no local jump', { 'ssh-jump': 'local' }, /^`ssh-host` names `local` together with another host/],
    ['no sudo, which the commands say themselves', { sudo: 'auto' }, /^`sudo` belongs to target `vps`/],
  ])('%s', (_, changes, problem) => {
    expect(problemsOf({ ...ssh, ...changes })).toEqual([expect.stringMatching(problem)])
  })
})

describe.skipIf(lacks('ssh-keygen'))('a private key', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keys-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const made = (...options: readonly string[]): string => {
    const file = join(folder, options.join('').replaceAll(/\W/g, ''))
    execFileSync('ssh-keygen', ['-q', '-f', file, ...options])
    return readFileSync(file, 'utf8')
  }

  it('that is encrypted needs its passphrase', () => {
    const locked = made('-t', 'ed25519', '-N', 'a phrase')
    const lockedPem = made('-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'a phrase')
    for (const one of [locked, lockedPem]) {
      expect(problemsOf({ ...ssh, 'ssh-key': one })).toEqual([
        expect.stringMatching(/^`ssh-passphrase` is required, as `ssh-key` is encrypted\./),
      ])
      expect(problemsOf({ ...ssh, 'ssh-key': one, 'ssh-passphrase': 'a phrase' })).toEqual([])
    }
    expect(isEncrypted(made('-t', 'ed25519', '-N', ''))).toBe(false)
    expect(isEncrypted(made('-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', ''))).toBe(false)
  })

  it.each<[string, () => string, RegExp]>([
    ['a public key', () => hostKey, /is a public key: give the private one/],
    [
      'a public key in PEM',
      () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      /is a public key/,
    ],
    [
      'a key of PuTTY',
      () => 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none',
      /puttygen KEY\.ppk -O private-openssh/,
    ],
    [
      'a key in PKCS#8',
      () => made('-t', 'ecdsa', '-m', 'PKCS8', '-N', ''),
      /`ssh-keygen -p -f KEY` writes it anew/,
    ],
    ['a path', () => '~/.ssh/id_ed25519', /is not the text of a private key, which begins with/],
    ['half a key', () => key.slice(0, -20), /is cut off/],
  ])('is refused when it is %s, which is not shown', (_, text, problem) => {
    const given = text()
    const problems = problemsOf({ ...ssh, 'ssh-key': given })
    expect(problems).toEqual([expect.stringMatching(problem)])
    const lines = given.split('\n').filter((line) => line.length > 4 && !line.startsWith('--'))
    expect(lines.filter((line) => problems.join().includes(line))).toEqual([])
  })

  it.each<[string, string]>([
    ["Windows' line ends", key.replaceAll('\n', '\r\n')],
    ['line ends in two characters', key.replaceAll('\n', '\\n')],
    ['blanks for line ends', key.trim().replaceAll('\n', ' ')],
    ['no last line end, and blanks around', `  ${key.trimEnd()}  `],
  ])('with %s is mended, and hidden line by line', (_, text) => {
    expect(parsePrivateKey(text)).toEqual({ kind: 'value', value: key })
    const { secrets } = settingsOf({ ...ssh, 'ssh-key': text })
    expect(secrets).toEqual(expect.arrayContaining(key.split('\n').slice(1, 3)))
    expect(secrets.filter((secret) => secret.includes('BEGIN'))).toEqual([])
  })
})

describe('known hosts', () => {
  it('take fingerprints as they are printed', () => {
    const fingerprint = `SHA256:${'A'.repeat(43)}`
    const read = parseKnownHosts(`${fingerprint}\n256 ${fingerprint} root@host (ED25519)\n`)
    expect(read).toMatchObject({ value: { lines: [], fingerprints: [fingerprint, fingerprint] } })
  })

  it.each([
    ['a key without a host', hostKey, /has a line 1 that lacks the host's name in front/],
    ['a fingerprint of old', '256 MD5:aa:bb:cc host (RSA)', /MD5 fingerprint/],
    ['a broken key', `a b\n host ${hostKey.slice(0, 20)}`, /has a line 1 that is neither/],
    ['another type than the key has', `a ssh-rsa ${hostKey.split(' ')[1]}`, /is neither/],
    ['an unknown mark', `@trusted a ${hostKey}`, /`@trusted`, which is not known/],
  ])('refuse %s', (_, text, why) => {
    expect(problemsOf({ ...ssh, 'ssh-known-hosts': text })).toEqual([expect.stringMatching(why)])
  })
})

describe('addresses', () => {
  it.each([
    ['host', { user: null, host: 'host', port: null }],
    ['a.b@10.0.0.1:2222', { user: 'a.b', host: '10.0.0.1', port: 2222 }],
    ['u@[fe80::1%eth0]:22', { user: 'u', host: 'fe80::1%eth0', port: 22 }],
  ])('%s', (text, value) => {
    expect(parseAddress(text)).toEqual({ kind: 'value', value })
  })

  it.each(['', 'a b', 'user@', '-oProxyCommand=x', 'host:', 'host:0', 'ssh://host', '::1', 'a@b@c'])(
    '%j is none',
    (text) => {
      expect(parseAddress(text)).toMatchObject({ kind: 'refused' })
    },
  )
})
