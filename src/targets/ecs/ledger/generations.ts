/** What the generations of a lease say together. */
import type { Claim, LeaseView } from '../../target.ts'
import { type Generation, type Parameter, readGeneration, UnreadableGeneration } from './generation.ts'
import { mostPieces } from './packing.ts'

export const headName = (path: string, fence: number): string => `${path}/${fence}`
/** `index`: from 1 on; the first piece is in the head. */
export const pieceName = (path: string, fence: number, index: number): string => `${path}/${fence}/${index}`

export interface Heads {
  /** The newest first. */
  readonly fences: readonly number[]
  /** Throws UnreadableGeneration; null: there is none. */
  readonly newest: () => Generation | null
  /** The newest that has a document; null: nothing was ever written. Throws as `newest`. */
  readonly documented: () => Generation | null
}

/** Others may keep parameters of theirs under the same path. */
export function headsIn(path: string, parameters: readonly Parameter[]): Heads {
  const byFence = new Map(
    parameters.flatMap((parameter) => {
      const fence = fenceIn(path, parameter.Name ?? '')
      return fence === null ? [] : [[fence, parameter] as const]
    }),
  )
  const fences = [...byFence.keys()].sort((one, other) => other - one)
  const read = (fence: number): Generation => readGeneration(fence, byFence.get(fence) ?? {})
  return {
    fences,
    newest: () => (fences[0] === undefined ? null : read(fences[0])),
    documented: () => {
      for (const [index, fence] of fences.entries()) {
        // Each is made right after the one before it, and none is deleted before a later one has a document.
        if (fence !== (fences[0] ?? 0) - index) throw new UnreadableGeneration(`${fence + 1} is missing`)
        const generation = read(fence)
        if (generation.document !== null) return generation
      }
      return null
    },
  }
}

function fenceIn(path: string, name: string): number | null {
  const rest = name.startsWith(`${path}/`) ? name.slice(path.length + 1) : ''
  return /^[1-9]\d*$/.test(rest) && Number.isSafeInteger(Number(rest)) ? Number(rest) : null
}

/** With the one that is made next, as many as AWS answers in one page. */
const kept = 9

/** Those that nobody needs any more. */
export function outdatedIn(fences: readonly number[], documented: number | null): readonly number[] {
  const newest = fences[0] ?? 0
  const needed = Math.min(newest - kept + 1, documented ?? 1)
  return fences.filter((fence) => fence < needed)
}

/** Of a generation, for one call that deletes them. */
export const namesOf = (path: string, fence: number): readonly string[] => [
  headName(path, fence),
  ...Array.from({ length: mostPieces }, (_, index) => pieceName(path, fence, index + 1)),
]

/** Where there is no generation. */
export const noLease: LeaseView = { status: 'free', fence: 0, owner: null, ttl: 0, mark: 'none' }

/** `now`: by the clock of AWS. */
export const leaseViewOf = (generation: Generation, now: number): LeaseView => ({
  status: isExpired(generation, now) ? 'expired' : generation.status,
  fence: generation.fence,
  owner: generation.owner,
  ttl: generation.ttl,
  mark: markOf(generation),
})

const markOf = ({ fence, version }: Generation): string => `${fence}.${version}`

const isExpired = ({ status, modified, ttl }: Generation, now: number): boolean =>
  status === 'held' && now - modified > ttl

export interface Asked {
  readonly nonce: string
  readonly claim: Claim
  readonly unchangedMark: string | null
  readonly now: number
}

export function mayTake(generation: Generation, { nonce, claim, unchangedMark, now }: Asked): boolean {
  if (generation.status !== 'held' || claim === 'break' || markOf(generation) === unchangedMark) return true
  return (claim === 'own' && generation.owner?.nonce === nonce) || isExpired(generation, now)
}
