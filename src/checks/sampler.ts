import type { Clock } from '../clock.ts'
import type { Intent, ServiceIntent } from '../targets/intent.ts'
import type { Reach } from '../targets/target.ts'
import { judge, readVersion, requestOf } from './check.ts'
import { type BreachRules, breach, type Evidence, type Sample, summarize } from './evidence.ts'
import { type Answer, type Exchange, sendRequest } from './request.ts'

export interface Sampling {
  /** Those without a public URL are left out. */
  readonly services: readonly ServiceIntent[]
  /** Requests a second to each URL; 0: none. */
  readonly rate: Intent['sampleRate']
  readonly requestTimeout: number
  readonly identityHeader: Intent['identityHeader']
  readonly rules: BreachRules
  /** How the new color may name itself: its version, its color. */
  readonly newcomer: readonly string[]
  readonly clock: Clock
  /** Ends everything at once, without an error. */
  readonly signal: AbortSignal
  readonly send?: typeof sendRequest
}

/** Kept before the switch. */
const baseline = 20_000
/** A slow answer must not slow the rate; past this many open requests, samples are late instead of sent. */
const mostOpen = 50

/** Asks each public URL at a steady rate from `start` to `stop`, as a user with a fresh connection each time. */
export class Sampler {
  readonly #sampling: Sampling
  readonly #streams: readonly Stream[]
  readonly #stopped = new AbortController()
  readonly #breached = new AbortController()
  readonly #open = new Set<Promise<void>>()
  #switchedAt: number | null = null
  #breach: string | null = null

  constructor(sampling: Sampling) {
    this.#sampling = sampling
    this.#streams = sampling.services.flatMap((service) =>
      service.url === null ? [] : [{ service, url: service.url, samples: [], open: 0, forbidden: false }],
    )
  }

  start(): void {
    if (this.#sampling.rate <= 0) return
    // Only sleeping rejects, when the sampler has ended.
    for (const stream of this.#streams) void this.#run(stream).catch(() => {})
  }

  markSwitch(at: number = this.#sampling.clock.monotonic()): void {
    for (const stream of this.#streams) dropBefore(stream, at - baseline)
    this.#switchedAt = at
  }

  /** The first breach of the rules since the switch. */
  breach(): string | null {
    return this.#breach
  }

  /** Aborted by the first breach; its reason is an error that says which. */
  get breached(): AbortSignal {
    return this.#breached.signal
  }

  evidence(): readonly Evidence[] {
    return this.#streams.map(({ url, samples }) =>
      summarize({ url, samples, switchedAt: this.#switchedAt, newcomer: this.#sampling.newcomer }),
    )
  }

  /** Sends no more, and waits for the open requests (at most their timeout). May be repeated. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#open)
  }

  async #run(stream: Stream): Promise<void> {
    const { clock, rate, signal } = this.#sampling
    const ended = AbortSignal.any([signal, this.#stopped.signal])
    let next = clock.monotonic()
    while (!ended.aborted) {
      this.#ask(stream)
      // After a stall the rate goes on; what was missed is not made up for in a burst.
      next = Math.max(next + 1000 / rate, clock.monotonic())
      await clock.sleep(next - clock.monotonic(), ended)
    }
  }

  #ask(stream: Stream): void {
    const at = this.#sampling.clock.monotonic()
    if (stream.open >= mostOpen) {
      this.#keep(stream, { at, latency: 0, outcome: 'late', who: null })
      return
    }
    stream.open += 1
    const asking = this.#exchange(stream)
      .then((exchange) => this.#keep(stream, this.#read(stream, at, exchange)))
      // Only the end of the run rejects: a request it cut short proves nothing.
      .catch(() => {})
      .finally(() => {
        stream.open -= 1
        this.#open.delete(asking)
      })
    this.#open.add(asking)
  }

  #exchange({ service, url }: Stream): Promise<Exchange> {
    const { send = sendRequest, requestTimeout, signal } = this.#sampling
    const reach: Reach = { kind: 'url', url, headers: {} }
    return send(reach, requestOf(service.verify, service), { timeout: requestTimeout, signal })
  }

  #read(stream: Stream, at: number, exchange: Exchange): Sample {
    const { clock, identityHeader } = this.#sampling
    const outcome = classify(stream, exchange, this.#switchedAt !== null)
    if (exchange.kind === 'failed') return { at, latency: clock.monotonic() - at, outcome, who: null }
    const { answer } = exchange
    return { at, latency: answer.latency, outcome, who: identify(stream.service, identityHeader, answer) }
  }

  #keep(stream: Stream, sample: Sample): void {
    stream.samples.push(sample)
    if (this.#switchedAt === null) {
      dropBefore(stream, this.#sampling.clock.monotonic() - baseline)
      return
    }
    if (this.#breach !== null) return
    const reason = breach({ samples: stream.samples, switchedAt: this.#switchedAt }, this.#sampling.rules)
    if (reason === null) return
    this.#breach = `${stream.url}: ${reason}`
    this.#breached.abort(new Error(this.#breach))
  }
}

interface Stream {
  readonly service: ServiceIntent
  readonly url: string
  samples: Sample[]
  open: number
  /** A 403 was seen before the switch: somebody in front of the app keeps us out, whatever runs behind. */
  forbidden: boolean
}

const dropBefore = (stream: Stream, time: number): void => {
  stream.samples = stream.samples.filter(({ at }) => at >= time)
}

const classify = (stream: Stream, exchange: Exchange, switched: boolean): Sample['outcome'] => {
  if (judge(stream.service.verify, exchange).passed) return 'good'
  const status = exchange.kind === 'answered' ? exchange.answer.status : null
  if (status === 403 && !switched) stream.forbidden = true
  return status === 429 || (status === 403 && stream.forbidden) ? 'blocked' : 'failed'
}

const identify = (
  { versionCheck, verify }: ServiceIntent,
  header: string | null,
  answer: Answer,
): string | null => {
  const named = header === null ? null : (answer.headers[header.toLowerCase()] ?? null)
  if (named !== null) return named
  return versionCheck !== null && versionCheck.path === verify.path ? readVersion(versionCheck, answer) : null
}
