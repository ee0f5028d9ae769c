import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/deployment/report.ts'
import { renderSummary } from '../../src/github/summary.ts'
import { failureAfter, failureBefore, measured, notMeasured, outcomes, success } from './outcomes.ts'

describe('the summary', () => {
  it.each(Object.entries(outcomes))('of %s', async (name, outcome) => {
    await expect(renderSummary(outcome)).toMatchFileSnapshot(`summaries/${name}.md`)
  })

  it('never calls it zero when it was not measured', () => {
    const summary = renderSummary(notMeasured)
    expect(summary).toContain('not measured, only 12 sent')
    expect(summary).not.toMatch(/\b0 failed\b/)
    expect(renderSummary({ ...success, evidence: [] })).toContain('not measured')
  })

  it('does not hide failures among too few requests', () => {
    const few = { ...measured, verdict: 'not measured', after: { ...measured.after, failed: 3 } } as const
    expect(renderSummary({ ...success, evidence: [few] })).toContain('**3 failed**')
  })

  it('says first what failed and where traffic is', () => {
    const summary = renderSummary(failureAfter)
    const order = [
      'failed in public',
      'What failed',
      'Where traffic is now',
      'What was done',
      'What to do next',
      '| before |',
      '```mermaid',
    ]
    expect(order.map((words) => summary.indexOf(words))).toEqual(
      order.map((words) => summary.indexOf(words)).toSorted((a, b) => a - b),
    )
    expect(order.every((words) => summary.includes(words))).toBe(true)
  })
})

const nasty = fc.oneof(
  fc.constantFrom(
    '```',
    '</pre>',
    '</details>',
    '<img src=x onerror=alert(1)>',
    '|',
    '\n\n# big',
    '[x](javascript:alert(1))',
    '`',
    '\\|',
    '\r::error::x',
    '-->',
    '$x$',
    'https://evil.example',
    '\u202e',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
const hostileText = fc.array(nasty, { maxLength: 6 }).map((parts) => parts.join(''))
const hostileTexts = fc.array(hostileText, { maxLength: 30 })

const gate = { during: 'bake', verdict: 'failed' } as const

const hostile: fc.Arbitrary<Outcome> = fc
  .record({
    texts: fc.record({
      app: hostileText,
      headline: hostileText,
      version: hostileText,
      previousVersion: hostileText,
      url: hostileText,
    }),
    lists: fc.record({ notices: hostileTexts, wayBack: hostileTexts, plan: hostileTexts }),
    failure: fc.record({ cause: hostileText, traffic: hostileText, done: hostileTexts, next: hostileTexts }),
    section: fc.record({ title: hostileText, text: hostileText }),
    who: hostileText,
  })
  .map(({ texts, lists, failure, section, who }) => ({
    ...failureBefore,
    ...texts,
    ...lists,
    evidence: [{ ...measured, url: texts.url, answeredBy: { [who]: 3 } }],
    gates: [{ ...gate, gate: texts.app, before: who, said: lists.plan, reason: failure.cause }],
    failure: {
      ...failure,
      phase: 'health' as const,
      diagnosis: { cause: section.title, sections: [section] },
    },
  }))

/** What stands outside fences and preformatted blocks. */
function proseOf(summary: string): string {
  return summary.replace(/^(`{3,})(sh|mermaid)\n[\s\S]*?\n\1$/gm, '').replace(/<pre>[^<]*<\/pre>/g, '')
}

describe('text of users and remote machines', () => {
  it('brings no markup of its own', () => {
    fc.assert(
      fc.property(hostile, (outcome) => {
        const prose = proseOf(renderSummary(outcome))
        expect(prose.replace(/<\/?(code|details|summary|a)>|<a href="https?:[^"<>|`]*">/g, '')).not.toMatch(
          /[<>`]/,
        )
        expect(prose).not.toMatch(/^#(?!# [❌🚨])/mu)
        expect(prose).not.toMatch(/\]\(|(?<!<a href="https?):\/\//)
        expect(prose.match(/<details>/g)?.length ?? 0).toBe(prose.match(/<\/details>/g)?.length ?? 0)
      }),
    )
  })

  it('leaves every table in shape', () => {
    fc.assert(
      fc.property(hostile, (outcome) => {
        const rows = proseOf(renderSummary(outcome))
          .split('\n')
          .filter((line) => line.startsWith('|'))
        const widths = rows.map((line) => line.split('|').length)
        expect(new Set(widths)).toEqual(new Set([5, 6, 7, 10]))
      }),
    )
  })

  it('never gets into the chart', () => {
    fc.assert(
      fc.property(hostile, (outcome) => {
        const chart = renderSummary(outcome).split('```mermaid\n').at(-1)?.split('\n```')[0]
        expect(chart).toBe(renderSummary(failureBefore).split('```mermaid\n').at(-1)?.split('\n```')[0])
        expect(
          chart
            ?.split('\n')
            .slice(4)
            .every((line) => /^ {2}[a-z-]+ :(done|crit), \d+, \d+ms$/.test(line)),
        ).toBe(true)
      }),
    )
  })

  it('fits whatever its length', () => {
    const long = '&\u0000é'.repeat(2_000_000)
    const many = Array.from({ length: 500 }, () => long)
    const sections = many.map((text) => ({ title: text, text }))
    const outcome: Outcome = {
      ...failureBefore,
      headline: long,
      app: long,
      version: long,
      url: long,
      notices: many,
      wayBack: many,
      plan: many,
      evidence: many.map((url) => ({ ...measured, url, answeredBy: { [long]: 1 } })),
      gates: many.map((text) => ({ ...gate, gate: text, before: text, said: many, reason: text })),
      failure: {
        phase: 'health',
        cause: `${long}\n${long}`,
        traffic: long,
        done: many,
        next: many,
        diagnosis: { cause: long, sections },
      },
    }
    const summary = renderSummary(outcome)
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(900 * 1024)
    expect(summary.match(/<details>/g)?.length).toBe(summary.match(/<\/details>/g)?.length)
  })
})
