/** The host behind SSH: what its settings demand of each other, and what they come to. */
import type { SshAddress, SshSettings } from '../targets/ssh.ts'
import type { Values } from './catalog/catalog.ts'
import { isEncrypted } from './forms/private-key.ts'
import type { PartialAddress } from './forms/ssh-hosts.ts'
import type { Fault } from './problem.ts'
import { type Context, demand } from './rule.ts'

const usualPort = 22

/** `local`: the machine that runs the job. */
export type HostSettings = SshSettings | 'local'

/** `local`, as no `ssh-host` at all, is the machine that runs the job. */
export const isLocal = ({ 'ssh-host': hosts }: Pick<Values, 'ssh-host'>): boolean =>
  (hosts ?? []).every(({ user, host, port }) => host === 'local' && user === null && port === null)

/** One or several, in the order in which they were named. */
export function hostsOf(values: Values): readonly HostSettings[] {
  if (isLocal(values)) return ['local']
  return (values['ssh-host'] ?? []).map((host) => sshSettingsOf(host, values))
}

function sshSettingsOf(host: PartialAddress, values: Values): SshSettings {
  const at = (address: PartialAddress, port: number): SshAddress => ({
    user: address.user ?? values['ssh-user'] ?? host.user ?? '',
    host: address.host,
    port: address.port ?? port,
  })
  return {
    host: at(host, values['ssh-port']),
    jumps: (values['ssh-jump'] ?? []).map((jump) => at(jump, usualPort)),
    key: values['ssh-key'] ?? '',
    passphrase: values['ssh-passphrase'],
    trusted: values['ssh-known-hosts'] ?? { lines: [], fingerprints: [] },
  }
}

const isElsewhere = ({ values, isUnknown }: Context) =>
  (values.target !== 'vps' && values.target !== 'command') || isUnknown('ssh-host')

export const sshRules = [namedHost, oneHost, eachHostOnce, wayToLogIn, openedKey] as const

const hostExample = 'the host, as `host` or `user@host:port`, or `local` for the machine that runs the job'

/** An expression that came to nothing must not turn the runner into the host. */
function namedHost(context: Context): readonly Fault[] {
  const { values, raw } = context
  if (isElsewhere(context) || values['ssh-host'] !== null) return []
  if (values.target === 'vps') return [demand('ssh-host', 'is required', hostExample)]
  const given = (['ssh-key', 'ssh-known-hosts', 'ssh-user', 'ssh-jump'] as const).find(
    (name) => raw(name) !== undefined,
  )
  return given === undefined ? [] : [demand('ssh-host', `is required with \`${given}\``, hostExample)]
}

function oneHost(context: Context): readonly Fault[] {
  const hosts = context.values['ssh-host'] ?? []
  if (isElsewhere(context) || context.values.target === 'vps' || hosts.length < 2) return []
  return [
    demand(
      'ssh-host',
      `names ${hosts.length} hosts, and target \`command\` runs its commands on one`,
      hostExample,
    ),
  ]
}

/** It would wait for its own lock. */
function eachHostOnce(context: Context): readonly Fault[] {
  const { values } = context
  if (isElsewhere(context) || values.target !== 'vps') return []
  const names = (values['ssh-host'] ?? []).map(({ host, port }) => `${host}:${port ?? values['ssh-port']}`)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  return twice === undefined ? [] : [demand('ssh-host', `names ${twice} more than once`, 'each host once')]
}

function wayToLogIn(context: Context): readonly Fault[] {
  const { values, isUnknown } = context
  if (isElsewhere(context) || isLocal(values)) return []
  const faults: Fault[] = []
  const addresses = [...(values['ssh-host'] ?? []), ...(values['ssh-jump'] ?? [])]
  if (
    values['ssh-user'] === null &&
    !isUnknown('ssh-user') &&
    values['ssh-host']?.some(({ user }) => user === null)
  ) {
    faults.push(demand('ssh-user', 'is required', 'the user to log in as, such as `deploy`'))
  }
  if (addresses.some(({ host }) => host === 'local')) {
    faults.push(demand('ssh-host', 'names `local` together with another host', hostExample))
  }
  if (values['ssh-key'] === null && !isUnknown('ssh-key')) {
    faults.push(demand('ssh-key', 'is required with `ssh-host`', 'the text of a private key, from a secret'))
  }
  return faults
}

function openedKey(context: Context): readonly Fault[] {
  const { values, isUnknown } = context
  const { 'ssh-key': key, 'ssh-passphrase': passphrase } = values
  if (isElsewhere(context) || key === null || passphrase !== null || isUnknown('ssh-passphrase')) return []
  if (!isEncrypted(key)) return []
  return [demand('ssh-passphrase', 'is required, as `ssh-key` is encrypted', 'the passphrase of the key')]
}
