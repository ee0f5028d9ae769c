/** Asks nginx on the host for the color: one request on a stream of its own. */
import { request as startRequest } from 'node:http'
import { addAbortSignal, type Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Connection } from '../../../host/connection.ts'
import { DialRefused, reasonOf } from '../../../host/dialing.ts'
import { type Answer, parseReply, type Reply } from './answer.ts'
import type { Listener } from './listeners.ts'

/** Milliseconds for opening a stream, and as many for the answer. */
const patience = 5_000

/** A stream for one question, or why there is none. */
export type Line =
  | { readonly kind: 'open'; readonly stream: Duplex }
  | { readonly kind: 'closed'; readonly detail: string }

/** Throws TargetUnreachable where the host itself is out of reach, and the signal's reason. */
export async function openLine(
  connection: Connection,
  { address, serverName }: Listener,
  signal: AbortSignal,
): Promise<Line> {
  const late = AbortSignal.timeout(patience)
  try {
    const ended = AbortSignal.any([signal, late])
    const plain = await connection.dial(address, ended)
    plain.on('error', () => {})
    return { kind: 'open', stream: serverName === null ? plain : await secure(plain, serverName, ended) }
  } catch (error) {
    signal.throwIfAborted()
    if (late.aborted) return { kind: 'closed', detail: `no connection within ${patience / 1000} s` }
    if (error instanceof DialRefused) return { kind: 'closed', detail: error.message }
    if (error instanceof HandshakeFailed) return { kind: 'closed', detail: error.message }
    throw error
  }
}

class HandshakeFailed extends Error {
  override readonly name = 'HandshakeFailed'
}

/** The certificate is not looked at: nobody stands between us and the host's own loopback, and it may be one for a CDN alone. */
function secure(plain: Duplex, servername: string, ended: AbortSignal): Promise<Duplex> {
  const stream = connectTls({
    socket: plain,
    servername,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  })
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      plain.destroy()
      reject(new HandshakeFailed(`TLS failed: ${reason}`))
    }
    ended.addEventListener('abort', () => fail('no answer'), { once: true })
    stream.on('error', (error) => fail(reasonOf(error)))
    stream.once('close', () => fail('the connection was closed'))
    stream.once('secureConnect', () => resolve(stream))
  })
}

/** The line is closed afterwards. Rejects only with the signal's reason. */
export async function ask(line: Line, listener: Listener, signal: AbortSignal): Promise<Answer> {
  if (line.kind === 'closed') return { kind: 'other', detail: line.detail }
  const late = AbortSignal.timeout(patience)
  try {
    addAbortSignal(AbortSignal.any([signal, late]), line.stream)
    return parseReply(await converse(line.stream, listener))
  } catch (error) {
    signal.throwIfAborted()
    const detail = late.aborted ? `no answer within ${patience / 1000} s` : reasonOf(error)
    return { kind: 'other', detail }
  } finally {
    line.stream.destroy()
  }
}

const converse = (stream: Duplex, { host, path }: Listener): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const headers = { host, connection: 'close', 'user-agent': 'blue-green-action' }
    const request = startRequest({ createConnection: () => stream, path, headers })
    request.on('error', reject).once('response', async (response) => {
      let body = ''
      try {
        for await (const chunk of response.setEncoding('utf8')) {
          body += chunk
          if (body.length > longestBody) break
        }
        const { statusCode: status = 0, headers } = response
        resolve({ status, location: headers.location ?? null, body })
      } catch (error) {
        reject(error)
      }
    })
    request.end()
  })

/** More than that is no color. */
const longestBody = 4 * 1024
