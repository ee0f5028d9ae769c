/** A shell that waits on the host for the next script, which then costs one round trip instead of three. */
import type { ClientChannel } from 'ssh2'
import type { Link } from './link.ts'

export interface Shell {
  readonly link: Link
  readonly channel: ClientChannel
}

export interface SpareShell {
  /** Opens one ahead, unless there is one. What fails here fails nobody. */
  prepare(): void
  /** null: there is none that could be used. */
  take(): Promise<Shell | null>
}

export function spareShell(open: () => Promise<Shell>): SpareShell {
  let ahead: Promise<Shell | null> | null = null
  const ended = new WeakSet<ClientChannel>()
  const watched = (shell: Shell): Shell => {
    shell.channel.once('close', () => ended.add(shell.channel))
    return shell
  }
  return {
    prepare: () => {
      ahead ??= open().then(watched, () => null)
    },
    take: async () => {
      const taken = ahead
      ahead = null
      const shell = await taken
      return shell?.link.isOpen() && !ended.has(shell.channel) ? shell : null
    },
  }
}
