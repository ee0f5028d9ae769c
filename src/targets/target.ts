/**
 * The contracts between the engine and what it deploys to. A target is a runtime (what runs a color), a router (what sends
 * users to a color) and a ledger (what is kept at the target so that a run may die at any point).
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'

export type Color = 'blue' | 'green'
export type PerColor<T> = Readonly<Record<Color, T>>
export const otherColor = (color: Color): Color => (color === 'blue' ? 'green' : 'blue')

export interface Target {
  readonly runtime: Runtime
  readonly router: Router
  readonly ledger: Ledger
  /** Read-only. Every problem at once, each with its fix. */
  preflight(): Promise<readonly Problem[]>
  /**
   * Runs a user's command at the target under the same locks and fence as a change; null where the target has no place for
   * commands.
   */
  readonly runHook: ((hook: Hook, env: Environment, guard: Guard) => Promise<void>) | null
  close(): Promise<void>
}

export interface Problem {
  readonly setting: string
  readonly what: string
  readonly fix: string
  /** It stops nothing, and a person has to know. */
  readonly isWarning?: true
}

/** Every method may be repeated; every change carries the guard. */
export interface Runtime {
  observe(color: Color): Promise<ColorState>
  /**
   * Also starts a stopped color again from its recorded release. Answers what runs now; what it says nothing of runs as it was
   * ordered.
   */
  deploy(color: Color, order: DeployOrder, guard: Guard): Promise<Images>
  /** The platform's own view of these services, with reasons. A fatal state ends the wait at once. */
  ready(color: Color, services: readonly string[]): Promise<Readiness>
  /**
   * How a request gets to this color before users do, once for each place it must be asked at; none where the target knows no way.
   * Throws ChangeFailed while nothing of it runs that could be asked.
   */
  reach(color: Color, service: string): Promise<readonly Reach[]>
  stop(color: Color, guard: Guard): Promise<void>
  remove(color: Color, guard: Guard): Promise<void>
  /**
   * Connections still open; a counter that never saw one while the color was live is 'unknown'. 'at-stop': the platform itself waits
   * for them when the color is stopped.
   */
  quiet(color: Color): Promise<number | 'unknown' | 'at-stop'>
  /** Bounded: 50 lines or 8 KiB for each instance. */
  diagnose(color: Color): Promise<Diagnosis>
}

export type Presence = 'absent' | 'stopped' | 'starting' | 'running' | 'stopping' | 'unknown'

export interface ColorState {
  readonly presence: Presence
  readonly version: string | null
  /** Why it is unknown, what is still starting: one line for people. */
  readonly detail: string | null
  /** Left out where a target counts no instances. */
  readonly size?: Size
}

/** How many instances each service is to have; null where it has no meaning. */
export type Size = Readonly<Record<string, number>> | null

export interface DeployOrder {
  readonly release: Release
  readonly size: Size
  /** The services of the app to start now; the others are left as they are. */
  readonly services: readonly string[]
}

/** Image of each service, by digest where it is known; a service without an image has null. */
export type Images = Readonly<Record<string, string | null>>

export type Readiness =
  | { readonly kind: 'ready'; readonly restarts: number }
  /** `isPartlyUp`: users could be served by some of its instances, in each service. Left out: nobody knows. */
  | { readonly kind: 'waiting' | 'fatal'; readonly reason: string; readonly isPartlyUp?: boolean }
  /** The platform itself does not answer: what it runs may be well. */
  | { readonly kind: 'silent'; readonly reason: string }

/** How a request gets somewhere: a stream the target dials, or the address itself. */
export type Reach =
  | { readonly kind: 'url'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'stream'; readonly url: string; dial(signal: AbortSignal): Promise<Duplex> }
export type DialedReach = Extract<Reach, { kind: 'stream' }>

export interface Diagnosis {
  readonly cause: string | null
  readonly sections: readonly { readonly title: string; readonly text: string }[]
}

export interface Router {
  observe(): Promise<Traffic>
  /** All services together. Compares with `from` before it writes; confirmed by behavior, not by an exit code. */
  switch(from: Traffic, to: Color, guard: Guard): Promise<Evidence>
  /** What a person would type to do the same. */
  manual(to: Color): readonly string[]
}

export type Traffic =
  | { readonly kind: 'color'; readonly color: Color }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'mixed'; readonly detail: string; readonly repair: readonly string[] }
  | { readonly kind: 'unknown'; readonly detail: string; readonly repair: readonly string[] }

/** How a switch was confirmed, in one line for people. */
export interface Evidence {
  readonly detail: string
}

/**
 * What a change demands of the target in the same step: this fence, and the color it touches live or not. Stop and remove
 * always demand 'not-live'.
 */
