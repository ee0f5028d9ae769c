/** Every case there is: where a run is stopped, how, and what comes after. */
import type { BedName } from './bed.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import type { Closer } from './settings.ts'

export interface Point {
  readonly scenario: Scenario
  /** `main/write-3`, `post/change:stop-1`, `main/in:switch-green`. */
  readonly name: string
}

export type Moment = 'before' | 'during' | 'after'
/**
 * A cut connection may be opened anew at once, some seconds later, or when what was cut off has ended. `throttled`, `failing`: every
 * request is turned away for a while, as one too many or with an error of the other side.
 */
export type Cut = 'cut' | 'cut-for-seconds' | 'cut-for-good' | 'throttled' | 'failing'
export type Way = 'kill' | 'interrupt' | 'freeze' | Cut
export type Aftermath =
  /** post alone, by the status it is told. */
  | 'post-failure'
  | 'post-cancelled'
  | 'post-success'
  /** post is killed too, then the next run comes. */
  | 'post-killed'
  /** The next run, without any post. */
  | 'next'
  /** A run in the mode of that name, without any post. */
  | Closer
  /** post and the next run at the same moment. */
  | 'both'
  /** Nobody came while it was frozen or cut off: it goes on. */
  | 'resume'
  /** The next run came while it was frozen or cut off. */
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

const cuts: readonly Cut[] = ['cut', 'cut-for-seconds', 'cut-for-good']
const stops: readonly Way[] = ['kill', 'interrupt', 'freeze']
const troubles = ['throttled', 'failing'] as const
const moments: readonly Moment[] = ['before', 'after']

export const isTrouble = (way: Way): way is (typeof troubles)[number] =>
  troubles.some((trouble) => trouble === way)
export const isCut = (way: Way): way is Cut => way.startsWith('cut') || isTrouble(way)

const waysOf: Readonly<Record<BedName, readonly Way[]>> = {
  command: stops,
  ssh: [...stops, ...cuts],
  vps: [...stops, ...cuts],
  kubernetes: [...stops, ...cuts],
  ecs: [...stops, ...cuts, ...troubles],
}

/** A command freezes the bundle before its work and after it: both while its script runs. */
const momentsOf = ({ name }: Point, way: Way): readonly Moment[] => {
  if (isTrouble(way)) return ['before']
  return isCut(way) && !name.includes('/in:') ? ['before', 'during', 'after'] : moments
}

function aftermathsOf({ stage }: Scenario, way: Way, bed: BedName): readonly Aftermath[] {
  if (isCut(way)) return ['resume', 'takeover']
  if (way === 'freeze') return stage === 'post' ? ['resume', 'takeover'] : ['resume', 'takeover', 'beside']
  // There is no second post.
  if (stage === 'post') return ['next']
  const common = ['post-failure', 'post-cancelled', 'post-success', 'next', 'both'] as const
  if (way !== 'kill') return common
  return [...common, 'post-killed', ...(bed === 'ecs' ? (['unlock', 'cleanup'] as const) : [])]
}

export function enumerateCases(points: readonly Point[], bed: BedName): readonly Case[] {
  const inPost = postPoints(points)
  let kills = 0
  const all = points.flatMap((point) =>
    waysOf[bed].flatMap((way) =>
      momentsOf(point, way).flatMap((moment) =>
        aftermathsOf(point.scenario, way, bed).map((aftermath) => {
          const killsPostAt = aftermath === 'post-killed' ? (inPost[kills++ % inPost.length] ?? null) : null
          return named({ point, moment, way, aftermath, killsPostAt })
        }),
      ),
    ),
  )
  return all.filter((one) => !isBeyondHelp(bed, one))
}

/**
 * AWS compares nothing in the same step: what has passed the last look at the clock is sent, and a process that stands still for
 * longer than its lease between that look and the wire cannot know.
 */
const isBeyondHelp = (bed: BedName, { way, point, moment, aftermath }: Case): boolean =>
  bed === 'ecs' &&
  way === 'freeze' &&
  aftermath === 'takeover' &&
  moment === 'before' &&
  point.name.includes('/change:')

function named(given: Omit<Case, 'id'>): Case {
  const { point, moment, way, aftermath, killsPostAt } = given
  const words = [point.scenario.name, point.name, moment, way, aftermath]
  return { ...given, id: [...words, ...(killsPostAt === null ? [] : [killsPostAt])].join('/') }
}

/** A case can be run again by its id alone. */
export function caseNamed(id: string): Case {
  const [name, stage, place, moment, way, aftermath, ...rest] = id.split('/')
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined || aftermath === undefined)
    throw new Error(`${id} is no case; one looks like this: deploy/main/write-3/after/kill/post-failure`)
  return named({
    point: { scenario, name: `${stage}/${place}` },
    moment: moment as Moment,
    way: way as Way,
    aftermath: aftermath as Aftermath,
    killsPostAt: rest.length > 0 ? rest.join('/') : null,
  })
}

/** Of the post that goes back: the one with the most to do. Every point of it comes after many of main's. */
const postPoints = (points: readonly Point[]): readonly string[] =>
  points
    .filter(({ scenario }) => scenario.stage === 'post' && scenario.job === 'failure')
    .flatMap(({ name }) => moments.map((moment) => `${name}/${moment}`))
