/** Asks the API through `kubectl proxy`, and knows how an answer may fail to come. */
import { Agent } from 'node:http'
import type { Clock } from '../../../clock.ts'
import { reasonOf } from '../../../host/dialing.ts'
import { endingOf } from '../../../host/ending.ts'
import { TargetUnreachable } from '../../target.ts'
import { judge, type Verdict } from './answer.ts'
import type { ApiRequest, Cluster } from './cluster.ts'
import { receive, send } from './exchange.ts'
import type { ApiProxy } from './proxy.ts'
import { watching } from './watching.ts'

const requestTime = 10_000
/** Of a request that only reads. */
const attempts = 4
const firstPause = 500

export interface AskingOptions {
  readonly proxy: ApiProxy
  /** Of the cluster, for people. */
  readonly name: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface Asking extends Pick<Cluster, 'requests' | 'ask' | 'watch'> {
  close(): void
}

export function askingOver({ proxy, name, clock, signal }: AskingOptions): Asking {
  const agent = new Agent({ keepAlive: true })
  let requests = 0

  const sendOnce = async (request: ApiRequest, until: AbortSignal) => {
    const socketPath = await proxy.open()
    requests += 1
    return send(request, { agent, socketPath, signal: until })
  }
  const open = async (request: ApiRequest, until: AbortSignal) => {
    try {
      return await sendOnce(request, until)
    } catch (error) {
      if (!isNobodyThere(error)) throw error
      return sendOnce(request, until)
    }
  }
  const exchange = async (request: ApiRequest, until: AbortSignal): Promise<Verdict> => {
    try {
      return judge(await receive(await open(request, until)), clock.now())
    } catch (error) {
      until.throwIfAborted()
      return { kind: 'silent', why: reasonOf(error), pause: null }
    }
  }
  const attempt = (request: ApiRequest) =>
    withinTime((until) => exchange(request, AbortSignal.any([signal, until])), clock, signal)
  const unanswered = (request: ApiRequest, why: string) =>
    new TargetUnreachable(unansweredText({ name, request, why, said: proxy.lastWords() }))

  return {
    get requests() {
      return requests
    },
    ask: async (request) => {
      for (let count = 1; ; count++) {
        const verdict = await attempt(request)
        if (verdict.kind !== 'silent') return verdict
        if (request.method !== 'GET' || count === attempts) throw unanswered(request, verdict.why)
        await clock.sleep(verdict.pause ?? firstPause * 2 ** (count - 1), signal)
      }
    },
    watch: (request, until) => watching({ open, unanswered, clock, signal }, request, until),
    close: () => agent.destroy(),
  }
}

async function withinTime(
  exchange: (signal: AbortSignal) => Promise<Verdict>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Verdict> {
  signal.throwIfAborted()
  const over = new AbortController()
  const exchanged = exchange(over.signal)
  exchanged.catch(() => {})
  try {
    const ending = await endingOf(exchanged, { signal, clock, time: requestTime, over: over.signal })
    if (ending === 'aborted') throw signal.reason
    if (typeof ending === 'object') return ending
    return { kind: 'silent', why: `Nothing came within ${requestTime / 1000} s`, pause: null }
  } finally {
    over.abort()
  }
}

/** Nothing of the request was sent: the proxy has died, and is not yet known to be dead. */
const isNobodyThere = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')

interface Unanswered {
  readonly name: string
  readonly request: ApiRequest
  readonly why: string
  /** By kubectl. */
  readonly said: string
}

const wordsLimit = 600

export function unansweredText({ name, request: { method, path }, why, said }: Unanswered): string {
  const unknown =
    method === 'GET' ? 'Nothing is known of what is there.' : 'Whether it was done there is unknown.'
  const words = said.length > wordsLimit ? said.slice(-wordsLimit).replace(/^.*\n/, '') : said
  return [
    `The API server (${name}) did not answer ${method} ${path}. ${unknown} ${why.replace(/\.$/, '')}.`,
    ...(words === '' || why.includes(words) ? [] : [`kubectl said last: ${words}`]),
    'Ask it: kubectl get --raw /readyz',
  ].join('\n')
}