export interface Guard {
  readonly lease: Lease
  readonly color: 'not-live' | 'live' | 'any'
  /** A way back may go on where the lease cannot be read; one that names another owner is refused all the same. */
  readonly unreadableLedger?: 'refuse' | 'ignore'
}

export interface Lease {
  /** Grows by one with each owner. */
  readonly fence: number
  readonly nonce: string
}

/** Who holds the lease: a random nonce for us, the rest for people. */
export interface Owner {
  readonly nonce: string
  readonly run: string
  readonly attempt: string
  readonly job: string
  readonly step: string
  readonly url: string
  /** Who or what started it: an actor, a user on a laptop. */
  readonly actor: string
}

export type LeaseStatus = 'free' | 'parked' | 'held' | 'expired'

export interface LeaseView {
  readonly status: LeaseStatus
  readonly fence: number
  readonly owner: Owner | null
  /** The holder's own lease time, in milliseconds. */
  readonly ttl: number
  /** Changes with every renewal; equal marks mean nobody touched the lease in between. */
  readonly mark: string
}

/**
 * open: free, parked and expired leases are taken. own: also a living one with our nonce (post after its main). break: any.
 */
export type Claim = 'open' | 'own' | 'break'

export type Acquisition =
  | {
      readonly kind: 'acquired'
      readonly lease: Lease
      readonly document: string | null
      /** The lease was ours already and could not be written anew (a full disk): go back at most, start nothing. */
      readonly degraded: boolean
    }
  | { readonly kind: 'held'; readonly view: LeaseView }

export interface LedgerView {
  readonly lease: LeaseView
  /** The engine's document as it was written last; null when there never was one. */
  readonly document: string | null
}

/** Each call that carries a lease answers 'lost' when another owner has come since, and has then changed nothing. */
export interface Ledger {
  read(): Promise<LedgerView>
  /**
   * Writes a new fence, ends what the former owner left running, waits for its change to end, and only then returns.
   * `unchangedMark`: a mark the caller saw unchanged for one whole lease time by its own monotonic clock; such a lease counts
   * as expired whatever the target's clock says.
   */
  acquire(
    owner: Owner,
    options: { readonly claim: Claim; readonly unchangedMark: string | null },
  ): Promise<Acquisition>
  renew(lease: Lease): Promise<'kept' | 'lost'>
  write(lease: Lease, document: string): Promise<'kept' | 'lost'>
  /** Anyone may take it now; the nonce stays. */
  park(lease: Lease): Promise<'kept' | 'lost'>
  free(lease: Lease): Promise<'kept' | 'lost'>
}

export interface Release {
  readonly id: string
  /** Its id before its images were known by digest: what a target keeps of it from then names it so. Left out: `id`. */
  readonly orderedAs?: string | undefined
  readonly version: string
  readonly images: Images
  /** Hash of what was sent to run it. */
  readonly configuration: string
}

/** A user's command at a named point. */
export interface Hook {
  readonly run: string
  readonly where: 'runner' | 'target'
  readonly timeout: number
  readonly env: Environment
}

export type Environment = Readonly<Record<string, string>>

/** How the name of a service or of a kept value ends that of an environment variable. */
export const environmentName = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '_')

/** What a target is given of the run it lives in. */
export interface Surroundings {
  readonly app: string
  readonly leaseTtl: number
  /** How long one change of the runtime may take, in milliseconds. */
  readonly deployTimeout: number
  /** Aborted when the run is interrupted: every wait ends, every child is told to end. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Output of commands, as it comes; never trusted. */
  output(source: string, text: string): void
  /** Values that must not be kept at the target. */
  readonly secrets: readonly string[]
}

/** Another owner has come: stop at once and roll nothing back. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** The target refused a change in the same step: the color is live (or not), or the router names another color than expected. */
export class ChangeRefused extends Error {
  override readonly name = 'ChangeRefused'
}

/** A connection that closed without an exit code, or a target that cannot be reached: what happened there is unknown. */
export class TargetUnreachable extends Error {
  override readonly name: string = 'TargetUnreachable'
  /** The parts of the target that can be reached all the same, as the other hosts of several; null: none. */
  readonly rest: Target | null

  constructor(message: string, options: ErrorOptions & { readonly rest?: Target } = {}) {
    super(message, options)
    this.rest = options.rest ?? null
  }
}

/** What keeps us from a target until a person does something: trying again would change nothing. */
export class AccessRefused extends TargetUnreachable implements Problem {
  override readonly name = 'AccessRefused'
  readonly setting: string
  readonly what: string
  readonly fix: string

  constructor({ setting, what, fix }: Problem, options: ErrorOptions = {}) {
    super(`${what} ${fix}`, options)
    this.setting = setting
    this.what = what
    this.fix = fix
  }
}

/** A user's command or the platform refused: the exit code and the tail of what it said are in the message. */
export class ChangeFailed extends Error {
  override readonly name = 'ChangeFailed'
}
