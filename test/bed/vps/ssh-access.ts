import type { Connection } from '../../../src/host/connection.ts'
import type { SshSettings } from '../../../src/targets/ssh.ts'
import { connectTo, keyOf, trusting } from '../../ssh/place.ts'
import type { Vps } from './host.ts'

export const sshSettings = ({ ssh }: Vps, changes: Partial<SshSettings> = {}): SshSettings => ({
  host: { user: ssh.user, host: ssh.host, port: ssh.port },
  jumps: [],
  key: keyOf(ssh.key),
  passphrase: null,
  trusted: trusting(ssh.knownHosts),
  ...changes,
})

/** As the action logs in; closed when the test is over. */
export const logInto = (vps: Vps): Connection => connectTo(sshSettings(vps))
