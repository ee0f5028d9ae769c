/** What a user wants, with every default filled in: the settings as the engine sees them. All times are milliseconds. */
import type { Color, Hook } from './target.ts'

export const modes = [
  'deploy',
  'stage',
  'promote',
  'abort',
  'rollback',
  'status',
  'cleanup',
  'unlock',
] as const
export type Mode = (typeof modes)[number]

export const hookNames = [
  'before-deploy',
  'migrate',
  'smoke-test',
  'before-switch',
  'after-switch',
  'after-cleanup',
  'on-rollback',
] as const
export type HookName = (typeof hookNames)[number]

export interface Intent {
  readonly app: string
  readonly mode: Mode
  readonly dryRun: boolean
  /** null where none was named and the mode has no default (rollback). */
  readonly version: string | null
  readonly services: readonly ServiceIntent[]
  readonly targetColor: 'auto' | Color
  readonly health: HealthRule
  readonly identityHeader: string | null
  readonly bake: number
  /** Requests a second to each public URL; 0 turns samples off. */
  readonly sampleRate: number
  /** A share: 0.05 is 5 %. */
  readonly maxErrorRate: number
  readonly maxP99:
    | null
    | { readonly kind: 'time'; readonly time: number }
    | { readonly kind: 'factor'; readonly factor: number }
  readonly gates: readonly GateIntent[]
  readonly hooks: Readonly<Record<HookName, readonly Hook[]>>
  readonly migrateRerun: boolean
  readonly noRollback: boolean
  readonly deployTimeout: number
  readonly drain: number
  readonly rollbackTimeout: number
  readonly oldColor: 'stop' | 'keep' | 'remove'
  readonly onFailure: 'stop' | 'keep'
  /** Job statuses for which post goes back after main succeeded. */
  readonly goesBackOn: readonly JobStatus[]
  readonly lockWait: number
  readonly leaseTtl: number
  readonly force: boolean
  readonly reason: string | null
  /** Where tails of the app's own logs may be shown. */
  readonly diagnostics: 'summary' | 'log' | 'none'
  /** Hash of what is sent to run a release: the configuration revision. */
  readonly configuration: string
}

export type JobStatus = 'success' | 'failure' | 'cancelled'

export interface HealthRule {
  readonly successes: number
  readonly interval: number
  readonly timeout: number
  readonly requestTimeout: number
  readonly skip: boolean
}

/** A condition on what is measured elsewhere. */
export type GateIntent = CloudWatchAlarm

export interface CloudWatchAlarm {
  readonly kind: 'cloudwatch-alarm'
  /** Its name. */
  readonly alarm: string
  /** When it must hold: while the idle color proves its health, or for all of the bake. */
  readonly during: 'bake' | 'health'
}

export interface ServiceIntent {
  readonly name: string
  readonly image: string | null
  readonly url: string | null
  readonly colorUrl: Readonly<Record<Color, string>> | null
  readonly health: Check
  readonly verify: Check
  readonly versionCheck: VersionCheck | null
  /** After the switch: what takes up work without being asked starts once its release serves users. */
  readonly start: 'before-switch' | 'after-switch'
}

/** One request with an expectation. */
export interface Check {
  readonly path: string
  readonly scheme: 'http' | 'https' | null
  /** Host header; null: that of the service's public URL. */
  readonly host: string | null
  /** Inclusive ranges. */
  readonly status: readonly { readonly from: number; readonly to: number }[]
  /** Text the body must contain. */
  readonly body: string | null
  /** JSON pointer → value as text. */
  readonly json: Readonly<Record<string, string>>
  /** Response headers that must have these values. */
  readonly header: Readonly<Record<string, string>>
  /** Request headers. */
  readonly headers: Readonly<Record<string, string>>
  readonly maxLatency: number | null
}

/** Where the running version shows. */
export interface VersionCheck {
  readonly path: string
  readonly from:
    | { readonly kind: 'json'; readonly pointer: string }
    | { readonly kind: 'header'; readonly name: string }
    | { readonly kind: 'body' }
}
