import { type IncomingMessage, request as startRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Reach } from '../targets/target.ts'
import { connect, secure } from './connect.ts'
import { type Destination, type RequestSpec, resolveDestination } from './destination.ts'
import { explainFailure } from './failure-reason.ts'
import { showTime } from './wording.ts'

export type Exchange =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly reason: string }

export interface Answer {
  readonly status: number
  /** Names in lower case; several values of one name are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  /** The first 64 KiB. */
  readonly body: string
  /** Milliseconds to the last byte, with connecting but without the dialing of a tunnel. */
  readonly latency: number
}

export interface Limits {
  /** From connecting to the last byte. */
  readonly timeout: number
  readonly signal: AbortSignal
}

export const longestBody = 64 * 1024

type Stage =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'reading'; readonly status: number }

/**
 * One request on a fresh connection that is never used again, for what an open connection shows says nothing about new ones.
 * Redirects are not followed and proxies of the environment are not used. Rejects only with the reason of `limits.signal`.
 */
export const sendRequest = async (reach: Reach, spec: RequestSpec, limits: Limits): Promise<Exchange> => {
  limits.signal.throwIfAborted()
  const resolved = resolveDestination(reach, spec)
  if (resolved.kind === 'refused') return { kind: 'failed', reason: resolved.reason }
  const overdue = new AbortController()
  const timer = setTimeout(() => overdue.abort(), limits.timeout)
  let stage: Stage = { kind: 'connecting' }
  try {
    const signal = AbortSignal.any([limits.signal, overdue.signal])
    const answer = await converse({ reach, destination: resolved.destination, signal }, (next) => {
      stage = next
    })
    return { kind: 'answered', answer }
  } catch (error) {
    limits.signal.throwIfAborted()
    const reason = overdue.signal.aborted ? timedOut(limits.timeout, stage) : brokenOff(error, stage)
    return { kind: 'failed', reason }
  } finally {
    clearTimeout(timer)
  }
}

interface Conversation {
  readonly reach: Reach
  readonly destination: Destination
  readonly signal: AbortSignal
}

const converse = async (
  { reach, destination, signal }: Conversation,
  enter: (stage: Stage) => void,
): Promise<Answer> => {
  const began = performance.now()
  const plain = await connect(reach, destination, signal)
  const connected = reach.kind === 'stream' ? performance.now() : began
  try {
    const stream = destination.tls ? await secure(plain, destination, signal) : plain
    enter({ kind: 'waiting' })
    const response = await ask(stream, destination)
    const status = response.statusCode ?? 0
    enter({ kind: 'reading', status })
    const body = await readBody(response)
    return { status, headers: joinHeaders(response), body, latency: performance.now() - connected }
  } finally {
    plain.destroy()
  }
}

const ask = (stream: Duplex, { method, path, headers }: Destination): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = startRequest({ createConnection: () => stream, method, path, headers })
    // Errors after the answer began reach us through its body.
    request.on('error', reject)
    request.once('response', resolve)
    request.end()
  })

const readBody = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size < longestBody) chunks.push(chunk.subarray(0, longestBody - size))
    size += chunk.length
  }
  return Buffer.concat(chunks).toString('utf8')
}

const joinHeaders = (response: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(response.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')]),
  )

const timedOut = (timeout: number, stage: Stage): string => {
  const where = {
    connecting: 'no connection',
    waiting: 'connected, no answer',
    reading: `in the middle of the answer`,
  }[stage.kind]
  return `timed out after ${showTime(timeout)} (${where})`
}

const brokenOff = (error: unknown, stage: Stage): string =>
  stage.kind === 'reading'
    ? `connection closed in the middle of the answer (${stage.status})`
    : explainFailure(error)
