import * as core from '@actions/core'
import type { Outcome } from '../deployment/report.ts'

/** An output handed on as `env:` must stay below 128 KiB, the most Linux takes for one variable: https://man7.org/linux/man-pages/man2/execve.2.html */
const longestReport = 120 * 1024
const longestValue = 32 * 1024

export type Reported = Outcome & { readonly stagedId?: string | null }

export function outputsOf(outcome: Reported): Record<string, string> {
  const { sent, failed } = countRequests(outcome)
  const values = {
    result: outcome.result,
    'active-color': outcome.activeColor,
    'previous-color': outcome.previousColor,
    'inactive-color': outcome.inactiveColor,
    switched: outcome.switched,
    'rolled-back': outcome.rolledBack,
    'failed-phase': outcome.failure?.phase,
    version: outcome.version,
    'previous-version': outcome.previousVersion,
    url: outcome.url,
    duration: Math.round((outcome.endedAt - outcome.startedAt) / 1000),
    'requests-sent': sent,
    'requests-failed': failed,
    'staged-id': outcome.stagedId,
    plan: outcome.plan.join('\n'),
  }
  const texts = Object.entries(values).map(([name, value]) => [
    name,
    String(value ?? '').slice(0, longestValue),
  ])
  return { ...Object.fromEntries(texts), report: reportOf(outcome, longestReport) }
}

/** No failure among too few requests proves nothing and is not called 0. */
function countRequests({ evidence }: Outcome): {
  readonly sent: number | null
  readonly failed: number | null
} {
  if (evidence.length === 0) return { sent: null, failed: null }
  const sum = (field: 'sent' | 'failed') =>
    evidence.reduce((total, { before, after }) => total + before[field] + after[field], 0)
  const measured = evidence.every(({ verdict }) => verdict === 'measured')
  return { sent: sum('sent'), failed: measured || sum('failed') > 0 ? sum('failed') : null }
}

const bounds = [
  { text: longestReport, items: 1000 },
  { text: 4096, items: 100 },
  { text: 1024, items: 40 },
  { text: 200, items: 20 },
  { text: 60, items: 8 },
]

const fieldsOfOutcome = 40

/** Always whole JSON: what does not fit is shortened inside. */
export function reportOf(outcome: Outcome, limit: number): string {
  for (const bound of bounds) {
    const draft = JSON.stringify(shorten(outcome, bound))
    if (Buffer.byteLength(draft) <= limit) return draft
  }
  return JSON.stringify({ result: outcome.result, ok: outcome.ok })
}

function shorten(value: unknown, bound: { readonly text: number; readonly items: number }): unknown {
  if (typeof value === 'string') return value.slice(0, bound.text)
  if (Array.isArray(value)) return value.slice(0, bound.items).map((item) => shorten(item, bound))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).slice(0, Math.max(bound.items, fieldsOfOutcome))
  return Object.fromEntries(entries.map(([name, item]) => [name.slice(0, bound.text), shorten(item, bound)]))
}

/** Outputs of a post step are dropped by the runner; a variable still reaches the job's outputs, which are read after it. */
export function setOutputs(outcome: Reported, environment: NodeJS.ProcessEnv): void {
  if (outcome.stage === 'post') {
    if (environment.GITHUB_ENV) core.exportVariable('BLUE_GREEN_RESULT', outcome.result)
    return
  }
  if (!environment.GITHUB_OUTPUT) return
  for (const [name, value] of Object.entries(outputsOf(outcome))) core.setOutput(name, value)
}
