/** One app in a bed: where it is, and how a run reaches it. */
import type { Document } from '../../src/deployment/document.ts'
import type { Color } from '../../src/targets/target.ts'
import type { CutProxy } from '../bed/cut-proxy.ts'
import type { Noted } from './commands.ts'
import type { Start } from './scenarios.ts'
import type { RunWanted } from './settings.ts'

export type Inputs = Readonly<Record<string, string>>

/** Which way a run takes to the target; where no network is in between they are the same. */
export type Route = 'line' | 'past the line'

export interface Trouble {
  begin(kind: 'throttled' | 'failing'): Promise<void>
  end(): Promise<void>
}

/**
 * For a target that bears it. Milliseconds. The action takes 2 s too, which a busy machine does not keep with many cases side by
 * side.
 */
export const briefLease = { leaseTime: 3_000, lapse: null, trouble: null } as const

/** How long a run stands still, in milliseconds: longer than its lease, so that the next run may come. */
export const frozenTime = ({ leaseTime }: Pick<Site, 'leaseTime'>): number =>
  Math.min(2 * leaseTime, leaseTime + 5_000)

export interface Site extends AsyncDisposable {
  readonly app: string
  readonly url: string
  /** On the disk of this machine. */
  readonly folder: string
  /** The way of the run that is stopped, where it leads through a network. */
  readonly line: CutProxy | null
  /** For a run, and for the scripts it runs on the host. */
  env(by: { readonly label: string; readonly route: Route }): NodeJS.ProcessEnv
  inputs(run: RunWanted, route: Route): Inputs
  /** Milliseconds. */
  readonly leaseTime: number
  /** Until whoever ended without a word has lost the lease; null: that is soon enough by itself. */
  readonly lapse: (() => Promise<void>) | null
  /** What goes wrong for the run that is stopped, until it is ended; null: here nothing but the connection can. */
  readonly trouble: Trouble | null
  /** Hooks that run at the target, where it runs any. */
  readonly hooksOnTarget: readonly string[]
  /** For sites to be opened with. */
  keep(start: Start): Promise<void>
  document(): Promise<Document>
  /** With a blank on either side of the word that says whether it is held. */
  lease(): Promise<string>
  /** Whom the router names. */
  named(): Promise<Color | null>
  /** What was run there, in its order. */
  log(): Promise<readonly Noted[]>
  /** What users got that they should not have got, as far as the bed can tell. */
  wrongAnswers(): Promise<readonly string[]>
  /** Colors that were changed while the router named them. */
  liveColorsChanged(): Promise<readonly string[]>
}
