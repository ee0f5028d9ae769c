import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/deployment/report.ts'
import { parseAdvice } from '../../src/github/advice.ts'
import { annotationOf } from '../../src/github/last-words.ts'
import { renderSummary } from '../../src/github/summary.ts'
import { failureBefore } from './outcomes.ts'

const lines = Array.from({ length: 40 }, (_, number) => `  touch file-${number}`)
const paste = ['Paste this on the server:', "sudo sh -eu <<'END'", ...lines, 'END'].join('\n')
const told: Outcome = {
  ...failureBefore,
  failure: { ...(failureBefore.failure as NonNullable<Outcome['failure']>), next: [paste, 'Run again.'] },
}

describe('what to do next', () => {
  it.each([
    ['Run again.', { sentence: 'Run again.', block: [] }],
    ['Run this:\nid', { sentence: 'Run this:', block: ['id'] }],
    ['id\nls', { sentence: null, block: ['id', 'ls'] }],
  ])('%j is a sentence, a text to copy, or both', (text, advice) => {
    expect(parseAdvice(text)).toEqual(advice)
  })

  it('can be copied from the summary as it stands', () => {
    expect(renderSummary(told)).toContain("```sh\nsudo sh -eu <<'END'\n  touch file-0\n")
  })

  it('leaves a long text to copy out of the annotation, and says where it is', () => {
    const annotation = annotationOf(told)
    expect(annotation).toContain('Paste this on the server: … (the whole text is in the log')
    expect(annotation).toContain('Run again.')
    expect(annotation).not.toContain('touch file')
  })

  it('never leaves half of a command in the annotation', () => {
    const commands = Array.from(
      { length: 4 },
      (_, number) => `aws elbv2 modify-listener ${'x'.repeat(250)} # ${number}`,
    )
    const failure = { ...(failureBefore.failure as NonNullable<Outcome['failure']>), next: commands }
    const next = annotationOf({ ...failureBefore, failure }).split('What to do next: ')[1]
    expect(next?.split('\n')).toEqual([
      commands[0],
      commands[1],
      '… (the whole text is in the log and in the summary)',
    ])
  })
})
