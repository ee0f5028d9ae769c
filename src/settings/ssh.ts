/** The host behind SSH: what its settings demand of each other, and what they come to. */
import type { SshAddress, SshSettings } from '../targets/ssh.ts'
import type { Values } from './catalog/catalog.ts'
import { isEncrypted } from './forms/private-key.ts'
import type { PartialAddress } from './forms/ssh-hosts.ts'
import type { Fault } from './problem.ts'
import { type Context, demand } from './rule.ts'

const usualPort = 22

/** `local`, as no `ssh-host` at all, is the machine that runs the job. */
export const isLocal = ({ 'ssh-host': hosts }: Pick<Values, 'ssh-host'>): boolean =>
  (hosts ?? []).every(({ user, host, port }) => host === 'local' && user === null && port === null)

export function sshSettingsOf(values: Values): SshSettings | null {
  const [host] = values['ssh-host'] ?? []
  if (host === undefined || isLocal(values)) return null
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

const needsTarget = ({ values, isUnknown }: Context) => values.target !== 'command' || isUnknown('ssh-host')

export const sshRules = [namedHost, oneHost, wayToLogIn, openedKey] as const

const hostExample = 'the host, as `host` or `user@host:port`, or `local` for the machine that runs the job'

/** An expression that came to nothing must not turn the runner into the host. */
function namedHost(context: Context): readonly Fault[] {
  const { values, raw } = context
  if (needsTarget(context) || values['ssh-host'] !== null) return []
  const given = (['ssh-key', 'ssh-known-hosts', 'ssh-user', 'ssh-jump'] as const).find(
    (name) => raw(name) !== undefined,
  )
  return given === undefined ? [] : [demand('ssh-host', `is required with \`${given}\``, hostExample)]
}

function oneHost(context: Context): readonly Fault[] {
  const hosts = context.values['ssh-host'] ?? []
  if (needsTarget(context) || hosts.length < 2) return []
  return [
    demand(
      'ssh-host',
      `names ${hosts.length} hosts, and target \`command\` runs its commands on one`,
      hostExample,
    ),
  ]
}

function wayToLogIn(context: Context): readonly Fault[] {
  const { values, isUnknown } = context
  if (needsTarget(context) || isLocal(values)) return []
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
  if (needsTarget(context) || key === null || passphrase !== null || isUnknown('ssh-passphrase')) return []
  if (!isEncrypted(key)) return []
  return [demand('ssh-passphrase', 'is required, as `ssh-key` is encrypted', 'the passphrase of the key')]
}
