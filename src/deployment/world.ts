/** What a run works with. Everything that touches time, chance, processes or the network comes in here. */
import type { Gate } from '../checks/gate.ts'
import type { Clock } from '../clock.ts'
import type { Intent } from '../targets/intent.ts'
import { messageOf } from '../targets/message.ts'
import type { DialedReach, Environment, Hook, Lease, Owner, Target } from '../targets/target.ts'
import type { Journal } from './journal.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import type { Operation } from './operation.ts'
import type { Report } from './report.ts'

export interface World {
  readonly intent: Intent
  readonly target: Target
  readonly gates: readonly Gate[]
  readonly owner: Owner
  readonly clock: Clock
  /** Aborted when the run is interrupted or has lost its lease; its reason is the error to end with. */
  readonly signal: AbortSignal
  interrupt(reason: Error): void
  readonly report: Report
  /** Keeps a copy on the runner, for a post step that cannot reach the ledger. Called before each write there. */
  keep(operation: Operation | null, lease: Lease): void
  /** What the runner's copy knows of our own operation; null in main. */
  readonly recorded: Recorded | null
  runOnRunner(hook: Hook, environment: Environment): Promise<void>
  /** For a user's command on the runner, which cannot dial as we do. */
  openDoor(reach: DialedReach): Promise<Door>
  randomId(): string
  /** From 0 to 1. */
  random(): number
}

export interface Recorded {
  readonly operation: Operation
  readonly lease: Lease
}

/** An address on the runner that leads where the target dials, until it is closed. */
export interface Door {
  readonly url: string
  close(): Promise<void>
}

/** A world in which we hold the lease. */
export interface Session extends World {
  readonly keeper: LeaseKeeper
  readonly journal: Journal
  /** The lease was ours already and the ledger takes no writes: going back is all that may be done. */
  readonly degraded: boolean
}

export const say = (world: Pick<World, 'report'>, text: string): void =>
  world.report({ kind: 'line', level: 'info', text })

export const warn = (world: Pick<World, 'report'>, text: string): void =>
  world.report({ kind: 'line', level: 'warning', text })

/** Something a person reading only the summary must know. */
export const announce = (world: Pick<World, 'report'>, text: string): void =>
  world.report({ kind: 'line', level: 'notice', text })

/** What an error says, as a part of a sentence. */
export const clauseOf = (error: unknown): string => messageOf(error).replace(/\.$/, '')

export { messageOf }
