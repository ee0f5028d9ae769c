/** The way to the host: a TCP connection, through jump hosts where there are some. */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ClientChannel, ParsedKey } from 'ssh2'
import type { SshAddress, SshSettings } from '../../targets/ssh.ts'
import { type Door, logIn, readKey, type Session } from './handshake.ts'
import { addressOf } from './host-refused.ts'

const dialTime = 10_000

export interface Link {
  /** Runs nothing unless it resolves. */
  exec(command: string): Promise<ClientChannel>
  isOpen(): boolean
  /** Why it is closed, as far as anybody said. */
  why(): string
  close(): void
}

export async function openLink(settings: SshSettings, keepalive: number): Promise<Link> {
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
      sessions.push(await logIn(doorTo(address, { settings, key, keepalive, from: sessions.at(-1) })))
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
  const dial = (): Promise<Duplex> =>
    from ? inTime(from.ssh.forwardOut('127.0.0.1', 0, host, port)) : dialFromHere(host, port)
  const named = async () => {
    try {
      return await dial()
    } catch (error) {
      throw new Error(`${addressOf(address)}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      })
    }
  }
  return { address, trusted: settings.trusted, key, keepalive, dial: named }
}

/** A jump host waits for minutes for a host that does not answer. */
function inTime(dialing: Promise<Duplex>): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(noAnswer())
      dialing.then((stream) => stream.destroy()).catch(() => {})
    }, dialTime)
    dialing.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

const noAnswer = () => new Error(`no answer within ${dialTime / 1000} s`)

/** Without a delay of small packets, which makes each command on a near host twenty times slower. */
function dialFromHere(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, timeout: dialTime })
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.once('error', fail).once('timeout', () => fail(noAnswer()))
    socket.once('connect', () => {
      socket.setTimeout(0).removeListener('error', fail)
      resolve(socket)
    })
  })
}

function linkOf(sessions: readonly Session[], close: () => void): Link {
  let over: string | null = null
  const end = (why: string) => {
    over ??= why
    close()
  }
  for (const { client } of sessions) {
    client.on('error', (error: Error) => end(error.message))
    client.on('end', () => end('the other side closed the connection'))
    client.on('close', () => end('the connection broke'))
  }
  const { client } = sessions.at(-1) as Session
  return {
    exec: (command) =>
      new Promise((resolve, reject) => {
        try {
          client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)))
        } catch (error) {
          // It broke before anybody listened.
          end('the connection broke')
          reject(error)
        }
      }),
    isOpen: () => over === null,
    why: () => over ?? 'the session ended without an exit code',
    close,
  }
}
