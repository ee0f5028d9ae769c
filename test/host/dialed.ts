/** What a stream that a connection has dialed is good for. */
import { once } from 'node:events'
import { createServer as createHttpServer, request } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Duplex, finished } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { Address } from '../../src/host/dialing.ts'

async function listen(server: Server): Promise<Address> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

/** Says what it was asked for. */
export const startWeb = (): Promise<Address> =>
  listen(
    createHttpServer((incoming, response) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk) => chunks.push(chunk))
      incoming.on('end', () => response.end(Buffer.concat([Buffer.from(`${incoming.url} `), ...chunks])))
    }),
  )

/** Takes connections, and hands each over. */
export const startServer = (serve: (socket: Socket) => void): Promise<Address> =>
  listen(createServer((socket) => serve(socket.on('error', () => {}))))

/** One HTTP request on the stream, with its connection closed after the answer. */
export const ask = (stream: Duplex, path: string, body = Buffer.alloc(0)): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const headers = { connection: 'close', 'content-length': body.length }
    request({ createConnection: () => stream, method: 'POST', path, headers, host: 'app' })
      .on('error', reject)
      .on('response', async (response) => resolve(Buffer.concat(await response.toArray())))
      .end(body)
  })

/** What it ended with; null: in peace. Whatever arrives is thrown away. */
export const endOf = (stream: Duplex): Promise<Error | null> =>
  new Promise((resolve) => {
    finished(stream.resume(), (error) => resolve(error ?? null))
  })
