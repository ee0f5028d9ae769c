/** Every case there is: where a run is stopped, how, and what comes after. */
import type { Scenario } from './scenarios.ts'

export interface Point {
  readonly scenario: Scenario
  /** `main/write-3`, `post/change:stop-1`, `main/in:switch-green`. */
  readonly name: string
}

export type Moment = 'before' | 'after'
export type Way = 'kill' | 'interrupt' | 'freeze'
export type Aftermath =
  /** post alone, by the status it is told. */
  | 'post-failure'
  | 'post-cancelled'
  | 'post-success'
  /** post is killed too, then the next run comes. */
  | 'post-killed'
  /** The next run, without any post. */
  | 'next'
  /** post and the next run at the same moment. */
  | 'both'
  /** Nobody came while it was frozen: it goes on. */
  | 'resume'
  /** The next run came while it was frozen. */
  | 'takeover'
  /** In a container job the runner ends its own client alone: post finds main alive. */
  | 'beside'

export interface Case {
  readonly id: string
  readonly point: Point
  readonly moment: Moment
  readonly way: Way
  readonly aftermath: Aftermath
  /** Where a post is killed that comes after. */
  readonly killsPostAt: string | null
}

const moments: readonly Moment[] = ['before', 'after']
const ways: readonly Way[] = ['kill', 'interrupt', 'freeze']

function aftermathsOf({ stage }: Scenario, way: Way): readonly Aftermath[] {
  if (way === 'freeze') return stage === 'post' ? ['resume', 'takeover'] : ['resume', 'takeover', 'beside']
  // There is no second post.
  if (stage === 'post') return ['next']
  const common = ['post-failure', 'post-cancelled', 'post-success', 'next', 'both'] as const
  return way === 'kill' ? [...common, 'post-killed'] : common
}

export function enumerateCases(points: readonly Point[]): readonly Case[] {
  const inPost = postPoints(points)
  let kills = 0
  return points.flatMap((point) =>
    moments.flatMap((moment) =>
      ways.flatMap((way) =>
        aftermathsOf(point.scenario, way).map((aftermath) => {
          const killsPostAt = aftermath === 'post-killed' ? (inPost[kills++ % inPost.length] ?? null) : null
          const id = [point.scenario.name, point.name, moment, way, aftermath].join('/')
          return { id, point, moment, way, aftermath, killsPostAt }
        }),
      ),
    ),
  )
}

/** Of the post that goes back: the one with the most to do. Every point of it comes after many of main's. */
const postPoints = (points: readonly Point[]): readonly string[] =>
  points
    .filter(({ scenario }) => scenario.stage === 'post' && scenario.job === 'failure')
    .flatMap(({ name }) => moments.map((moment) => `${name}/${moment}`))

/** The same seed, the same order. */
export function shuffle<T>(values: readonly T[], seed: number): readonly T[] {
  const random = mulberry32(seed)
  const shuffled = [...values]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T]
  }
  return shuffled
}

/** First a kill at every point, then whatever comes. */
export function chooseShare(cases: readonly Case[], size: number): readonly Case[] {
  const covered = new Set<string>()
  const covering = cases.filter(({ way, point }) => {
    const key = `${point.scenario.name} ${point.name}`
    if (way !== 'kill' || covered.has(key)) return false
    covered.add(key)
    return true
  })
  const others = cases.filter((one) => !covering.includes(one))
  return [...covering, ...others].slice(0, Math.max(size, covering.length))
}

/** https://github.com/cprosche/mulberry32, public domain */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
