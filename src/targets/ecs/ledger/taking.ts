/** How the lease comes to an owner. */

import { Refusal } from '../../../aws/aws.ts'
import type { Clock } from '../../../clock.ts'
import type { Acquisition, Claim, Owner } from '../../target.ts'
import type { Generation } from './generation.ts'
import { type Heads, leaseViewOf, mayTake } from './generations.ts'
import type { Keeping } from './keeping.ts'

/** Others that take the lease at the same time are few. */
const attempts = 8
const pause = 200

export interface Claiming {
  readonly claim: Claim
  readonly unchangedMark: string | null
}

export interface TakingOptions {
  readonly keeping: Keeping
  /** Milliseconds. */
  readonly leaseTtl: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** By the clock of AWS. */
  now(): number
  /** After the lease was taken. */
  tidy(heads: Heads): Promise<void>
}

export function takingOf({ keeping, leaseTtl, clock, signal, now, tidy }: TakingOptions) {
  /** Fences that were asked for without an answer that they are ours: the SDK repeats what it heard nothing of. */
  const inDoubt = new Set<number>()
  const isOurs = (newest: Generation, { nonce }: Owner) =>
    inDoubt.has(newest.fence) && newest.owner?.nonce === nonce

  const acquired = async (fence: number, { nonce }: Owner): Promise<Acquisition> => {
    inDoubt.clear()
    // Read now, as the owner before may have written until it was taken.
    const heads = await keeping.list()
    const document = await keeping.documentIn(heads)
    await tidy(heads)
    return { kind: 'acquired', lease: { fence, nonce }, document, degraded: false }
  }

  return async (owner: Owner, claiming: Claiming): Promise<Acquisition> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const heads = await keeping.list()
      const newest = keeping.read(heads.newest)
      if (newest !== null && isOurs(newest, owner)) return acquired(newest.fence, owner)
      if (newest !== null && !mayTake(newest, { ...claiming, nonce: owner.nonce, now: now() }))
        return { kind: 'held', view: leaseViewOf(newest, now()) }
      const fence = (newest?.fence ?? 0) + 1
      inDoubt.add(fence)
      try {
        const { cluster } = keeping
        const head = { cluster, status: 'held', owner, ttl: leaseTtl, document: null } as const
        const outcome = await keeping.create(fence, head)
        if (outcome === 'done') return await acquired(fence, owner)
      } catch (error) {
        if (!(error instanceof Refusal) || newest?.owner?.nonce !== owner.nonce) throw error
        const lease = { fence: newest.fence, nonce: owner.nonce }
        return { kind: 'acquired', lease, document: await keeping.documentIn(heads), degraded: true }
      }
      await clock.sleep(pause * attempt, signal)
    }
    throw keeping.errors.busy(attempts)
  }
}
