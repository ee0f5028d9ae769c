import type { PhaseRecord } from '../deployment/report.ts'
import { fenced } from './markdown.ts'

/**
 * A Mermaid chart of seconds since the start. `x` and `%s` count from 1970, so that no time zone of a reader shifts them:
 * https://mermaid.js.org/syntax/gantt.html. Only names of phases go in, never text of users.
 */
export function renderTimeline(phases: readonly PhaseRecord[]): string | null {
  const timed = phases.filter(({ outcome }) => outcome !== 'skipped')
  const [first] = timed
  if (!first || timed.length < 2) return null
  const bars = timed.map(({ phase, outcome, startedAt, endedAt }) => {
    const start = Math.max(0, Math.round(startedAt - first.startedAt))
    const length = Math.max(1, Math.round(endedAt - startedAt))
    return `  ${phase} :${outcome === 'failed' ? 'crit' : 'done'}, ${start}, ${length}ms`
  })
  return fenced('mermaid', ['gantt', '  dateFormat x', '  axisFormat %s s', '  todayMarker off', ...bars])
}
