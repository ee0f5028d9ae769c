/** Which host keys count for a host. https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT */
import { createHash, createHmac } from 'node:crypto'
import type { KnownHostsLine, SshAddress, TrustedHostKeys } from '../../targets/ssh.ts'

type Place = Pick<SshAddress, 'host' | 'port'>

/** A key says itself what it is: its first field, after four bytes of length. */
export const typeOf = (key: Buffer): string => key.toString('latin1', 4, 4 + key.readUInt32BE())

export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=$/, '')}`

const usualPort = 22

export const nameOf = ({ host, port }: Place): string =>
  port === usualPort ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`

export const lineOf = (place: Place, key: Buffer): string =>
  `${nameOf(place)} ${typeOf(key)} ${key.toString('base64')}`

/** As ssh does, lines that name no port count for another port where none names that. */
export function linesFor({ lines }: TrustedHostKeys, place: Place): readonly KnownHostsLine[] {
  const exact = lines.filter(({ hosts }) => matches(hosts, nameOf(place)))
  return exact.length > 0 ? exact : lines.filter(({ hosts }) => matches(hosts, place.host.toLowerCase()))
}

export function matches(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name)
  const patterns = hosts.toLowerCase().split(',')
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), name)))
    return false
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, name))
}

function matchesHash(hosts: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = hosts.split('|')
  if (version !== '1' || hash === '') return false
  return createHmac('sha1', Buffer.from(salt, 'base64'))
    .update(name)
    .digest()
    .equals(Buffer.from(hash, 'base64'))
}

function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split(/(\*+|\?)/).map((part) => {
    if (part.startsWith('*')) return '.*'
    return part === '?' ? '.' : part.replaceAll(/[^a-z0-9]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`, 's').test(name)
}

export type Judgment = 'trusted' | 'revoked' | 'unknown'

export function judge(trusted: TrustedHostKeys, place: Place, key: Buffer): Judgment {
  const same = linesFor(trusted, place).filter((line) => Buffer.from(line.key, 'base64').equals(key))
  if (same.some(({ marker }) => marker === 'revoked')) return 'revoked'
  if (same.some(({ marker }) => marker === null)) return 'trusted'
  return trusted.fingerprints.includes(fingerprintOf(key)) ? 'trusted' : 'unknown'
}

/** Kinds of keys a server may have, by the algorithms that ask for them. RSA with SHA-1 is not among them. */
export const families = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
] as const

const algorithmsOf = (type: string): readonly string[] =>
  type === 'ssh-rsa' ? families[2] : families.flat().filter((known) => known === type)

/**
 * What to ask the server for, one handshake after the other until a key is trusted: a server shows one key only, and left to
 * itself not the one that is known. A fingerprint does not say of what kind its key is.
 */
export function algorithmsToTry(trusted: TrustedHostKeys, place: Place): readonly (readonly string[])[] {
  if (trusted.fingerprints.length > 0) return families
  const types = linesFor(trusted, place).flatMap(({ marker, type }) => (marker === null ? [type] : []))
  const algorithms = [...new Set(types.flatMap(algorithmsOf))]
  return algorithms.length > 0 ? [algorithms] : []
}
