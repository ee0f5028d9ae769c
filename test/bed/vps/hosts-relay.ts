/** Streams from one place to another: over a socket's path from one network namespace to another, or as a way in that can be cut. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export type Place = { readonly path: string } | { readonly host: string; readonly port: number }

export interface Relay extends AsyncDisposable {
  /** Breaks what is open, and whoever comes is turned away. */
  cut(): void
  mend(): void
}

/** `to` is asked for each stream. */
export async function openRelay(from: Place, to: () => Place): Promise<Relay> {
  const open = new Set<Socket>()
  let isCut = false
  const server = createServer({ noDelay: true }, (incoming) => {
    if (isCut) return void incoming.resetAndDestroy()
    const outgoing = connect({ ...to(), noDelay: true })
    const end = () => {
      incoming.destroy()
      outgoing.destroy()
      open.delete(incoming)
    }
    open.add(incoming)
    incoming.on('error', end).on('close', end).pipe(outgoing)
    outgoing.on('error', end).on('close', end).pipe(incoming)
  })
  server.listen(from)
  await once(server, 'listening')
  const breakAll = () => {
    for (const socket of open) socket.resetAndDestroy()
  }
  return {
    cut: () => {
      isCut = true
      breakAll()
    },
    mend: () => {
      isCut = false
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      breakAll()
      await once(server, 'close')
    },
  }
}
