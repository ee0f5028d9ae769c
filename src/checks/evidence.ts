/** What the samples of the public URLs prove. */
import type { Intent } from '../targets/intent.ts'
import { showTime } from './wording.ts'

export interface Evidence {
  readonly url: string
  /** From the baseline (at most 20 s before the switch) to the end of the bake. */
  readonly before: Window
  readonly after: Window
  /** Milliseconds from the switch to the first answer of the new color; null: unknown who answered. */
  readonly firstNewAnswer: number | null
  /** Longest time without a good answer, in milliseconds. */
  readonly longestGap: number
  /** Who answered after the switch, by version or identity header; 'unknown' where neither shows. */
  readonly answeredBy: Readonly<Record<string, number>>
  /** Said in so many words when there is too little to judge. */
  readonly verdict: 'measured' | 'not measured'
}

export interface Window {
  readonly sent: number
  readonly failed: number
  /** 429, or 403 that was seen before the switch too: neither good nor bad. */
  readonly blocked: number
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
}

export interface Sample {
  /** When it was sent, by the monotonic clock. */
  readonly at: number
  /** Milliseconds until it was answered or had failed. */
  readonly latency: number
  /** late: not sent, because too many requests before it were still unanswered; those are judged, this one is not. */
  readonly outcome: 'good' | 'failed' | 'blocked' | 'late'
  /** Version or color that answered. */
  readonly who: string | null
}

export interface Observed {
  readonly samples: readonly Sample[]
  /** By the monotonic clock; null: traffic was not switched. */
  readonly switchedAt: number | null
}

/** The limits of the bake. */
export interface BreachRules {
  readonly maxErrorRate: Intent['maxErrorRate']
  readonly maxP99: Intent['maxP99']
}

const leastFailures = 5
const worstRow = 10
const leastMeasured = 50
/** Below this, one chance failure before the switch would excuse many after it. */
const leastBaseline = 20
/** Bakes are planned for 500 samples or more; the rest leaves room for blocked and late ones. */
const leastForP99 = 400

export const summarize = ({
  url,
  newcomer,
  ...observed
}: Observed & {
  readonly url: string
  /** How the new color may name itself: its version, its color. */
  readonly newcomer: readonly string[]
}): Evidence => {
  const { before, after } = split(observed)
  const window = count(after)
  return {
    url,
    before: count(before),
    after: window,
    firstNewAnswer: findFirstAnswer(after, newcomer, observed.switchedAt),
    longestGap: findLongestGap([...before, ...after]),
    answeredBy: countNames(after),
    verdict: usable(window) >= leastMeasured ? 'measured' : 'not measured',
  }
}

/** Why the bake must end, in the words of the report. */
export const breach = (observed: Observed, rules: BreachRules): string | null => {
  const { before, after } = split(observed)
  if (after.length === 0) return null
  const baseline = count(before)
  const window = count(after)
  return (
    findRow(after) ?? findErrorRate(baseline, window, rules) ?? findSlowness({ before, after }, window, rules)
  )
}

/** What could not be judged, so that no silence passes for a proof. */
export const findDoubts = ({ url, before, after }: Evidence, { maxP99 }: BreachRules): readonly string[] => {
  const doubts: string[] = []
  if (usable(after) < leastMeasured) {
    doubts.push(
      `${url}: not measured, only ${usable(after)} usable samples after the switch (${leastMeasured} needed)`,
    )
  }
  if (maxP99 === null) return doubts
  const good = usable(after) - after.failed
  if (good < leastForP99) {
    doubts.push(`${url}: max-p99 was not judged, only ${good} good answers (${leastForP99} needed)`)
  } else if (maxP99.kind === 'factor' && usable(before) - before.failed < leastBaseline) {
    doubts.push(`${url}: max-p99 was not judged, there were too few good answers before the switch`)
  }
  return doubts
}

/** By when it ended: a request that the switch broke counts after it, whenever it was sent. */
const split = ({
  samples,
  switchedAt,
}: Observed): { before: readonly Sample[]; after: readonly Sample[] } => {
  const sent = samples.filter(({ outcome }) => outcome !== 'late').sort((one, other) => one.at - other.at)
  const isBefore = (sample: Sample) => switchedAt === null || endOf(sample) < switchedAt
  return { before: sent.filter(isBefore), after: sent.filter((sample) => !isBefore(sample)) }
}

