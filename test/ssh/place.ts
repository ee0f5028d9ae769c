import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Connection, Finish } from '../../src/host/connection.ts'
import { script as asScript } from '../../src/host/script.ts'
import { sshConnection } from '../../src/host/ssh/ssh-connection.ts'
import { parseKnownHosts } from '../../src/settings/forms/known-hosts.ts'
import { parsePrivateKey } from '../../src/settings/forms/private-key.ts'
import type { SshSettings, TrustedHostKeys } from '../../src/targets/ssh.ts'
import { AccessRefused } from '../../src/targets/target.ts'
import type { Sshd } from '../bed/sshd.ts'

export const forever = new AbortController().signal

export function trusting(text: string): TrustedHostKeys {
  const parsed = parseKnownHosts(text)
  if (parsed.kind === 'refused') throw new Error(parsed.why)
  return parsed.value
}

export function keyOf(text: string): string {
  const parsed = parsePrivateKey(text)
  if (parsed.kind === 'refused') throw new Error(parsed.why)
  return parsed.value
}

export const settingsFor = (sshd: Sshd, changes: Partial<SshSettings> = {}): SshSettings => ({
  host: { user: sshd.user, host: '127.0.0.1', port: sshd.port },
  jumps: [],
  key: keyOf(sshd.key),
  passphrase: null,
  trusted: trusting(sshd.knownHosts),
  ...changes,
})

/** Closed when the test is over. */
export function connectTo(
  settings: SshSettings,
  keepalive = 5_000,
  output: (source: string, text: string) => void = () => {},
): Connection {
  const connection = sshConnection(settings, { clock: systemClock, keepalive, output })
  onTestFinished(() => connection.close())
  return connection
}

export const runOn = (
  connection: Connection,
  script: string,
  { signal = forever, timeout = 30_000 }: { readonly signal?: AbortSignal; readonly timeout?: number } = {},
): Promise<Finish> => connection.run(script, { signal, timeout, clock: systemClock })

/** What a script said that ended with 0. */
export async function said(connection: Connection, script: string): Promise<string> {
  const finish = await runOn(connection, asScript(script))
  if (finish.kind === 'lost' || finish.code !== 0) throw new Error(JSON.stringify(finish))
  return finish.stdout
}

/** Why the host is refused. */
export async function refusal(connection: Connection): Promise<AccessRefused> {
  const error = await runOn(connection, 'exit').catch((caught: unknown) => caught)
  if (error instanceof AccessRefused) return error
  throw new Error('The host was not refused.', { cause: error })
}
