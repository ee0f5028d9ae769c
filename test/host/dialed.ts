/** Servers to dial, and what is done with a stream that leads to one. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener, request } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Duplex, finished } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { Address } from '../../src/host/dialing.ts'
import { folder } from './place.ts'

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

const echo: RequestListener = (incoming, response) => {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk) => chunks.push(chunk))
  incoming.on('end', () => response.end(Buffer.concat([Buffer.from(`${incoming.url} `), ...chunks])))
}

/** Says what it was asked for. */
export const startWeb = (): Promise<Address> => listen(createHttpServer(echo))

/** The same over TLS, with a certificate nobody trusts. */
export function startTlsWeb(): Promise<Address> {
  const [key, cert] = [join(folder(), 'key'), join(folder(), 'cert')]
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=app'
  execFileSync('openssl', [...request.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return listen(createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert) }, echo))
}

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
