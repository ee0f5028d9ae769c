import type { Failure, Outcome } from '../deployment/report.ts'
import { parseAdvice } from './advice.ts'
import { clip, lineEnd, plainLine } from './plain.ts'

type Words = readonly (readonly [title: string, lines: readonly string[]])[]

/** What a failure has to say, in the order in which a person needs it. */
export function wordsOf(failure: Failure): Words {
  const likely = failure.diagnosis?.cause
  const words: Words = [
    [
      failure.phase === null ? 'What failed:' : `What failed, in ${failure.phase}:`,
      failure.cause.trim().split(lineEnd),
    ],
    ['Likely cause:', likely ? [likely] : []],
    ['Where traffic is now:', [failure.traffic]],
    ['What was done about it:', failure.done],
    ['What to do next:', failure.next],
  ]
  return words.filter(([, lines]) => lines.length > 0)
}

const longestPart = 700

export function annotationOf({ headline, failure }: Outcome): string {
  const words = failure ? wordsOf(failure) : []
  const parts = words.map(([title, texts]) => `${title} ${wholeLines(texts.flatMap(linesOf).map(plainLine))}`)
  return [clip(plainLine(headline), longestPart), ...parts].join('\n')
}

const leftOut = '… (the whole text is in the log and in the summary)'

/** Half of a command would be another command to whoever copies it. */
function wholeLines(lines: readonly string[]): string {
  const [first = '', ...rest] = lines
  const shown = [clip(first, longestPart)]
  let room = longestPart - first.length
  for (const line of rest) {
    room -= line.length + 1
    if (room < 0) return [...shown, leftOut].join('\n')
    shown.push(line)
  }
  return shown.join('\n')
}

/** More than that is not read in an annotation. */
const mostLines = 30

function linesOf(text: string): readonly string[] {
  const { sentence, block } = parseAdvice(text)
  if (block.length <= mostLines) return text.split(lineEnd)
  return [`${sentence ?? block[0]} ${leftOut}`]
}

export const titleOf = ({ app, stage, result }: Outcome): string =>
  plainLine(clip(`${app}: ${result}${stage === 'post' ? ', after the job' : ''}`, 200))
