/** A port on this machine that leads to where a target dials, for programs that know nothing of the target. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { DialedReach } from '../targets/target.ts'
import { reasonOf, unlessAborted } from './dialing.ts'

interface DoorOptions {
  /** Ends it as `close` does. */
  readonly signal: AbortSignal
  /** Why a connection was not led on; it was closed, and the next one is dialed anew. */
  onRefused(why: string): void
}

interface LocalDoor {
  /** As that of the reach, with an address of this machine. */
  readonly url: string
  /** Nobody listens and nobody is connected any more when it returns. */
  close(): Promise<void>
}

export async function openLocalDoor(reach: DialedReach, options: DoorOptions): Promise<LocalDoor> {
  options.signal.throwIfAborted()
  const closing = new AbortController()
  const signal = AbortSignal.any([closing.signal, options.signal])
  // A client may have said all it has to say before it is answered.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    void lead(client, reach, { ...options, signal })
  })
  const closed = new Promise<void>((resolve) => server.once('close', () => resolve()))
  server.listen({ host: '127.0.0.1', port: 0, signal })
  await once(server, 'listening', { signal })
  server.on('error', (error) => options.onRefused(reasonOf(error)))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A listener on 127.0.0.1 has no port.')
  return {
    url: urlAt(reach.url, address.port),
    close: () => {
      closing.abort()
      return closed
    },
  }
}

async function lead(client: Socket, reach: DialedReach, { signal, onRefused }: DoorOptions): Promise<void> {
  client.on('error', () => {})
  const gone = new AbortController()
  client.once('close', () => gone.abort())
  const over = AbortSignal.any([signal, gone.signal])
  try {
    const stream = await unlessAborted(reach.dial(over), over)
    await join(client, stream, over)
  } catch (error) {
    if (!over.aborted) onRefused(reasonOf(error))
  } finally {
    client.destroy()
  }
}

/** What breaks off on one side breaks off on the other. */
async function join(client: Socket, stream: Duplex, signal: AbortSignal): Promise<void> {
  stream.on('error', () => {})
  try {
    await Promise.all([pipeline(client, stream, { signal }), pipeline(stream, client, { signal })])
  } catch {
    // The client sees it.
  } finally {
    stream.destroy()
  }
}

function urlAt(url: string, port: number): string {
  const { protocol, pathname } = new URL(url)
  return `${protocol}//127.0.0.1:${port}${pathname.replace(/\/+$/, '')}`
}
