import * as core from '@actions/core'
import type { Outcome } from '../deployment/report.ts'
import type { Intent } from '../targets/intent.ts'
import { withDiagnosisFor } from './diagnosis.ts'
import type { Log } from './log.ts'
import { redactAll } from './masks.ts'
import { type Reported, setOutputs } from './outputs.ts'
import { plainLine } from './plain.ts'
import { writeSummary } from './summary.ts'

/** The end of a run, told everywhere. What cannot be told is a warning: the deployment is over and stays as it is. */
export function publish(
  told: Reported,
  to: {
    readonly log: Log
    readonly diagnostics: Intent['diagnostics']
    readonly secrets: readonly string[]
    readonly environment: NodeJS.ProcessEnv
  },
): void {
  const outcome = redactAll(told, to.secrets)
  const inSummary: Outcome = withDiagnosisFor('summary', outcome, to.diagnostics)
  attempt('The outputs', () => setOutputs(inSummary, to.environment))
  attempt('The summary', () => writeSummary(inSummary, to.environment))
  attempt('The log', () => to.log.end(withDiagnosisFor('log', outcome, to.diagnostics)))
}

function attempt(what: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    core.warning(plainLine(`${what} of this run could not be written: ${error}`))
  }
}
