import * as core from '@actions/core'
import { type Event, type Outcome, type PhaseOutcome, phaseNames, type Report } from '../deployment/report.ts'
import { parseAdvice } from './advice.ts'
import { elapsed } from './elapsed.ts'
import { createOutputBuffer, fence } from './fenced-output.ts'
import { annotationOf, titleOf, wordsOf } from './last-words.ts'
import { clip, lineEnd, plainLine } from './plain.ts'

export interface Log {
  readonly report: Report
  /** The last words of a run, and its only error annotation. */
  end(outcome: Outcome): void
}

type Level = Extract<Event, { kind: 'line' }>['level']

/** The runner shows ten annotations of a kind for each step, and a page with more than a few is read by nobody. */
const mostAnnotations = 5
const longestAnnotation = 3000

const endings: Record<PhaseOutcome, (name: string, time: string) => string> = {
  passed: (name, time) => `✔ ${name} passed in ${time}`,
  failed: (name, time) => `✘ ${name} failed after ${time}`,
  skipped: (name) => `– ${name} skipped`,
}

/** Phases and sections are groups of the log; what is printed between them stays in sight when they are folded. */
export function createLog(): Log {
  const output = createOutputBuffer()
  const say = createVoice()
  let group: { readonly startedAt: number } | null = null

  const endGroup = (at: number): number => {
    const startedAt = group?.startedAt ?? at
    if (group) core.endGroup()
    group = null
    return at - startedAt
  }
  const startGroup = (title: string, at: number): void => {
    endGroup(at)
    core.startGroup(plainLine(title))
    group = { startedAt: at }
  }
  const report: Report = (event) => {
    if (event.kind === 'output') return printFenced(output.add(event.source, event.text))
    printFenced(output.rest())
    switch (event.kind) {
      case 'phase-started':
        return startGroup(titleOfPhase(event.phase), event.at)
      case 'phase-ended':
        return core.info(endings[event.outcome](event.phase, elapsed(endGroup(event.at))))
      case 'section-started':
        return startGroup(event.title, event.at)
      case 'section-ended':
        return void endGroup(event.at)
      case 'line':
        return say(event.level, event.text)
    }
  }
  const end = (outcome: Outcome): void => {
    printFenced(output.rest())
    endGroup(outcome.endedAt)
    printLastWords(outcome)
  }
  return { report, end }
}

const titleOfPhase = (phase: (typeof phaseNames)[number]): string =>
  `Phase ${phaseNames.indexOf(phase) + 1} of ${phaseNames.length}: ${phase}`

/** One write for the whole fence, so that nothing of ours gets inside. */
function printFenced(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(fence(lines))
}

/** Errors get no annotation here: the end of a run has the one that tells all. */
function createVoice(): (level: Level, text: string) => void {
  let annotations = 0
  return (level, text) => {
    const line = plainLine(text)
    if (level === 'info') return core.info(line)
    if (level === 'error' || annotations >= mostAnnotations) return core.info(`${level}: ${line}`)
    annotations += 1
    const annotate = level === 'warning' ? core.warning : core.notice
    annotate(clip(line, longestAnnotation))
  }
}

function printLastWords(outcome: Outcome): void {
  const { failure, ok, stage, rolledBack, headline, plan } = outcome
  for (const [title, lines] of failure ? wordsOf(failure) : []) {
    core.info(title)
    for (const line of lines) printAdvice(line)
  }
  for (const { title, text } of failure?.diagnosis?.sections ?? []) {
    core.startGroup(plainLine(`Diagnosis: ${title}`))
    printFenced(text.split(lineEnd))
    core.endGroup()
  }
  for (const line of plan) printAdvice(line)
  const title = titleOf(outcome)
  if (!ok) core.error(clip(annotationOf(outcome), longestAnnotation), { title })
  else if (stage === 'post' && rolledBack)
    core.warning(clip(plainLine(headline), longestAnnotation), { title })
  else core.info(plainLine(headline))
}

/** A text to copy stands at the start of its lines: the end of a here-document may not be indented. */
function printAdvice(text: string): void {
  const { sentence, block } = parseAdvice(text)
  if (sentence !== null) core.info(`  ${plainLine(sentence)}`)
  for (const line of block) core.info(plainLine(line))
}
