/** One app in a bed: where it is, and how a run reaches it. */
import type { Color } from '../../src/targets/target.ts'
import type { CutProxy } from '../bed/cut-proxy.ts'
import type { RunWanted } from './settings.ts'

export type Inputs = Readonly<Record<string, string>>

/** Which way a run takes to the host; without SSH they are the same. */
export type Route = 'line' | 'past the line'

export interface Site extends AsyncDisposable {
  readonly app: string
  readonly url: string
  /** On the disk of this machine, which is the host as well. */
  readonly folder: string
  readonly stateDirectory: string
  /** Before the first deployment, when no color runs; null: nobody. */
  readonly firstNamed: Color | null
  /** The way of the run that is stopped, where it leads through a network. */
  readonly line: CutProxy | null
  /** For every run, and for the scripts it runs on the host. */
  readonly env: NodeJS.ProcessEnv
  inputs(run: RunWanted, route: Route): Inputs
  /** The state directory has been made: by a human, when no run is about. */
  take(): Promise<void>
  /** As a human would. */
  start(color: Color, version: string): Promise<void>
  /** What users got that they should not have got, as far as the bed can tell. */
  wrongAnswers(): readonly string[]
  /** Colors that were changed while the router named them. */
  liveColorsChanged(): readonly string[]
}
