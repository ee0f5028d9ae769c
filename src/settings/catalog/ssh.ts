import { knownHosts } from '../forms/known-hosts.ts'
import { port } from '../forms/port.ts'
import { privateKey } from '../forms/private-key.ts'
import { sshHosts, user } from '../forms/ssh-hosts.ts'
import { absolutePath, text } from '../forms/text.ts'
import { inAnyMode, type Setting } from './setting.ts'

const overSsh = { ...inAnyMode, sections: ['ssh'] } as const

export const sshSettings = {
  'ssh-host': {
    ...overSsh,
    form: sshHosts,
    defaultNote: 'required for `vps`',
    description:
      'The host, as `host` or `user@host:port`, or for `vps` a list of them; `local` is this machine',
  },
  'ssh-user': { ...overSsh, form: user, description: 'User to log in as' },
  'ssh-port': { ...overSsh, form: port, default: '22', description: 'Port of the SSH server' },
  'ssh-key': { ...overSsh, form: privateKey, secret: true, description: 'Private key, as text' },
  'ssh-passphrase': {
    ...overSsh,
    form: text,
    secret: true,
    description: 'Passphrase of the private key',
  },
  'ssh-known-hosts': {
    ...overSsh,
    form: knownHosts,
    defaultNote: 'required unless the host is `local`',
    description: 'Host keys to trust: lines of known_hosts, or fingerprints such as `SHA256:…`',
  },
  'ssh-jump': {
    ...overSsh,
    form: sshHosts,
    description: 'Hosts to go through as `user@host:port`, in order; their keys are checked too',
  },
  'state-directory': {
    ...overSsh,
    form: absolutePath,
    default: '/var/lib/blue-green/{app}',
    description: 'Absolute path of the folder that keeps the lock, the open operation and the history',
  },
} satisfies Record<string, Setting>
