/** What became of an operation that was to be closed. */
import type { Diagnosis } from '../targets/target.ts'

export type Settled =
  | { readonly kind: 'nothing' }
  /** Left open on purpose; the lease goes to whoever comes. */
  | { readonly kind: 'parked' }
  | { readonly kind: 'committed'; readonly retired: boolean }
  | {
      readonly kind: 'undone'
      readonly how: 'untouched' | 'went-back' | 'conceded'
      readonly newColor: Fate
      readonly diagnosis: Diagnosis | null
    }
  | { readonly kind: 'failed'; readonly why: string; readonly movedBy: 'us' | 'others' }
  /** Could not be closed; whoever comes next tries again. */
  | { readonly kind: 'left-open'; readonly why: string; readonly repair: readonly string[] }

/** What became of the color that failed. */
export type Fate = 'never started' | 'stopped' | 'kept' | 'left running'
