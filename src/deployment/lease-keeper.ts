import type { Clock } from '../clock.ts'
import {
  ChangeFailed,
  type Lease,
  LeaseLost,
  type LeaseView,
  type Ledger,
  type Owner,
} from '../targets/target.ts'

const missesAllowed = 2
const takenOver = 'The lease belongs to another run now; this one stops and changes nothing more.'

interface LeaseKeeperOptions {
  readonly ledger: Ledger
  readonly lease: Lease
  /** Milliseconds; renewed four times as often. */
  readonly ttl: number
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onLost: (reason: LeaseLost) => void
  readonly onMissed: (text: string) => void
}

/** Holds the lease, and renews it on its own timer, whatever the run is waiting for. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  #lease: Lease
  /** New fences that it may have, and of which we were never told. */
  #unanswered = 0
  readonly #stopped = new AbortController()
  #misses = 0
  /** By the monotonic clock: when the last renewal that was kept set out. */
  #keptAt: number
  #running: Promise<void> | null = null

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#lease = options.lease
    this.#keptAt = options.clock.monotonic()
  }

  get lease(): Lease {
    return this.#lease
  }

  start(): void {
    this.#running = this.#keep()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  /**
   * Gives our lease a new fence: what may still be running under the old one is ended, or waited for, and what has not begun is
   * refused. Throws LeaseLost when somebody else has come since, be he gone again; a lease that is not there any more names
   * nobody, and that is an error like any other.
   */
  async takeAnew(owner: Owner): Promise<void> {
    const { ledger, clock } = this.#options
    const setOut = clock.monotonic()
    const { lease: seen } = await ledger.read()
    if (seen.status === 'free' && seen.fence < this.#lease.fence) throw new ChangeFailed('The lease is gone.')
    if (!this.#mayBeOurs(seen)) throw new LeaseLost(takenOver)
    this.#unanswered += 1
    const acquisition = await ledger.acquire(owner, { claim: 'own', unchangedMark: null })
    if (acquisition.kind === 'held') throw new LeaseLost(takenOver)
    const { lease } = acquisition
    if (lease.fence > seen.fence + 1) {
      await ledger.free(lease)
      throw new LeaseLost(takenOver)
    }
    this.#lease = lease
    this.#unanswered = 0
    this.#misses = 0
    this.#keptAt = setOut
  }

  #mayBeOurs({ status, owner, fence }: LeaseView): boolean {
    const news = fence - this.#lease.fence
    return status !== 'free' && owner?.nonce === this.#lease.nonce && news >= 0 && news <= this.#unanswered
  }

  /**
   * Renews the lease now when it was not renewed lately, as after the whole process stood still. Throws when that fails: a change
   * now could cross another owner's.
   */
  async ensureKept(): Promise<void> {
    if (this.#wasKeptLately()) return
    const { clock, ttl, signal } = this.#options
    const answered = new AbortController()
    await Promise.race([this.#renew(), clock.sleep(ttl / 4, answered.signal).catch(() => {})])
    answered.abort()
    signal.throwIfAborted()
    if (this.#wasKeptLately()) return
    const silence = Math.round((clock.monotonic() - this.#keptAt) / 1_000)
    throw new Error(`The lease was last renewed ${silence} s ago; no new change is started.`)
  }

  /** A renewal that hangs is not counted as a miss, nor are those of a process that was stopped. */
  #wasKeptLately(): boolean {
    const { clock, ttl } = this.#options
    const silence = clock.monotonic() - this.#keptAt
    return this.#misses < missesAllowed && silence < ((missesAllowed + 1) * ttl) / 4
  }

  async #keep(): Promise<void> {
    const { clock, ttl, signal } = this.#options
    const ended = AbortSignal.any([this.#stopped.signal, signal])
    while (!ended.aborted) {
      try {
        await clock.sleep(ttl / 4, ended)
      } catch {
        return
      }
      await this.#renew()
    }
  }

  async #renew(): Promise<void> {
    const { ledger, clock, onLost, onMissed } = this.#options
    const lease = this.#lease
    const setOut = clock.monotonic()
    try {
      if ((await ledger.renew(lease)) === 'kept') {
        this.#misses = 0
        this.#keptAt = setOut
      } else if (!this.#stopped.signal.aborted && this.#unanswered === 0 && lease === this.#lease) {
        this.#stopped.abort()
        onLost(new LeaseLost(takenOver))
      }
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      this.#misses += 1
      onMissed(`The lease could not be renewed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
