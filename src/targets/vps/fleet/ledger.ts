/** The ledgers of all hosts as one: each keeps the whole of it. */
import type { Acquisition, Lease, LeaseStatus, LeaseView, Ledger, LedgerView } from '../../target.ts'
import { type Fleet, joined, type Member, onAll } from './members.ts'

type Acquired = Extract<Acquisition, { kind: 'acquired' }>

export function fleetLedger(fleet: Fleet): Ledger {
  const { members, leases } = fleet
  const read = async () => viewOf(await onAll(fleet, ({ target }) => target.ledger.read()))
  const onEach = async (
    lease: Lease,
    ask: (ledger: Ledger, ours: Lease) => Promise<'kept' | 'lost'>,
  ): Promise<'kept' | 'lost'> => {
    const ours = await leases.at(lease)
    if (ours === null) return 'lost'
    const answers = await onAll(fleet, ({ target }, index) => ask(target.ledger, ours[index] ?? lease))
    return answers.includes('lost') ? 'lost' : 'kept'
  }
  return {
    read,
    acquire: async (owner, options) => {
      const { claim, unchangedMark } = options
      // A holder is seen before anything is taken: taking and giving back would look like a sign of its life. And nothing is
      // taken where it cannot be taken everywhere.
      const { lease: seen } = await read()
      if (claim === 'open' && seen.status === 'held' && seen.mark !== unchangedMark)
        return { kind: 'held', view: seen }
      const marks = marksIn(unchangedMark)
      const acquisition = await acquireInOrder(members, (ledger, index) =>
        ledger.acquire(owner, { claim, unchangedMark: marks[index] ?? null }),
      )
      if (!Array.isArray(acquisition)) return acquisition
      leases.remember(acquisition.map(({ lease }) => lease))
      return together(acquisition)
    },
    renew: (lease) => onEach(lease, (ledger, ours) => ledger.renew(ours)),
    write: (lease, document) => onEach(lease, (ledger, ours) => ledger.write(ours, document)),
    park: (lease) => onEach(lease, (ledger, ours) => ledger.park(ours)),
    free: (lease) => onEach(lease, (ledger, ours) => ledger.free(ours)),
  }
}

/** The order is the same for everybody, so two runs never wait for each other. */
async function acquireInOrder(
  members: readonly Member[],
  acquire: (ledger: Ledger, index: number) => Promise<Acquisition>,
): Promise<Acquired[] | Extract<Acquisition, { kind: 'held' }>> {
  const acquired: Acquired[] = []
  const giveBack = () =>
    Promise.allSettled(acquired.map(({ lease }, index) => members[index]?.target.ledger.free(lease)))
  for (const [index, { host, target }] of members.entries()) {
    try {
      const acquisition = await acquire(target.ledger, index)
      if (acquisition.kind === 'held') {
        await giveBack()
        return acquisition
      }
      acquired.push(acquisition)
    } catch (error) {
      await giveBack()
      throw joined([{ host, error }])
    }
  }
  return acquired
}

function together(acquired: readonly Acquired[]): Acquired {
  const [first] = acquired as [Acquired]
  return {
    kind: 'acquired',
    lease: first.lease,
    document: documentOf(acquired.map(({ lease, document }) => ({ fence: lease.fence, document }))),
    degraded: acquired.some(({ degraded }) => degraded),
  }
}

function viewOf(views: readonly LedgerView[]): LedgerView {
  return {
    lease: leaseOf(views.map(({ lease }) => lease)),
    document: documentOf(views.map(({ lease, document }) => ({ fence: lease.fence, document }))),
  }
}

const gravest: readonly LeaseStatus[] = ['held', 'parked', 'expired', 'free']

/** A fleet is as taken as the host that is taken most. */
function leaseOf(views: readonly LeaseView[]): LeaseView {
  const [first] = views as [LeaseView]
  const status = gravest.find((candidate) => views.some((view) => view.status === candidate))
  const decisive = views.find((view) => view.status === status) ?? first
  return { ...decisive, fence: first.fence, mark: JSON.stringify(views.map(({ mark }) => mark)) }
}

const marksIn = (mark: string | null): readonly string[] => {
  if (mark === null) return []
  try {
    const marks: unknown = JSON.parse(mark)
    return Array.isArray(marks) ? marks : []
  } catch {
    return []
  }
}

/**
 * Where documents differ, a run died while it wrote, and had begun nothing that depends on the newer one: a change begins when
 * all hosts have its record. So either may count, as long as everybody takes the same: that of the host with the highest fence,
 * the first of them. A host that missed some operations has a lower fence, and a new one no document.
 */
function documentOf(hosts: readonly { readonly fence: number; readonly document: string | null }[]) {
  const written = hosts.filter(({ document }) => document !== null)
  const highest = Math.max(...written.map(({ fence }) => fence))
  return written.find(({ fence }) => fence === highest)?.document ?? null
}
