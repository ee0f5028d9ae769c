/** A TCP proxy on loopback, for connections that break. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CutProxy extends AsyncDisposable {
  readonly port: number
  /** How many connections there have been. */
  readonly connections: number
  /** Breaks every connection; new ones are let through. */
  cut(): void
  /** Turns away whoever comes, until told otherwise. */
  close(closed: boolean): void
}

/** `to`: a port, of this machine where nothing else is said. */
export async function startCutProxy(to: number, host = '127.0.0.1'): Promise<CutProxy> {
  const sockets = new Set<Socket>()
  let connections = 0
  let closed = false
  const kept = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
  }
  const server = createServer({ noDelay: true }, (incoming) => {
    if (closed) return void incoming.resetAndDestroy()
    connections += 1
    const outgoing = kept(connect({ port: to, host, noDelay: true }))
    kept(incoming).pipe(outgoing).pipe(incoming)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    cut,
    close: (now) => {
      closed = now
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      cut()
    },
  }
}
