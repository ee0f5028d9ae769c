import { absolutePath, anything, line, text } from '../forms/text.ts'
import { inAnyMode, planned, type Setting } from './setting.ts'

const plannedForSsh = { ...planned, sections: ['ssh'] } as const

export const sshSettings = {
  'ssh-host': {
    ...plannedForSsh,
    form: anything,
    defaultNote: 'required for `vps`',
    description: 'One or several hosts as `host` or `user@host:port`; `local` is this machine',
  },
  'ssh-user': { ...plannedForSsh, form: line, description: 'User to log in as' },
  'ssh-port': { ...plannedForSsh, form: line, default: '22', description: 'Port of the SSH server' },
  'ssh-key': { ...plannedForSsh, form: text, secret: true, description: 'Private key, as text' },
  'ssh-passphrase': {
    ...plannedForSsh,
    form: text,
    secret: true,
    description: 'Passphrase of the private key',
  },
  'ssh-known-hosts': {
    ...plannedForSsh,
    form: text,
    defaultNote: 'required unless the host is `local`',
    description: 'Host keys to trust: lines of known_hosts, or fingerprints such as `SHA256:…`',
  },
  'ssh-jump': {
    ...plannedForSsh,
    form: anything,
    description: 'Hosts to go through as `user@host:port`, in order',
  },
  sudo: {
    ...plannedForSsh,
    form: line,
    default: 'auto',
    description: 'Whether to use `sudo -n`: `auto` uses it where it is needed',
  },
  'state-directory': {
    ...inAnyMode,
    sections: ['ssh'],
    form: absolutePath,
    default: '/var/lib/blue-green/{app}',
    description: 'Absolute path of the folder that keeps the lock, the open operation and the history',
  },
} satisfies Record<string, Setting>
