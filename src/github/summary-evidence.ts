import type { Evidence, Window } from '../checks/evidence.ts'
import type { Outcome } from '../deployment/report.ts'
import { elapsed } from './elapsed.ts'
import { bullets, code, table } from './markdown.ts'

const mostUrls = 20
const mostVersions = 5

/** The user's own proof of zero downtime, or the words that there is none. */
export function renderEvidence({ evidence, switched, dryRun, stage }: Outcome): readonly string[] {
  if (evidence.length === 0)
    return switched && !dryRun && stage === 'main' ? ['**Requests during the switch**: not measured'] : []
  const shown = evidence.slice(0, mostUrls)
  const rows = shown.flatMap((one) => [
    [code(one.url, 200), 'before', ...cellsOf(one.before, one.verdict)],
    ['', 'after', ...cellsOf(one.after, one.verdict)],
  ])
  return [
    `**Requests during the switch**: ${total(evidence)}`,
    table(['', '', 'sent', 'failed', 'blocked', 'p50', 'p90', 'p99'], rows),
    bullets(shown.map(describe)),
  ]
}

function total(evidence: readonly Evidence[]): string {
  const sum = (field: 'sent' | 'failed' | 'blocked') =>
    evidence.reduce((all, { before, after }) => all + before[field] + after[field], 0)
  const counts = `${sum('sent')} sent`
  const failed = sum('failed')
  if (failed > 0) return `**${failed} failed** of ${counts}`
  return evidence.every(({ verdict }) => verdict === 'measured')
    ? `0 failed of ${counts}`
    : `not measured, only ${counts}`
}

/** No failure among too few requests is not a zero. */
const cellsOf = (
  { sent, failed, blocked, p50, p90, p99 }: Window,
  verdict: Evidence['verdict'],
): readonly string[] => [
  String(sent),
  failed === 0 && verdict === 'not measured' ? 'not measured' : String(failed),
  String(blocked),
  ...[p50, p90, p99].map((time) => (time === null ? '–' : elapsed(time))),
]

function describe({ url, verdict, firstNewAnswer, longestGap, answeredBy }: Evidence): string {
  const known =
    firstNewAnswer === null
      ? 'first answer of the new release: unknown'
      : `first answer of the new release after ${elapsed(firstNewAnswer)}`
  const gap =
    verdict === 'measured'
      ? `longest time without a good answer ${elapsed(longestGap)}`
      : 'longest time without a good answer: not measured'
  return `${code(url, 200)}: ${known} · ${gap} · answered by ${whoAnswered(answeredBy)}`
}

function whoAnswered(answeredBy: Evidence['answeredBy']): string {
  const most = Object.entries(answeredBy).sort(([, one], [, other]) => other - one)
  const shown = most.slice(0, mostVersions).map(([name, count]) => `${code(name, 80)} ${count}×`)
  if (shown.length === 0) return 'unknown'
  return most.length > mostVersions
    ? `${shown.join(', ')} and ${most.length - mostVersions} more`
    : shown.join(', ')
}
