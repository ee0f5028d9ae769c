/** Users who hold a WebSocket, and hear a pong for each ping: https://www.rfc-editor.org/rfc/rfc6455 */
import { randomBytes } from 'node:crypto'
import { request as sendPlain } from 'node:http'
import { request as sendTls } from 'node:https'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Color } from '../../src/targets/target.ts'
import { dialing, type Way } from './load.ts'
import { now } from './load-book.ts'

export interface WebSocketOptions extends Way {
  readonly path?: string
  readonly count: number
  /** Between two pings, in milliseconds. */
  readonly every?: number
  /** How long a user waits for a pong, in milliseconds. */
  readonly patience?: number
}

export interface WebSockets extends AsyncDisposable {
  /** So far. */
  report(): readonly WebSocketReport[]
}

export interface WebSocketReport {
  readonly color: Color
  readonly pongs: number
  /** When and why it broke; null: it is open. */
  readonly cut: { readonly at: number; readonly reason: string } | null
}

/** Resolves when all are open. */
export async function openWebSockets(options: WebSocketOptions): Promise<WebSockets> {
  const opened = await Promise.all(Array.from({ length: options.count }, () => openWebSocket(options)))
  return {
    report: () => opened.map(({ report }) => report()),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map(({ close }) => close()))
    },
  }
}

const pingOpcode = 0x9
const pongOpcode = 0xa

async function openWebSocket(options: WebSocketOptions) {
  const { every = 50, patience = 10_000 } = options
  const { stream, color } = await upgrade(options)
  const end = new AbortController()
  let pongs = 0
  let cut: WebSocketReport['cut'] = null
  const breaks = (reason: string) => {
    if (!end.signal.aborted) cut ??= { at: now(), reason }
    stream.destroy()
  }
  let pending = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    for (let size = sizeOfFirst(pending); size !== null; size = sizeOfFirst(pending)) {
      if (((pending[0] ?? 0) & 0xf) === pongOpcode) pongs += 1
      pending = pending.subarray(size)
    }
  })
  stream.on('error', (error) => breaks(error.message)).on('close', () => breaks('closed'))
  const talking = (async () => {
    for (let pings = 0; cut === null && !end.signal.aborted; ) {
      stream.write(ping())
      pings += 1
      const deadline = now() + patience
      await sleep(every, undefined, { signal: end.signal }).catch(() => {})
      while (pongs < pings && cut === null && !end.signal.aborted && now() < deadline) await sleep(5)
      if (pongs < pings && !end.signal.aborted) breaks(`no pong within ${patience} ms`)
    }
  })()
  return {
    report: (): WebSocketReport => ({ color, pongs, cut }),
    close: async () => {
      end.abort()
      stream.destroy()
      await talking
    },
  }
}

function upgrade(options: WebSocketOptions): Promise<{ readonly stream: Duplex; readonly color: Color }> {
  const { url, path = '/ws', trust } = options
  const send = new URL(url).protocol === 'https:' ? sendTls : sendPlain
  const { headers, ...where } = dialing(options)
  const wish = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  }
  return new Promise((resolve, reject) => {
    const request = send(new URL(path, url), {
      ...where,
      ...(trust && { ca: trust }),
      agent: false,
      headers: { ...headers, ...wish },
    })
    request.on('upgrade', (response, stream) =>
      resolve({ stream, color: String(response.headers['x-color']) as Color }),
    )
    request.on('response', ({ statusCode }) => reject(new Error(`No WebSocket, but status ${statusCode}`)))
    request.on('error', reject)
    request.end()
  })
}

/** A client masks what it sends: here by zeros, which change nothing. */
const ping = () => Buffer.from([0x80 | pingOpcode, 0x80, 0, 0, 0, 0])

/** The app sends short frames alone; null: not all of it is here yet. */
function sizeOfFirst(frames: Buffer): number | null {
  const [, length] = frames
  return length === undefined || frames.length < 2 + length ? null : 2 + length
}
