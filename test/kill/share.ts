/** Which cases are run when there is no time for all of them. */
import type { BedName } from './bed.ts'
import { type Case, isCut, isTrouble, type Point, type Way } from './matrix.ts'

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

/** First what must be in any share, then whatever comes. */
export function chooseShare(cases: readonly Case[], size: number, bed: BedName): readonly Case[] {
  const covered = new Set<string>()
  const covering = cases.toSorted(byPatience).filter((one) => {
    const keys = covers[bed](one).filter((key) => !covered.has(key))
    for (const key of keys) covered.add(key)
    return keys.length > 0
  })
  const others = cases.filter((one) => !covering.includes(one))
  return [...covering, ...others].slice(0, Math.max(size, covering.length))
}

/** Whoever is cut off for good is waited for for minutes: where another way shows the same, that one is taken. */
const byPatience = (one: Case, other: Case) =>
  Number(one.way === 'cut-for-good') - Number(other.way === 'cut-for-good')

/** A kill, and where there is a connection a cut, at every point or at every kind of point, as time allows. */
const covers: Readonly<Record<BedName, (one: Case) => readonly string[]>> = {
  command: ({ way, point }) => (way === 'kill' ? [`${point.scenario.name} ${point.name}`] : []),
  ssh: ({ way, point }) => [way, ...(isEnd(way) ? [`${isCut(way)} ${kindOf(point)}`] : [])],
  vps: ({ way, point }) => {
    const kind = kindOf(point).replace(/^\w+\//, '')
    const isChange = /^(change|in):(fetch|up|stop|switch)$/.test(kind)
    const isHook = !isChange && /^(change|in|hook):/.test(kind)
    return [way, ...(isEnd(way) && !isHook ? [isChange ? `${isCut(way)} ${kind}` : kind] : [])]
  },
  kubernetes: ({ way, point, moment }) => {
    const kind = kindOf(point).replace(/^\w+\//, '')
    const isChange = /^(change:|acquire|stamp|write|park|free)/.test(kind)
    const isRead = /^(look|watch|read)/.test(kind)
    if (!isEnd(way)) return [`${way} ${isChange}`]
    if (isChange) return [way, isCut(way) ? `cut ${kind}` : `${kind} ${moment}`]
    return [way, ...(isRead ? [kind] : [])]
  },
  ecs: ({ way, point, moment, aftermath }) => {
    const kind = kindOf(point).replace(/^\w+\//, '')
    const sort = isTrouble(way) ? 'trouble' : isCut(way) ? 'cut' : way === 'freeze' ? way : 'stop'
    const keys = [`${point.scenario.name} ${sort}`, `${way} ${aftermath}`]
    if (way !== 'kill') return keys
    // Where nothing is under way, one moment is like another.
    return isAwsChange(kind) ? [...keys, `${kind} ${moment}`] : ['look']
  },
}

const isAwsChange = (kind: string): boolean => /^(change:|acquire|write|park|free)/.test(kind)

const isEnd = (way: Way): boolean => way === 'kill' || isCut(way)

/** `main/write-3` is like `main/write-1`. */
const kindOf = ({ name }: Point): string => name.replace(/-(\d+|blue|green)$/, '')

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
