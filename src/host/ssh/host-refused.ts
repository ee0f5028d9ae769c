/** What keeps us from a host, and what its owner does about it. */
import type { SshAddress, SshSettings } from '../../targets/ssh.ts'
import { AccessRefused } from '../../targets/target.ts'
import { quote } from '../script.ts'
import { fingerprintOf, judge, lineOf, linesFor, typeOf } from './host-keys.ts'

export function addressOf({ user, host, port }: SshAddress): string {
  const plain = host.includes(':') ? `[${host}]` : host
  return `${user}@${plain}${port === 22 ? '' : `:${port}`}`
}

/** `offered`: every key the server showed. */
export function untrustedHost(
  { trusted }: Pick<SshSettings, 'trusted'>,
  address: SshAddress,
  offered: readonly Buffer[],
): AccessRefused {
  const { host, port } = address
  const shown = offered.map((key) => `${typeOf(key)} ${fingerprintOf(key)}`).join(', ')
  const lines = linesFor(trusted, address)
  const reasons = {
    empty: '`ssh-known-hosts` is empty',
    revoked: '`ssh-known-hosts` marks that key as `@revoked`',
    authority: '`ssh-known-hosts` names an authority alone, and host certificates cannot be checked yet',
    changed:
      '`ssh-known-hosts` names other keys for it: it was installed anew, or somebody stands in between',
    unnamed: '`ssh-known-hosts` names no key of it',
  }
  const reason = (): keyof typeof reasons => {
    if (trusted.lines.length + trusted.fingerprints.length === 0) return 'empty'
    if (offered.some((key) => judge(trusted, address, key) === 'revoked')) return 'revoked'
    if (lines.some(({ marker }) => marker === null)) return 'changed'
    return lines.some(({ marker }) => marker === 'cert-authority') ? 'authority' : 'unnamed'
  }
  return new AccessRefused({
    setting: 'ssh-known-hosts',
    what: `It is not certain that ${host} (port ${port}) is your host: it shows ${shown}, and ${reasons[reason()]}. Nothing was sent to it.`,
    fix: [
      `On the host, compare: ${offered.map((key) => `ssh-keygen -lf ${fileOf(typeOf(key))}`).join('; ')}`,
      'If that prints the same, `ssh-known-hosts` is:',
      ...offered.map((key) => lineOf(address, key)),
    ].join('\n'),
  })
}

/** Where OpenSSH keeps a host's own keys. */
function fileOf(type: string): string {
  const kind = /ed25519|ecdsa|rsa/.exec(type)?.[0] ?? '*'
  return `/etc/ssh/ssh_host_${kind}_key.pub`
}

export function notLetIn(address: SshAddress, key: Buffer, accepted: readonly string[]): AccessRefused {
  const { user, host } = address
  const line = `${typeOf(key)} ${key.toString('base64')}`
  return new AccessRefused({
    setting: 'ssh-key',
    what: `${host} does not let ${user} in with the key ${fingerprintOf(key)} (${typeOf(key)}); it accepts: ${accepted.join(', ') || 'nothing'}.`,
    fix: `On ${host}, as ${user}: mkdir -p ~/.ssh && echo ${quote(line)} >>~/.ssh/authorized_keys && chmod -R go-rwx ~/.ssh`,
  })
}

export const keyNotOpened = (): AccessRefused =>
  new AccessRefused({
    setting: 'ssh-passphrase',
    what: '`ssh-passphrase` does not open `ssh-key`.',
    fix: 'Try it where the key is: ssh-keygen -y -f KEY',
  })

export const keyNotUsable = (why: string): AccessRefused =>
  new AccessRefused({
    setting: 'ssh-key',
    what: `\`ssh-key\` cannot be read: ${why}.`,
    fix: 'Try it where the key is: ssh-keygen -y -f KEY; a new one: ssh-keygen -t ed25519 -f KEY',
  })

export const noCommonAlgorithm = (address: SshAddress, why: string): AccessRefused =>
  new AccessRefused({
    setting: 'ssh-host',
    what: `${addressOf(address)} and this action have no algorithm in common: ${why}.`,
    fix: `What the host speaks: ssh-keyscan -p ${address.port} ${quote(address.host)}; sshd -T | grep -E 'algorithms|ciphers|macs'`,
  })

export const cannotDial = (address: SshAddress): AccessRefused =>
  new AccessRefused({
    setting: 'ssh-host',
    what: `${addressOf(address)} forwards no TCP connections, and has no program to connect with: bash, socat, or a busybox with nc -e.`,
    fix: 'Put `AllowTcpForwarding local` into its sshd_config and reload sshd (sshd -T shows what counts), or install bash.',
  })
