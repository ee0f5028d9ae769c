/**
 * The lease of a fleet is that of its first host. Each host counts its own fence, so what the others call the same lease is kept
 * beside it.
 */
import { type Guard, type Lease, LeaseLost, type LedgerView } from '../../target.ts'
import { failuresIn, joined, type Member } from './members.ts'

export interface Leases {
  /** One for each host, in their order. */
  remember(leases: readonly Lease[]): void
  /** What the hosts call this lease; null when another owner has come to one of them. */
  at(lease: Lease, unreadable?: Guard['unreadableLedger']): Promise<readonly Lease[] | null>
  /** Throws LeaseLost. */
  guards(guard: Guard): Promise<readonly Guard[]>
  /** What some of the hosts call the leases of all. */
  among(members: readonly Member[]): Leases
}

type ByHost = ReadonlyMap<string, Lease>

export function fleetLeases(all: readonly Member[]): Leases {
  const known = new Map<string, ByHost>()
  const leasesOf = (members: readonly Member[]): Leases => {
    const at: Leases['at'] = async (lease, unreadable = 'refuse') => {
      const leases = known.get(keyOf(lease))
      if (leases) return members.map(({ host }) => leases.get(host) ?? lease)
      return find({ members, first: all[0] }, lease, unreadable)
    }
    return {
      remember: (leases) => {
        const [first] = leases
        if (first) known.set(keyOf(first), byHost(members, leases))
      },
      at,
      guards: async (guard) => {
        const leases = await at(guard.lease, guard.unreadableLedger)
        if (leases === null)
          throw new LeaseLost(
            'The lease belongs to another run now; this one stops and changes nothing more.',
          )
        return leases.map((lease) => ({ ...guard, lease }))
      },
      among: leasesOf,
    }
  }
  return leasesOf(all)
}

const keyOf = ({ fence, nonce }: Lease): string => `${fence} ${nonce}`

const byHost = (members: readonly Member[], leases: readonly Lease[]): ByHost =>
  new Map(leases.map((lease, index) => [members[index]?.host ?? '', lease]))

interface Place {
  readonly members: readonly Member[]
  /** Of all hosts, whose fence the lease has. */
  readonly first: Member | undefined
}

/**
 * For a run that holds a lease which another process acquired: the others know it by its nonce, which no two runs share. A host
 * whose ledger cannot be read judges by the lease as it is.
 */
async function find(
  { members, first }: Place,
  lease: Lease,
  unreadable: Guard['unreadableLedger'],
): Promise<readonly Lease[] | null> {
  const results = await Promise.allSettled(members.map(async ({ target }) => target.ledger.read()))
  const failures = failuresIn(members, results)
  if (failures.length > 0 && unreadable === 'refuse') throw joined(failures)
  const leases = results.map((result, index) =>
    result.status === 'rejected' ? lease : sameLease(lease, result.value, members[index] === first),
  )
  return leases.every((found) => found !== null) ? leases : null
}

function sameLease({ fence, nonce }: Lease, { lease: view }: LedgerView, isFirst: boolean): Lease | null {
  if (view.owner?.nonce !== nonce || (isFirst && view.fence !== fence)) return null
  return { fence: view.fence, nonce }
}
