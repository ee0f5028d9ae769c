import { appendFileSync } from 'node:fs'
import type { Outcome, PhaseOutcome } from '../deployment/report.ts'
import { type Color, otherColor } from '../targets/target.ts'
import { parseAdvice } from './advice.ts'
import { elapsed } from './elapsed.ts'
import { bullets, code, details, fenced, inline, link, preformatted, row, steps, table } from './markdown.ts'
import { clip, lineEnd } from './plain.ts'
import { renderEvidence } from './summary-evidence.ts'
import { renderGates } from './summary-gates.ts'
import { renderTimeline } from './timeline.ts'

/** The runner drops a summary of more than 1 MiB as a whole: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits */
const mostBytes = 900 * 1024
const mostItems = 20

/** What a person needs first stands first; a block that does not fit any more is left out with those after it. */
export function renderSummary(outcome: Outcome): string {
  const blocks = [
    renderHeadline(outcome),
    ...renderFailure(outcome),
    ...renderDiagnosis(outcome),
    renderNotices(outcome),
    renderPlan(outcome),
    renderColors(outcome),
    renderPhases(outcome),
    ...renderEvidence(outcome),
    ...renderGates(outcome),
    renderWayBack(outcome),
    renderTimeline(outcome.phases),
  ]
  return joinWithin(
    mostBytes,
    blocks.filter((block) => block !== null),
  )
}

function joinWithin(limit: number, blocks: readonly string[]): string {
  const cut = '_The rest is too long to be shown here._'
  const fitting: string[] = []
  let bytes = cut.length + 2
  for (const block of blocks) {
    bytes += Buffer.byteLength(block) + 2
    if (bytes > limit) return `${[...fitting, cut].join('\n\n')}\n\n`
    fitting.push(block)
  }
  return `${fitting.join('\n\n')}\n\n`
}

function renderHeadline(outcome: Outcome): string {
  const { app, result, dryRun, mode, stage, url, startedAt, endedAt } = outcome
  const facts = [
    `**${inline(app, 80)}**`,
    ...(stage === 'post' ? ['after the job'] : []),
    dryRun ? `dry run of ${mode}, nothing was changed` : mode === 'status' ? 'status' : `${mode}: ${result}`,
    elapsed(endedAt - startedAt),
    ...(url === null ? [] : [link(url)]),
  ]
  return [`## ${iconOf(outcome)} ${inline(outcome.headline, 400)}`, '', facts.join(' · ')].join('\n')
}

function iconOf({ ok, dryRun, mode, result, rolledBack }: Outcome): string {
  if (result === 'rollback-failed') return '🚨'
  if (!ok) return '❌'
  if (dryRun || mode === 'status') return '🔎'
  if (rolledBack || result === 'rolled-back') return '↩️'
  return result === 'unchanged' ? '➖' : '✅'
}

function renderFailure({ failure }: Outcome): readonly string[] {
  if (!failure) return []
  const [cause = '', ...said] = failure.cause.trim().split(lineEnd)
  const likely = failure.diagnosis?.cause
  return [
    `**What failed**${failure.phase === null ? '' : `, in ${code(failure.phase)}`}: ${inline(cause, 600)}`,
    ...(said.length > 0 ? [preformatted(said.join('\n'), 4096)] : []),
    ...(likely ? [`**Likely cause**: ${inline(likely, 600)}`] : []),
    `**Where traffic is now**: ${inline(failure.traffic, 600)}`,
    ...(failure.done.length > 0 ? [`**What was done about it**\n\n${bullets(listed(failure.done))}`] : []),
    ...(failure.next.length > 0 ? [`**What to do next**\n\n${steps(advised(failure.next))}`] : []),
  ]
}

function listed(items: readonly string[]): readonly string[] {
  const shown = items.slice(0, mostItems).map((item) => inline(item, 600))
  return items.length > mostItems ? [...shown, `and ${items.length - mostItems} more`] : shown
}

