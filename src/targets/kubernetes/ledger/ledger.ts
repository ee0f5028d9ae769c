import type { Clock } from '../../../clock.ts'
import { inTurn } from '../../in-turn.ts'
import {
  type Acquisition,
  ChangeFailed,
  type Guard,
  type Lease,
  LeaseLost,
  type Ledger,
  type Owner,
} from '../../target.ts'
import type { Cluster } from '../api/cluster.ts'
import {
  freeing,
  type LeaseRecord,
  leaseViewOf,
  mayTake,
  noLease,
  type Patch,
  parking,
  renewing,
  taking,
  writing,
} from './lease.ts'
import { type LeaseObject, leaseObject } from './lease-object.ts'

/** Bytes. All annotations of an object may have 256 KiB together. */
export const documentLimit = 200 * 1024

/** Others that write at the same time are few, and each of them is done in one request. */
const attempts = 8

export interface KubernetesLedgerOptions {
  readonly cluster: Cluster
  readonly app: string
  /** Milliseconds. */
  readonly leaseTtl: number
  readonly clock: Clock
  /** Writes the fence on everything that a guard compares, so that what a former owner has sent is refused when it arrives. */
  stamp(lease: Lease): Promise<void>
  /**
   * The highest fence on what a guard compares; 0 where there is none. A Lease that somebody has deleted goes on from there:
   * under a lower fence nothing could be changed.
   */
  highestFence(): Promise<number>
}

export interface KubernetesLedger extends Ledger {
  /**
   * Right before a change, which its own object's fence guards besides: the API server compares no two objects in one step. Throws
   * LeaseLost where others hold the lease or it was given back, and ChangeFailed where it cannot be read.
   */
  demand(guard: Guard, change: string): Promise<void>
}

/** One Lease object. What a former owner still sends is not stopped, but refused by the API server. */
export function kubernetesLedger(options: KubernetesLedgerOptions): KubernetesLedger {
  const { cluster, app, clock } = options
  const object = leaseObject(cluster, app, clock)
  const next = inTurn()
  const change = (lease: Lease, changes: () => Patch) => next(() => changeOwn(object, lease, changes))
  return {
    read: async () => {
      const record = await object.look()
      if (record === null) return { lease: noLease, document: null }
      return { lease: leaseViewOf(record, object.now()), document: record.document }
    },
    acquire: async (owner, { claim, unchangedMark }) => {
      const asked = () => ({ nonce: owner.nonce, claim, unchangedMark, serverTime: object.now() })
      for (let attempt = 1; attempt <= attempts; attempt++) {
        // One that was written since is not taken: the patch compares it with what was read. In doubt reading comes first, which
        // is repeated for longer than a change where nobody answers.
        const trusts = attempt === 1 && !object.isInDoubt
        const known = trusts && object.last !== null && mayTake(object.last, asked())
        const record = known ? object.last : await object.look()
        if (record !== null && !mayTake(record, asked())) {
          return { kind: 'held', view: leaseViewOf(record, object.now()) }
        }
        const acquisition = await (record === null
          ? create(object, owner, options)
          : take(object, record, owner, options))
        if (acquisition !== 'taken') return acquisition
      }
      throw object.errors.busy(attempts)
    },
    demand: async ({ lease, unreadableLedger = 'refuse' }, name) => {
      const record = object.isFresh ? object.last : await lookFor(object, unreadableLedger)
      if (record !== null && !isOf(record, lease))
        throw new LeaseLost(`${name} was not run: ${ownedBy(record)}.`)
    },
    renew: (lease) => change(lease, () => renewing(object.now())),
    write: async (lease, document) => {
      if (Buffer.byteLength(document) > documentLimit) {
        throw new ChangeFailed(
          `The record of this operation has grown past ${documentLimit / 1024} KiB and was not written.`,
        )
      }
      return change(lease, () => writing(document))
    },
    park: (lease) => change(lease, () => parking),
    free: (lease) => change(lease, () => freeing),
  }
}

async function create(
  object: LeaseObject,
  owner: Owner,
  { leaseTtl, highestFence }: KubernetesLedgerOptions,
): Promise<Acquisition | 'taken'> {
  const fence = (await highestFence()) + 1
  const outcome = await object.create({ fence, owner, ttl: leaseTtl, time: object.now() })
  if (outcome.kind === 'done') return acquired(fence, owner, null)
  if (outcome.kind === 'changed') return 'taken'
  throw outcome.error
}

async function take(
  object: LeaseObject,
  record: LeaseRecord,
  owner: Owner,
  { leaseTtl, stamp }: KubernetesLedgerOptions,
): Promise<Acquisition | 'taken'> {
  const fence = record.fence + 1
  const outcome = await object.patch(record, taking({ fence, owner, ttl: leaseTtl, time: object.now() }))
  if (outcome.kind === 'done') {
    const acquisition = acquired(fence, owner, record.document)
    if (record.status !== 'free') await stamp(acquisition.lease)
    return acquisition
  }
  const isUntouched = outcome.kind === 'denied' || (await object.look())?.mark === record.mark
  if (!isUntouched) return 'taken'
  if (record.owner?.nonce !== owner.nonce) throw outcome.error
  return { ...acquired(record.fence, owner, record.document), degraded: true }
}

/** null: it cannot be read, and need not be. */
async function lookFor(
  object: LeaseObject,
  unreadable: NonNullable<Guard['unreadableLedger']>,
): Promise<LeaseRecord | null> {
  try {
    const record = await object.look()
    if (record === null && unreadable === 'refuse') throw object.errors.gone()
    return record
  } catch (error) {
    if (unreadable === 'ignore' && error instanceof ChangeFailed) return null
    throw error
  }
}

const ownedBy = ({ owner, fence }: LeaseRecord): string =>
  owner === null
    ? 'the lease was given back'
    : `the lease has a later owner, ${owner.actor} in ${owner.url} (fence ${fence})`

/** What we saw last is mostly how it is: then this is one request. */
async function changeOwn(object: LeaseObject, lease: Lease, changes: () => Patch): Promise<'kept' | 'lost'> {
  let { last: record } = object
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (record === null || !isOf(record, lease)) record = await object.look()
    if (record === null) throw object.errors.gone()
    if (!isOf(record, lease)) return 'lost'
    const outcome = await object.patch(record, changes())
    if (outcome.kind === 'done') return 'kept'
    if (outcome.kind === 'denied') throw outcome.error
    const now: LeaseRecord | null = await object.look()
    if (now?.mark === record.mark) throw outcome.error
    record = now
  }
  throw object.errors.busy(attempts)
}

const isOf = ({ fence, owner }: LeaseRecord, lease: Lease): boolean =>
  fence === lease.fence && owner?.nonce === lease.nonce

const acquired = (fence: number, { nonce }: Owner, document: string | null) =>
  ({ kind: 'acquired', lease: { fence, nonce }, document, degraded: false }) as const
