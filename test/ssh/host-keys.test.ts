import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fingerprintOf, judge, linesFor, matches } from '../../src/host/ssh/host-keys.ts'
import { parseKnownHosts } from '../../src/settings/forms/known-hosts.ts'
import { type Folder, temporaryFolder } from '../bed/folder.ts'
import { type KeyType, makeKey, type Sshd, startSshd } from '../bed/sshd.ts'
import { lacks } from '../programs.ts'
import { connectTo, refusal, said, settingsFor, trusting } from './place.ts'

describe.skipIf(lacks('sshd', 'ssh-keygen'))('host keys', () => {
  let place: Folder
  let sshd: Sshd
  /** A key that is not the server's. */
  let stranger: string
  beforeAll(async () => {
    place = await temporaryFolder()
    sshd = await startSshd({ folder: join(place.path, 'sshd'), hostKeys: ['ed25519', 'rsa', 'ecdsa'] })
    makeKey(join(place.path, 'stranger'), 'ed25519')
    stranger = readFileSync(join(place.path, 'stranger.pub'), 'utf8').split(' ').slice(0, 2).join(' ')
  })
  afterAll(async () => {
    await sshd?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const name = () => `[127.0.0.1]:${sshd.port}`
  const keyFile = (type: KeyType) => join(place.path, `sshd/host_${type}.pub`)
  const fingerprint = (type: KeyType) =>
    execFileSync('ssh-keygen', ['-lf', keyFile(type)], { encoding: 'utf8' }).split(' ')[1] ?? ''
  const hashed = () => {
    const file = join(place.path, 'known_hosts')
    writeFileSync(file, sshd.knownHosts)
    execFileSync('ssh-keygen', ['-Hf', file], { stdio: 'ignore' })
    return readFileSync(file, 'utf8')
  }
  const trying = (knownHosts: string) => connectTo(settingsFor(sshd, { trusted: trusting(knownHosts) }))

  it.each<[string, () => string]>([
    ['hashed names', hashed],
    ['an RSA key alone, though the server has others', () => `${name()} ${sshd.hostKey('rsa')}`],
    ['an ECDSA key alone', () => `${name()} ${sshd.hostKey('ecdsa')}`],
    ['a name without the port', () => `127.0.0.1 ${sshd.hostKey('ed25519')}`],
    [
      'wildcards, other names and comments',
      () => `# ours\n\n!127.0.0.2,127.* ${sshd.hostKey('rsa')} us@home`,
    ],
    ['a fingerprint', () => fingerprint('ed25519')],
    ['the fingerprint of a key the server does not show first', () => fingerprint('rsa')],
    ['fingerprints as ssh-keygen prints them', () => `256 ${fingerprint('ecdsa')} root@host (ECDSA)`],
    ['one that fits among others', () => `${name()} ${stranger}\r\n${sshd.knownHosts}`],
  ])('trust %s', async (_, knownHosts) => {
    expect(await said(trying(knownHosts()), 'echo in\n')).toBe('in\n')
  })

  it.each<[string, () => string, RegExp]>([
    ['nothing', () => '', /is empty/],
    ['another key', () => `${name()} ${stranger}`, /other keys for it/],
    ['another host', () => `example.com ${sshd.hostKey('ed25519')}`, /names no key of it/],
    ['another port', () => `[127.0.0.1]:1 ${sshd.hostKey('ed25519')}`, /names no key of it/],
    ['a negated name', () => `127.*,!127.0.0.1 ${sshd.hostKey('ed25519')}`, /names no key of it/],
    ['another fingerprint', () => fingerprint('ed25519').replace(/.{4}$/, 'AAAA'), /names no key of it/],
    [
      'a revoked key',
      () =>
        `${sshd.knownHosts}@revoked * ${sshd.hostKey('ed25519')}\n@revoked * ${sshd.hostKey('rsa')}\n@revoked * ${sshd.hostKey('ecdsa')}`,
      /@revoked/,
    ],
    ['an authority', () => `@cert-authority * ${stranger}`, /authority alone/],
  ])('given %s, nobody is let in, and what to compare is said', async (_, knownHosts, why) => {
    const { setting, what, fix } = await refusal(trying(knownHosts()))
    expect(setting).toBe('ssh-known-hosts')
    expect(what).toMatch(why)
    expect(what).toContain(fingerprint('ed25519'))
    expect(fix).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')
    expect(fix.split('\n')).toContain(`${name()} ${sshd.hostKey('ed25519')}`)
  })

  it('what the error says to paste is what lets us in', async () => {
    const { fix } = await refusal(trying(''))
    expect(await said(trying(fix.slice(fix.indexOf(name()))), 'echo in\n')).toBe('in\n')
  })

  it('are read as ssh-keygen reads them', () => {
    const hosts = fc.constantFrom(
      'a',
      'b',
      'web1',
      'web2',
      'web1.example.com',
      '10.0.0.1',
      '[web1]:2222',
      '[web1]:22',
    )
    const patterns = fc.oneof(
      hosts,
      fc.constantFrom('*', 'web?', 'web*', '*.example.com', '!web1', '!web?', '!*', '[web?]:2222', 'WEB1'),
    )
    const entries = fc.array(fc.array(patterns, { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 4,
    })
    const file = join(place.path, 'property')
    const property = fc.property(entries, hosts, fc.boolean(), (lines, host, hash) => {
      writeFileSync(file, lines.map((line) => `${line.join(',')} ${stranger}\n`).join(''))
      if (hash) execFileSync('ssh-keygen', ['-Hf', file], { stdio: 'ignore' })
      const parsed = parseKnownHosts(readFileSync(file, 'utf8'))
      if (parsed.kind === 'refused') throw new Error(parsed.why)
      const ours = parsed.value.lines.filter((line) => matches(line.hosts, host)).length
      expect(ours).toBe(countFound(file, host))
    })
    fc.assert(property, { numRuns: 60 })
  })

  it('have the fingerprint that ssh-keygen says', () => {
    for (const type of ['ed25519', 'rsa', 'ecdsa'] as const) {
      expect(fingerprintOf(Buffer.from(sshd.hostKey(type).split(' ')[1] ?? '', 'base64'))).toBe(
        fingerprint(type),
      )
    }
  })

  it('a revoked key is not trusted, whatever else names it', () => {
    const key = Buffer.from(stranger.split(' ')[1] ?? '', 'base64')
    const place = { host: 'web1', port: 22 }
    const trusted = trusting(`web1 ${stranger}\n${fingerprintOf(key)}\n@revoked web* ${stranger}`)
    expect(linesFor(trusted, place)).toHaveLength(2)
    expect(judge(trusted, place, key)).toBe('revoked')
  })
})

function countFound(file: string, host: string): number {
  try {
    const found = execFileSync('ssh-keygen', ['-F', host, '-f', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return found.split('\n').filter((line) => line.startsWith('# Host')).length
  } catch {
    return 0
  }
}
