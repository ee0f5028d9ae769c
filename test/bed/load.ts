/** Users of one public URL: they never retry, and everything that is not the expected answer is lost. */
import { Agent, request as send } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Color } from '../../src/targets/target.ts'

export interface LoadOptions {
  readonly url: string
  readonly path?: string
  /** Clients that keep their connection, and clients with a fresh one for each request. Both GET and POST in turn. */
  readonly keepAlive: number
  readonly fresh: number
  /** Pause of a client between two requests, in milliseconds. */
  readonly think: { readonly min: number; readonly max: number }
  /** How long a user waits for an answer, in milliseconds. */
  readonly patience?: number
}

export interface Load extends AsyncDisposable {
  /** So far. */
  report(): LoadReport
  /** Starts nothing more, waits for what is on its way. */
  stop(): Promise<LoadReport>
}

export interface LoadReport {
  readonly sent: number
  readonly answered: number
  readonly lost: readonly Lost[]
  /** Who answered, in the order of first answers. */
  readonly answers: readonly Answers[]
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number }
}

export interface Lost {
  readonly at: number
  readonly method: 'GET' | 'POST'
  readonly client: 'keep-alive' | 'fresh'
  readonly reason: string
}

/** All times: wall clock with fractions of a millisecond. */
export interface Answers {
  readonly color: Color
  readonly version: string
  readonly count: number
  readonly first: number
  readonly last: number
  /** When the last request that this one answered was sent. */
  readonly lastSent: number
}

export function startLoad(options: LoadOptions): Load {
  const book = new Book()
  const end = new AbortController()
  const client = async (kind: Lost['client'], number: number) => {
    // Node takes a free connection out of the pool when the server closes it, as a browser does; it opens a new one then.
    const agent = new Agent({ keepAlive: kind === 'keep-alive', maxSockets: 1 })
    for (let turn = number; !end.signal.aborted; turn++) {
      const method = turn % 2 ? 'POST' : 'GET'
      const result = await ask(options, agent, method)
      book.enter(result, { method, client: kind })
      await pause(options.think, end.signal)
    }
    agent.destroy()
  }
  const clients = [
    ...Array.from({ length: options.keepAlive }, (_, number) => client('keep-alive', number)),
    ...Array.from({ length: options.fresh }, (_, number) => client('fresh', number)),
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

const now = (): number => performance.timeOrigin + performance.now()

interface Result {
  readonly sent: number
  readonly received: number
  readonly outcome:
    | { readonly kind: 'answered'; readonly color: Color; readonly version: string }
    | { readonly kind: 'lost'; readonly reason: string }
}

function ask(
  { url, path = '/', patience = 10_000 }: LoadOptions,
  agent: Agent,
  method: 'GET' | 'POST',
): Promise<Result> {
  const sent = now()
  const body = method === 'POST' ? `order ${sent}` : undefined
  return new Promise((resolve) => {
    const settle = (outcome: Result['outcome']) => resolve({ sent, received: now(), outcome })
    const lose = (reason: string) => settle({ kind: 'lost', reason })
    const signal = AbortSignal.timeout(patience)
    const request = send(new URL(path, url), { method, agent, signal }, (response) => {
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

class Book {
  readonly #lost: Lost[] = []
  readonly #answers = new Map<string, Answers>()
  readonly #latencies: number[] = []

  enter({ sent, received, outcome }: Result, by: Pick<Lost, 'method' | 'client'>): void {
    if (outcome.kind === 'lost') {
      this.#lost.push({ at: received, ...by, reason: outcome.reason })
      return
    }
    const { color, version } = outcome
    const key = `${color} ${version}`
    const before = this.#answers.get(key)
    this.#latencies.push(received - sent)
    this.#answers.set(key, {
      color,
      version,
      count: (before?.count ?? 0) + 1,
      first: before?.first ?? received,
      last: received,
      lastSent: Math.max(before?.lastSent ?? 0, sent),
    })
  }

  report(): LoadReport {
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    const quantile = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
    return {
      sent: sorted.length + this.#lost.length,
      answered: sorted.length,
      lost: [...this.#lost],
      answers: [...this.#answers.values()],
      latency: { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
    }
  }
}
