/** What the users of one URL have seen. All times: wall clock with fractions of a millisecond. */
import type { Color } from '../../src/targets/target.ts'

export interface LoadReport {
  readonly sent: number
  readonly answered: number
  readonly lost: readonly Lost[]
  /** Who answered, in the order of first answers. */
  readonly answers: readonly Answers[]
  /** Who answered the requests that were sent at this moment or later. */
  since(moment: number): readonly Answers[]
  /** Between two answers, whoever got them. */
  readonly longestGap: number
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number }
}

export interface Lost {
  readonly at: number
  readonly method: 'GET' | 'POST'
  readonly client: 'keep-alive' | 'fresh' | 'slow'
  readonly reason: string
}

export interface Answers {
  readonly color: Color
  readonly version: string
  readonly count: number
  readonly first: number
  readonly last: number
  /** When the last request that this one answered was sent. */
  readonly lastSent: number
}

export const now = (): number => performance.timeOrigin + performance.now()

export interface Result {
  readonly sent: number
  readonly received: number
  readonly outcome: Answer | { readonly kind: 'lost'; readonly reason: string }
}

interface Answer {
  readonly kind: 'answered'
  readonly color: Color
  readonly version: string
}

type Answered = Result & { readonly outcome: Answer }

export class Book {
  readonly #lost: Lost[] = []
  readonly #answered: Answered[] = []

  enter({ sent, received, outcome }: Result, by: Pick<Lost, 'method' | 'client'>): void {
    if (outcome.kind === 'lost') this.#lost.push({ at: received, ...by, reason: outcome.reason })
    else this.#answered.push({ sent, received, outcome })
  }

  report(): LoadReport {
    const answered = [...this.#answered]
    const sorted = answered.map(({ sent, received }) => received - sent).toSorted((a, b) => a - b)
    const quantile = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
    return {
      sent: sorted.length + this.#lost.length,
      answered: sorted.length,
      lost: [...this.#lost],
      answers: answersIn(answered),
      since: (moment) => answersIn(answered.filter(({ sent }) => sent >= moment)),
      longestGap: longestGapIn(answered),
      latency: { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
    }
  }
}

function answersIn(answered: readonly Answered[]): readonly Answers[] {
  const answers = new Map<string, Answers>()
  for (const { sent, received, outcome } of answered) {
    const { color, version } = outcome
    const before = answers.get(`${color} ${version}`)
    answers.set(`${color} ${version}`, {
      color,
      version,
      count: (before?.count ?? 0) + 1,
      first: before?.first ?? received,
      last: received,
      lastSent: Math.max(before?.lastSent ?? 0, sent),
    })
  }
  return [...answers.values()]
}

/** They were entered in the order in which they came. */
function longestGapIn(answered: readonly Answered[]): number {
  let longest = 0
  let last: number | null = null
  for (const { received } of answered) {
    longest = Math.max(longest, received - (last ?? received))
    last = received
  }
  return longest
}
