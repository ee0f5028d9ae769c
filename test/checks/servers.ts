import { createServer, type RequestListener, type Server } from 'node:http'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net'
import { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { Check, ServiceIntent } from '../../src/targets/intent.ts'
import type { Reach } from '../../src/targets/target.ts'

export const aCheck = (changes: Partial<Check> = {}): Check => ({
  path: '/health',
  scheme: null,
  host: null,
  status: [{ from: 200, to: 299 }],
  body: null,
  json: {},
  header: {},
  headers: {},
  maxLatency: null,
  ...changes,
})

export const aService = (changes: Partial<ServiceIntent> = {}): ServiceIntent => ({
  name: 'web',
  image: null,
  url: null,
  colorUrl: null,
  health: aCheck(),
  verify: aCheck(),
  versionCheck: null,
  start: 'before-switch',
  ...changes,
})

/** A real server on 127.0.0.1 that ends with the test; its URL. */
export const serve = (listener: RequestListener): Promise<string> => listen(createServer(listener))

/** Speaks whatever it likes on the bare socket. */
export const serveSocket = (talk: (socket: Socket) => void): Promise<string> =>
  listen(
    createTcpServer((socket) => {
      socket.on('error', () => {})
      talk(socket)
    }),
  )

export const listen = async (server: Server | TcpServer): Promise<string> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A port of 127.0.0.1 where nobody listens. */
export const closedPort = async (): Promise<number> => {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export const at = (url: string, headers: Record<string, string> = {}): Reach => ({
  kind: 'url',
  url,
  headers,
})

/** Like a channel of a tunnel: a stream that is no socket, dialed to the server, whatever the URL says. */
export const dialed = (server: string, url: string): Reach => ({
  kind: 'stream',
  url,
  dial: async () => {
    const socket = connect(Number(new URL(server).port), '127.0.0.1')
    socket.on('error', () => {})
    return Duplex.from({ readable: socket, writable: socket })
  },
})
