/** What the engine tells the world. Listeners render it; none of them can fail a run. */
import type { Evidence } from '../checks/evidence.ts'
import type { GateEvidence } from '../checks/gate.ts'
import type { Mode } from '../targets/intent.ts'
import type { Color, Diagnosis } from '../targets/target.ts'

export const phaseNames = [
  'determine-color',
  'deploy-inactive',
  'health',
  'switch',
  'verify',
  'cleanup',
] as const
export type PhaseName = (typeof phaseNames)[number]

/** `at`: wall clock, milliseconds. Phases never nest. */
export type Event =
  | { readonly kind: 'phase-started'; readonly phase: PhaseName; readonly at: number }
  | {
      readonly kind: 'phase-ended'
      readonly phase: PhaseName
      readonly at: number
      readonly outcome: PhaseOutcome
    }
  /** Work outside the six phases that deserves a group of its own: going back, closing what another run left open. */
  | { readonly kind: 'section-started'; readonly title: string; readonly at: number }
  | { readonly kind: 'section-ended'; readonly at: number }
  | { readonly kind: 'line'; readonly level: 'info' | 'notice' | 'warning' | 'error'; readonly text: string }
  /** What a user's command or the platform said: never trusted, never interpreted. */
  | { readonly kind: 'output'; readonly source: string; readonly text: string }

export type PhaseOutcome = 'passed' | 'failed' | 'skipped'

export type Report = (event: Event) => void

export const results = [
  'deployed',
  'staged',
  'unchanged',
  'rolled-back',
  'rollback-failed',
  'failed',
] as const
export type Result = (typeof results)[number]

/** Everything a run has to say when it ends: outputs and summary are rendered from it, and it is the `report` output. */
export interface Outcome {
  readonly mode: Mode
  readonly app: string
  readonly dryRun: boolean
  /** post: the outcome of the post step, told apart in the summary. */
  readonly stage: 'main' | 'post'
  readonly result: Result
  /** The process ends with 0 exactly when this is true. */
  readonly ok: boolean
  /** One sentence: what happened, in the user's words. */
  readonly headline: string
  readonly activeColor: Color | null
  readonly previousColor: Color | null
  readonly inactiveColor: Color | null
  readonly switched: boolean
  readonly rolledBack: boolean
  readonly version: string | null
  readonly previousVersion: string | null
  readonly url: string | null
  readonly startedAt: number
  readonly endedAt: number
  readonly phases: readonly PhaseRecord[]
  readonly evidence: readonly Evidence[]
  readonly gates: readonly GateEvidence[]
  readonly failure: Failure | null
  readonly notices: readonly string[]
  /** What a person would type to go back by hand. */
  readonly wayBack: readonly string[]
  /** Dry run and status: what would be done, or how things stand, a line each. */
  readonly plan: readonly string[]
}

export interface PhaseRecord {
  readonly phase: PhaseName
  readonly startedAt: number
  readonly endedAt: number
  readonly outcome: PhaseOutcome
}

export interface Failure {
  readonly phase: PhaseName | null
  readonly cause: string
  /** Where traffic is now. */
  readonly traffic: string
  readonly done: readonly string[]
  /** Commands or steps, the first one first. */
  readonly next: readonly string[]
  readonly diagnosis: Diagnosis | null
}