/** A text to copy is a block of its own, which GitHub gives a button for. */
function advised(items: readonly string[]): readonly string[] {
  const shown = items.slice(0, mostItems).map((item) => {
    const { sentence, block } = parseAdvice(item)
    if (block.length === 0) return inline(item, 600)
    const text = clip(block.join('\n'), longestBlock).split(lineEnd)
    return `${inline(sentence ?? 'On the server:', 600)}\n\n${fenced('sh', text)}\n`
  })
  return items.length > mostItems ? [...shown, `and ${items.length - mostItems} more`] : shown
}

const longestBlock = 16 * 1024

const renderNotices = ({ notices }: Outcome): string | null =>
  notices.length === 0 ? null : bullets(listed(notices).map((notice) => `⚠️ ${notice}`))

const renderPlan = ({ plan, dryRun }: Outcome): string | null => {
  if (plan.length === 0) return null
  return dryRun ? `**What would be done**\n\n${steps(listed(plan))}` : bullets(advised(plan))
}

const icons: Record<Color, string> = { blue: '🔵', green: '🟢' }

/** Left out where the router names no color and never did: an empty table tells less than the headline. */
function renderColors(outcome: Outcome): string | null {
  const { activeColor, previousColor, previousVersion, version } = outcome
  const seen = activeColor ?? previousColor
  if (seen === null) return null
  const versionNow = activeColor === previousColor ? (previousVersion ?? version) : version
  const before = (color: Color) => stateOf(color, previousColor, previousVersion)
  const now = (color: Color) => `${stateOf(color, activeColor, versionNow)}${stagedOn(color, outcome)}`
  const rows = [seen, otherColor(seen)].map((color) => [
    `${icons[color]} ${color}`,
    before(color),
    now(color),
  ])
  if (previousColor !== null) return table(['', 'before', 'now'], rows)
  return table(
    ['', 'now'],
    rows.map(([color = '', , is = '']) => [color, is]),
  )
}

function stateOf(color: Color, live: Color | null, version: string | null): string {
  if (live === null) return '–'
  if (color !== live) return 'idle'
  return version === null ? '**live**' : `**live** ${code(version)}`
}

const stagedOn = (color: Color, { result, dryRun, inactiveColor, version }: Outcome): string =>
  result === 'staged' && !dryRun && color === inactiveColor && version !== null
    ? `, staged ${code(version)}`
    : ''

const marks: Record<PhaseOutcome, string> = { passed: '✔', failed: '❌', skipped: 'skipped' }

function renderPhases({ phases }: Outcome): string | null {
  if (phases.length === 0) return null
  const shown = phases.slice(0, mostItems)
  const times = shown.map(({ outcome, startedAt, endedAt }) =>
    outcome === 'skipped' ? marks.skipped : `${marks[outcome]} ${elapsed(endedAt - startedAt)}`,
  )
  return [row(shown.map(({ phase }) => phase)), row(shown.map(() => ':-:')), row(times)].join('\n')
}

const renderWayBack = ({ wayBack }: Outcome): string | null =>
  wayBack.length === 0
    ? null
    : details(
        'Go back by hand',
        fenced(
          'sh',
          wayBack.slice(0, mostItems).map((line) => line.slice(0, 2000)),
        ),
      )

/** A target bounds each text to 8 KiB; this holds for one that does not. */
function renderDiagnosis({ failure }: Outcome): readonly string[] {
  const sections = failure?.diagnosis?.sections ?? []
  return sections
    .slice(0, mostItems)
    .map(({ title, text }) => details(`Diagnosis: ${inline(title, 120)}`, preformatted(text, 16_384)))
}

/** Without a summary file (a laptop) there is nothing to do. Throws what the disk throws. */
export function writeSummary(outcome: Outcome, environment: NodeJS.ProcessEnv): void {
  const path = environment.GITHUB_STEP_SUMMARY
  if (path) appendFileSync(path, renderSummary(outcome))
}
