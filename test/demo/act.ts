/** What happens in a demo, one act after the other, each on what the one before has left. */
import type { Color } from '../../src/targets/target.ts'

export interface Act {
  /** Of its files. */
  readonly name: string
  readonly title: string
  readonly runs: readonly Run[]
  /** What users are told in the end; the router must name the same color. */
  readonly answer: `${Color} ${string}`
}

/** One job with the action as its step, and what goes wrong. */
export interface Run {
  readonly inputs: Readonly<Record<string, string>>
  /** How the release misbehaves, as variables of its server. */
  readonly release?: Readonly<Record<string, string>>
  /** A command that runs in the switch sends SIGKILL to main. */
  readonly mainKilled?: 'before the rename' | 'after the rename'
  /** Somebody moves the flag when main has said this. */
  readonly byHand?: { readonly when: string; readonly to: Color }
  /** A lost runner starts no post step. */
  readonly afterMain?: 'a later step fails' | 'the runner is lost'
  readonly ends: Ends
}

/** Exit code and `result`, or the signal. Post tells no result when there is nothing to close; null: it did not run. */
export interface Ends {
  readonly main: string
  readonly post: string | null
}

export const deployed: Ends = { main: '0 deployed', post: '0 deployed' }
