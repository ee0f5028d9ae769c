import { type Lease, LeaseLost, type Ledger } from '../targets/target.ts'
import { type Document, formatDocument } from './document.ts'
import type { Operation } from './operation.ts'

interface JournalOptions {
  readonly ledger: Pick<Ledger, 'write'>
  lease(): Lease
  readonly document: Document
  readonly keep: (operation: Operation | null, lease: Lease) => void
}

/** Our copy of the ledger's document; what is recorded in it is on the runner and at the target before `record` returns. */
export class Journal {
  #document: Document
  readonly #options: JournalOptions

  constructor(options: JournalOptions) {
    this.#options = options
    this.#document = options.document
  }

  get document(): Document {
    return this.#document
  }

  get operation(): Operation | null {
    return this.#document.operation
  }

  /** The operation, where one was begun for certain. */
  get begun(): Operation {
    if (this.#document.operation === null) throw new Error('No operation was begun.')
    return this.#document.operation
  }

  /** Throws LeaseLost when another owner has come, and the target's error when it could not be written. */
  async record(change: (document: Document) => Document): Promise<void> {
    const { ledger, keep } = this.#options
    const lease = this.#options.lease()
    const next = change(this.#document)
    keep(next.operation, lease)
    if ((await ledger.write(lease, formatDocument(next))) === 'lost') {
      throw new LeaseLost('Another run has taken over this app; this one stops and changes nothing more.')
    }
    this.#document = next
  }

  /** For what is safe to lose with us: it is on the runner now, and goes to the target with the next record. */
  amend(change: (document: Document) => Document): void {
    this.#document = change(this.#document)
    this.#options.keep(this.#document.operation, this.#options.lease())
  }

  /** For the way back, which must not hang on a ledger that takes no writes. Answers what went wrong. */
  async recordIfPossible(change: (document: Document) => Document): Promise<unknown> {
    try {
      await this.record(change)
      return null
    } catch (error) {
      if (error instanceof LeaseLost) throw error
      this.#document = change(this.#document)
      return error
    }
  }
}