const endOf = ({ at, latency }: Sample): number => at + latency
const isGood = ({ outcome }: Sample): boolean => outcome === 'good'
const usable = ({ sent, blocked }: Window): number => sent - blocked
const failedShare = (window: Window): number => window.failed / usable(window)

const count = (samples: readonly Sample[]): Window => {
  const latencies = latenciesOf(samples)
  return {
    sent: samples.length,
    failed: samples.filter(({ outcome }) => outcome === 'failed').length,
    blocked: samples.filter(({ outcome }) => outcome === 'blocked').length,
    p50: percentile(latencies, 0.5),
    p90: percentile(latencies, 0.9),
    p99: percentile(latencies, 0.99),
  }
}

const latenciesOf = (samples: readonly Sample[]): Float64Array =>
  Float64Array.from(samples.filter(isGood), ({ latency }) => latency).sort()

/** Nearest rank. */
const percentile = (sorted: Float64Array, share: number): number | null =>
  sorted[Math.ceil(sorted.length * share) - 1] ?? null

const findFirstAnswer = (
  after: readonly Sample[],
  newcomer: readonly string[],
  switchedAt: number | null,
): number | null => {
  const ends = after.filter(({ who }) => who !== null && newcomer.includes(who)).map(endOf)
  return switchedAt === null || ends.length === 0 ? null : Math.min(...ends) - switchedAt
}

const findLongestGap = (samples: readonly Sample[]): number => {
  const times = samples.filter(isGood).map(endOf)
  const edges = [samples[0]?.at ?? 0, samples.reduce((latest, sample) => Math.max(latest, endOf(sample)), 0)]
  const sorted = Float64Array.from(samples.length === 0 ? [] : [...times, ...edges]).sort()
  return sorted.reduce((longest, time, index) => Math.max(longest, time - (sorted[index - 1] ?? time)), 0)
}

const countNames = (after: readonly Sample[]): Record<string, number> => {
  const names = new Map<string, number>()
  for (const { who } of after.filter(isGood)) {
    const name = who ?? 'unknown'
    names.set(name, (names.get(name) ?? 0) + 1)
  }
  return Object.fromEntries(names)
}

const findRow = (after: readonly Sample[]): string | null => {
  let row = 0
  for (const { outcome } of after) {
    if (outcome === 'blocked') continue
    row = outcome === 'failed' ? row + 1 : 0
    if (row === worstRow) return `${worstRow} requests in a row failed`
  }
  return null
}

const findErrorRate = (baseline: Window, window: Window, { maxErrorRate }: BreachRules): string | null => {
  if (window.failed < leastFailures || failedShare(window) <= maxErrorRate) return null
  const hasBaseline = usable(baseline) >= leastBaseline
  if (hasBaseline && failedShare(window) <= 2 * failedShare(baseline)) return null
  const before = hasBaseline ? `${showShare(failedShare(baseline))} before the switch, ` : ''
  return `${window.failed} of ${usable(window)} requests failed (${showShare(failedShare(window))}; ${before}max-error-rate ${showShare(maxErrorRate)})`
}

const findSlowness = (
  { before, after }: { readonly before: readonly Sample[]; readonly after: readonly Sample[] },
  { p99 }: Window,
  { maxP99 }: BreachRules,
): string | null => {
  if (maxP99 === null || p99 === null || after.filter(isGood).length < leastForP99) return null
  if (maxP99.kind === 'time') {
    return p99 <= maxP99.time ? null : `p99 is ${showTime(p99)}, max-p99 is ${showTime(maxP99.time)}`
  }
  const baseline = latenciesOf(before)
  const usual = percentile(baseline, 0.99)
  if (usual === null || baseline.length < leastBaseline || p99 <= usual * maxP99.factor) return null
  return `p99 is ${showTime(p99)}, ${showTime(usual)} before the switch, max-p99 x${maxP99.factor}`
}

const showShare = (share: number): string => `${Number((share * 100).toFixed(1))}%`
