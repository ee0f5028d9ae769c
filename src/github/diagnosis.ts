import type { Outcome } from '../deployment/report.ts'
import type { Intent } from '../targets/intent.ts'

/** The app's own log tails go to the one place the user allowed; the likely cause, our own words, goes everywhere. */
export function withDiagnosisFor(
  place: 'summary' | 'log',
  outcome: Outcome,
  allowed: Intent['diagnostics'],
): Outcome {
  const diagnosis = outcome.failure?.diagnosis
  if (!outcome.failure || !diagnosis || allowed === place) return outcome
  return { ...outcome, failure: { ...outcome.failure, diagnosis: { ...diagnosis, sections: [] } } }
}
