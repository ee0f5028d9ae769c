/** Users of one public URL: they never retry, and everything that is not the expected answer is lost. */
import { randomUUID } from 'node:crypto'
import { Agent as PlainAgent, request as sendPlain } from 'node:http'
import { request as sendTls, Agent as TlsAgent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Color } from '../../src/targets/target.ts'
import { Book, type LoadReport, type Lost, now, type Result } from './load-book.ts'

export type { Answers, LoadReport, Lost } from './load-book.ts'

export interface LoadOptions extends Way {
  readonly path?: string
  /** Clients that keep their connection, and clients with a fresh one for each request. Both GET and POST in turn. */
  readonly keepAlive: number
  readonly fresh: number
  /** Clients whose requests take `ms` at the app, on connections that they keep. */
  readonly slow?: { readonly clients: number; readonly ms: number }
  /** Pause of a client between two requests, in milliseconds. */
  readonly think: { readonly min: number; readonly max: number }
  /** How long a user waits for an answer, in milliseconds. */
  readonly patience?: number
}

export interface Way {
  readonly url: string
  /** Where the URL's host is, for a name that leads nowhere. */
  readonly address?: string
  /** A certificate to trust. */
  readonly trust?: string
}

export interface Load extends AsyncDisposable {
  /** So far. */
  report(): LoadReport
  /** Starts nothing more, waits for what is on its way. */
  stop(): Promise<LoadReport>
}

export function startLoad(options: LoadOptions): Load {
  const book = new Book()
  const end = new AbortController()
  const { keepAlive, fresh, slow = { clients: 0, ms: 0 }, path = '/' } = options
  const client = async (kind: Lost['client'], number: number) => {
    // Node takes a free connection out of the pool when the server closes it, as a browser does; it opens a new one then.
    const agent = agentFor(options, kind !== 'fresh')
    for (let turn = number; !end.signal.aborted; turn++) {
      const method = turn % 2 ? 'POST' : 'GET'
      const result = await ask(options, {
        agent,
        method,
        path: kind === 'slow' ? `/slow?ms=${slow.ms}` : path,
      })
      book.enter(result, { method, client: kind })
      await pause(options.think, end.signal)
    }
    agent.destroy()
  }
  const crowd = (kind: Lost['client'], size: number) =>
    Array.from({ length: size }, (_, number) => client(kind, number))
  const clients = [
    ...crowd('keep-alive', keepAlive),
    ...crowd('fresh', fresh),
    ...crowd('slow', slow.clients),
  ]
  const stop = async () => {
    end.abort()
    await Promise.all(clients)
    return book.report()
  }
  return { report: () => book.report(), stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

async function pause({ min, max }: LoadOptions['think'], signal: AbortSignal): Promise<void> {
  await sleep(min + Math.random() * (max - min), undefined, { signal }).catch(() => {})
}

const isTls = (url: string) => new URL(url).protocol === 'https:'

function agentFor({ url, trust }: Way, keepAlive: boolean): PlainAgent | TlsAgent {
  const options = { keepAlive, maxSockets: 1 }
  return isTls(url) ? new TlsAgent({ ...options, ...(trust && { ca: trust }) }) : new PlainAgent(options)
}

/** For `request` of node:http and node:https. */
export const dialing = ({ url, address }: Way) => ({
  ...(address && { hostname: address, servername: new URL(url).hostname }),
  setHost: false,
  headers: { host: new URL(url).host },
})

interface Question {
  readonly agent: PlainAgent | TlsAgent
  readonly method: 'GET' | 'POST'
  readonly path: string
}

function ask(options: LoadOptions, { agent, method, path }: Question): Promise<Result> {
  const { url, patience = 10_000 } = options
  const sent = now()
  const body = method === 'POST' ? `order ${randomUUID()}` : undefined
  const send = isTls(url) ? sendTls : sendPlain
  return new Promise((resolve) => {
    const settle = (outcome: Result['outcome']) => resolve({ sent, received: now(), outcome })
    const lose = (reason: string) => settle({ kind: 'lost', reason })
    const signal = AbortSignal.timeout(patience)
    const request = send(new URL(path, url), { method, agent, signal, ...dialing(options) }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', (error) => lose(`cut: ${error.message}`))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const [color, version] = [String(response.headers['x-color']), String(response.headers['x-version'])]
        const expected = body ?? `${color} ${version}\n`
        if (response.statusCode !== 200) lose(`status ${response.statusCode}`)
        else if (text !== expected) lose(`unexpected body: ${JSON.stringify(text.slice(0, 80))}`)
        else settle({ kind: 'answered', color: color as Color, version })
      })
    })
    request.on('error', (error) => lose(signal.aborted ? `no answer within ${patience} ms` : error.message))
    request.end(body)
  })
}
