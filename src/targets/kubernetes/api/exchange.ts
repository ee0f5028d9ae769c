/** Requests to the API over a socket. */
import { type Agent, type ClientRequest, type IncomingMessage, request as open } from 'node:http'
import type { Reply } from './answer.ts'
import type { ApiRequest } from './cluster.ts'

interface Way {
  readonly agent: Agent
  readonly socketPath: string
  readonly signal: AbortSignal
}

/** Bytes of an answer: a list of all pods of a big namespace is some megabytes. */
const replyLimit = 64 * 2 ** 20

const patchTypes = { json: 'application/json-patch+json', apply: 'application/apply-patch+yaml' }

/** Rejects when the connection breaks, and with the signal's reason. */
export function send(request: ApiRequest, { agent, socketPath, signal }: Way): Promise<IncomingMessage> {
  const { method, path, body, patch = 'json' } = request
  const text = body === undefined ? null : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const outgoing: ClientRequest = open({
      method,
      path,
      agent,
      socketPath,
      signal,
      headers: {
        // kubectl proxy refuses all other names.
        host: 'localhost',
        // Of logs there is nothing but text.
        accept: 'application/json, */*',
        'user-agent': 'blue-green-action',
        ...(text !== null && {
          'content-type': method === 'PATCH' ? patchTypes[patch] : 'application/json',
          'content-length': Buffer.byteLength(text),
        }),
      },
    })
    outgoing.once('response', resolve).on('error', (error) => reject(signal.aborted ? signal.reason : error))
    outgoing.end(text ?? undefined)
  })
}

export async function receive(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > replyLimit) throw new Error(`the answer is longer than ${replyLimit / 2 ** 20} MiB`)
    chunks.push(chunk)
  }
  const { headers, statusCode = 0 } = response
  return {
    status: statusCode,
    contentType: headers['content-type'] ?? '',
    date: headers.date,
    retryAfter: headers['retry-after'],
    body: Buffer.concat(chunks).toString(),
  }
}
