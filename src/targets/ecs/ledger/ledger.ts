import { type Aws, Refusal, type Terms } from '../../../aws/aws.ts'
import type { Clock } from '../../../clock.ts'
import { inTurn } from '../../in-turn.ts'
import {
  ChangeFailed,
  type Guard,
  type Lease,
  LeaseLost,
  type Ledger,
  TargetUnreachable,
} from '../../target.ts'
import type { Generation, Head } from './generation.ts'
import { type Heads, leaseViewOf, namesOf, noLease, outdatedIn } from './generations.ts'
import { type Keeping, type Kept, keepingOf } from './keeping.ts'
import { type Parameters, parametersUnder } from './parameters.ts'
import { takingOf } from './taking.ts'

/** Milliseconds before the end of a lease in which nothing is begun: what throttles may take as long. */
const margin = 20_000

/** After which AWS may show what it was told. */
const lag = 500

export interface EcsLedgerOptions extends Kept {
  readonly aws: Aws
  /** Milliseconds. */
  readonly leaseTtl: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface EcsLedger extends Ledger {
  /**
   * Right before a change: AWS compares nothing in the same step, so that one call may still be under way when another owner
   * comes. Renews a lease with little time left. The change is to be sent on these terms. Throws LeaseLost where others hold it or
   * it was given back, and ChangeFailed where it cannot be read.
   */
  demand(guard: Guard, change: string): Promise<Terms>
}

/**
 * Each owner creates the next generation, which succeeds for one alone, and overwrites none but its own. No name is used twice:
 * the parameter store may refuse one for 30 s after it was deleted.
 */
export function ecsLedger(options: EcsLedgerOptions): EcsLedger {
  const { aws, path, clock } = options
  const parameters = parametersUnder(aws, path)
  const keeping = keepingOf(parameters, { ...options, pause: () => clock.sleep(lag, options.signal) })
  const next = inTurn()
  const acquire = takingOf({
    ...options,
    keeping,
    now: () => aws.now(),
    tidy: (heads) => tidy(heads, keeping, parameters),
  })
  const asking = { keeping, clock, now: () => aws.now() }
  const change = (lease: Lease, edit: (own: Generation) => Head | Promise<Head>) =>
    next(() => changeOwn(asking, lease, edit))
  return {
    read: async () => {
      const heads = await keeping.list()
      const newest = keeping.read(heads.newest)
      if (newest === null) return { lease: noLease, document: null }
      return { lease: leaseViewOf(newest, aws.now()), document: await keeping.documentIn(heads) }
    },
    acquire,
    demand: (guard, name) => next(() => demand(asking, guard, name)),
    renew: (lease) => change(lease, (own) => own),
    write: (lease, document) =>
      change(lease, async (own) => ({ ...own, document: await keeping.store(own.fence, own, document) })),
    park: (lease) => change(lease, (own) => ({ ...own, status: 'parked' })),
    free: (lease) => change(lease, (own) => ({ ...own, status: 'free', owner: null })),
  }
}

async function changeOwn(
  asking: Asking,
  lease: Lease,
  edit: (own: Generation) => Head | Promise<Head>,
): Promise<'kept' | 'lost'> {
  const { keeping, clock } = asking
  const asked = clock.monotonic()
  const own = await ownOf(keeping, lease)
  if (own === null) return 'lost'
  await keeping.write(lease.fence, await edit(own))
  if (clock.monotonic() < termsOf(asked, leftOf(asking, own), own).until) return 'kept'
  // Whoever has come since may have read what was there before.
  return (await keeping.look(lease)).isSucceeded ? 'lost' : 'kept'
}

/** null: it was given back, or has a later owner. */
async function ownOf(keeping: Keeping, lease: Lease): Promise<Generation | null> {
  const { own, isSucceeded } = await keeping.look(lease)
  if (own !== null) return isSucceeded || own.owner?.nonce !== lease.nonce ? null : own
  const { fences } = await keeping.list()
  if (fences.length === 0) throw keeping.errors.gone()
  return null
}

interface Asking {
  readonly keeping: Keeping
  readonly clock: Clock
  /** By the clock of AWS. */
  now(): number
}

async function demand(asking: Asking, guard: Guard, name: string): Promise<Terms> {
  const { keeping, clock } = asking
  const { lease, unreadableLedger = 'refuse' } = guard
  // Not from when the answer was heard: the process may have stood still since it came.
  let asked = clock.monotonic()
  try {
    const own = await ownOf(keeping, lease)
    if (own === null)
      throw new LeaseLost(`${name} was not run: the lease was given back or has a later owner.`)
    const left = leftOf(asking, own)
    if (left >= Math.min(margin, own.ttl / 3)) return termsOf(asked, left, own)
    asked = clock.monotonic()
    await keeping.write(lease.fence, own)
    return termsOf(asked, own.ttl, own)
  } catch (error) {
    // The parameter store is a service of its own: the load balancer may answer while it does not.
    const isUnread = error instanceof ChangeFailed || error instanceof TargetUnreachable
    if (unreadableLedger === 'ignore' && isUnread) return { until: clock.monotonic() + margin }
    throw error
  }
}

/** Milliseconds. A lease that is not held does not run out. */
const leftOf = ({ now }: Asking, { status, modified, ttl }: Generation): number =>
  status === 'held' ? modified + ttl - now() : ttl

/** The clock of AWS is heard in whole seconds, and a request is on its way for a moment. */
const way = 5_000

const termsOf = (asked: number, left: number, { ttl }: Generation): Terms => ({
  until: asked + left - Math.min(way, ttl / 4),
})

/** A call deletes one generation with its pieces, and mostly one has to go. */
const mostTidied = 3

/** What is left over is in nobody's way. */
async function tidy(heads: Heads, { path, read }: Keeping, parameters: Parameters): Promise<void> {
  const outdated = outdatedIn(heads.fences, read(heads.documented)?.fence ?? null)
  try {
    for (const fence of outdated.slice(-mostTidied)) await parameters.remove(namesOf(path, fence))
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof TargetUnreachable)) throw error
  }
}
