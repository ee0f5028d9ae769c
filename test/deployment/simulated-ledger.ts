import {
  type Acquisition,
  ChangeFailed,
  type Claim,
  type Lease,
  type LeaseView,
  type LedgerView,
  type Owner,
  TargetUnreachable,
} from '../../src/targets/target.ts'

interface Holding {
  readonly nonce: string | null
  readonly status: 'free' | 'parked' | 'held'
  readonly owner: Owner | null
  readonly renewedAt: number
  readonly ttl: number
}

const nobody: Holding = { nonce: null, status: 'free', owner: null, renewedAt: 0, ttl: 0 }

/** What the ledger of a target promises, without files: a fence that only grows, and leases that expire by the target's clock. */
export class SimulatedLedger {
  fence = 0
  document: string | null = null
  /** A full disk: what is there can be read, and nothing new is written. */
  takesWrites = true
  /** Whether it answers anybody who would read it. */
  isReadable = true
  #holding = nobody
  #renewals = 0
  readonly #now: () => number

  /** `now`: the clock of the target, which may be wrong. */
  constructor(now: () => number) {
    this.#now = now
  }

  isHeldBy(lease: Lease): boolean {
    return lease.fence === this.fence && lease.nonce === this.#holding.nonce
  }

  view(): LeaseView {
    const { status, owner, ttl } = this.#holding
    return {
      status: this.#isExpired() ? 'expired' : status,
      fence: this.fence,
      owner,
      ttl,
      mark: `${this.fence}.${this.#renewals}`,
    }
  }

  read = (): LedgerView => {
    this.#assertReadable()
    return { lease: this.view(), document: this.document }
  }

  acquire(owner: Owner, ttl: number, options: { claim: Claim; unchangedMark: string | null }): Acquisition {
    this.#assertReadable()
    const view = this.view()
    const own = this.#holding.nonce === owner.nonce
    const free = view.status !== 'held' || view.mark === options.unchangedMark
    if (!free && options.claim !== 'break' && !(options.claim === 'own' && own)) return { kind: 'held', view }
    const { document } = this
    if (!this.takesWrites) {
      if (!own) throw new ChangeFailed('No space left on device')
      return {
        kind: 'acquired',
        lease: { fence: this.fence, nonce: owner.nonce },
        document,
        degraded: true,
      }
    }
    this.fence += 1
    this.#hold({ nonce: owner.nonce, status: 'held', owner, ttl })
    return { kind: 'acquired', lease: { fence: this.fence, nonce: owner.nonce }, document, degraded: false }
  }

  renew = (lease: Lease) => this.#own(lease, () => this.#hold(this.#holding))

  write = (lease: Lease, document: string) =>
    this.#own(lease, () => {
      this.document = document
    })

  park = (lease: Lease) => this.#own(lease, () => this.#hold({ ...this.#holding, status: 'parked' }))

  free = (lease: Lease) =>
    this.#own(lease, () => this.#hold({ ...this.#holding, nonce: null, status: 'free' }))

  #own(lease: Lease, change: () => void): 'kept' | 'lost' {
    if (!this.isHeldBy(lease)) return 'lost'
    if (!this.takesWrites) throw new ChangeFailed('No space left on device')
    change()
    return 'kept'
  }

  #assertReadable(): void {
    if (!this.isReadable) throw new TargetUnreachable('The ledger does not answer.')
  }

  #hold(holding: Omit<Holding, 'renewedAt'>): void {
    this.#renewals += 1
    this.#holding = { ...holding, renewedAt: this.#now() }
  }

  #isExpired(): boolean {
    const { status, renewedAt, ttl } = this.#holding
    return status === 'held' && this.#now() - renewedAt > ttl
  }
}
