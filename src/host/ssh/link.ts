/** The way to the host: a TCP connection, through jump hosts where there are some. */
import type { Duplex } from 'node:stream'
import type { ClientChannel, ParsedKey } from 'ssh2'
import type { SshAddress, SshSettings } from '../../targets/ssh.ts'
import { type Address, dialFromHere, unlessAborted } from '../dialing.ts'
import { type Door, logIn, readKey, type Session } from './handshake.ts'
import { fingerprintOf, typeOf } from './host-keys.ts'
import { addressOf } from './host-refused.ts'

const dialTime = 10_000

export interface Link {
  /** Runs nothing unless it resolves. */
  exec(command: string): Promise<ClientChannel>
  /** A TCP connection from the host; rejects with an error of ssh2 that says why there is none. */
  forward(address: Address): Promise<ClientChannel>
  /** From now on the stream ends with an error when the link does. */
  tie(stream: Duplex): Duplex
  isOpen(): boolean
  /** Why it is closed, as far as anybody said. */
  why(): string
  close(): void
}

export interface LinkOptions {
  /** Milliseconds from one sign of life asked for to the next. */
  readonly keepalive: number
  /** Hears a line for each server that let us in, with the key it is known by. */
  report(line: string): void
}

export async function openLink(settings: SshSettings, { keepalive, report }: LinkOptions): Promise<Link> {
  const key = readKey(settings)
  const sessions: Session[] = []
  const close = () => {
    for (const { ssh, client } of sessions.toReversed()) {
      ssh.dispose()
      client.destroy()
    }
  }
  try {
    for (const address of [...settings.jumps, settings.host]) {
      const session = await logIn(doorTo(address, { settings, key, keepalive, from: sessions.at(-1) }))
      sessions.push(session)
      report(`${addressOf(address)}: host key ${typeOf(session.hostKey)} ${fingerprintOf(session.hostKey)}\n`)
    }
    return linkOf(sessions, close)
  } catch (error) {
    close()
    throw error
  }
}

interface Way {
  readonly settings: SshSettings
  readonly key: ParsedKey
  readonly keepalive: number
  /** The host before; none: from here. */
  readonly from: Session | undefined
}

function doorTo(address: SshAddress, { settings, key, keepalive, from }: Way): Door {
  const { host, port } = address
  const open = (signal: AbortSignal): Promise<Duplex> =>
    from
      ? unlessAborted(from.ssh.forwardOut('127.0.0.1', 0, host, port), signal)
      : dialFromHere(address, signal)
  const named = async () => {
    try {
      return await inTime(open)
    } catch (error) {
      throw new Error(`${addressOf(address)}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      })
    }
  }
  return { address, trusted: settings.trusted, key, keepalive, dial: named }
}

/** A jump host waits for minutes for a host that does not answer. */
async function inTime(open: (signal: AbortSignal) => Promise<Duplex>): Promise<Duplex> {
  const overdue = new AbortController()
  const timer = setTimeout(() => {
    overdue.abort(new Error(`no answer within ${dialTime / 1000} s`))
  }, dialTime)
  try {
    return await open(overdue.signal)
  } finally {
    clearTimeout(timer)
  }
}

function linkOf(sessions: readonly Session[], close: () => void): Link {
  let over: string | null = null
  const streams = new Set<Duplex>()
  const end = (why: string) => {
    over ??= why
    for (const stream of streams) stream.destroy(new Error(over))
    close()
  }
  for (const { client } of sessions) {
    client.on('error', (error: Error) => end(error.message))
    client.on('end', () => end('the other side closed the connection'))
    client.on('close', () => end('the connection broke'))
  }
  const { client } = sessions.at(-1) as Session
  const opened = (open: (callback: Opened) => void) =>
    new Promise<ClientChannel>((resolve, reject) => {
      try {
        open((error, channel) => (error ? reject(error) : resolve(channel)))
      } catch (error) {
        // It broke before anybody listened.
        end('the connection broke')
        reject(error)
      }
    })
  return {
    exec: (command) => opened((callback) => client.exec(command, callback)),
    forward: ({ host, port }) =>
      opened((callback) => client.forwardOut('127.0.0.1', 0, host, port, callback)),
    tie: (stream) => {
      streams.add(stream)
      // Whoever is done with a stream no longer listens, and an error nobody hears ends the process.
      return stream.on('error', () => {}).once('close', () => streams.delete(stream))
    },
    isOpen: () => over === null,
    why: () => over ?? 'the session ended without an exit code',
    close: () => end('the connection was closed'),
  }
}

type Opened = (error: Error | undefined, channel: ClientChannel) => void
