import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BreachRules, breach, findDoubts, type Sample, summarize } from '../../src/checks/evidence.ts'

type Outcome = Sample['outcome']

const rules: BreachRules = { maxErrorRate: 0.05, maxP99: null }
const switchedAt = 20_000
const period = 200

const sample = (at: number, outcome: Outcome = 'good', changes: Partial<Sample> = {}): Sample => ({
  at,
  latency: 10,
  outcome,
  who: null,
  ...changes,
})

/** `g` good, `f` failed, `b` blocked, `l` late, `.` nothing; one each 200 ms up to the switch, and from it on. */
const timeline = (before: string, after: string, latency = 10): readonly Sample[] => {
  const outcomes: Readonly<Record<string, Outcome>> = { g: 'good', f: 'failed', b: 'blocked', l: 'late' }
  const read = (text: string, from: number) =>
    [...text].flatMap((letter, index) => {
      const outcome = outcomes[letter]
      return outcome === undefined ? [] : [sample(from + index * period, outcome, { latency })]
    })
  return [...read(before, switchedAt - before.length * period), ...read(after, switchedAt)]
}

const judge = (before: string, after: string, changes: Partial<BreachRules> = {}) =>
  breach({ samples: timeline(before, after), switchedAt }, { ...rules, ...changes })

const sum = (samples: readonly Sample[], url = 'https://shop.example') =>
  summarize({ url, samples, switchedAt, newcomer: ['green', '2.0'] })

const good = (count: number) => 'g'.repeat(count)
/** Spread out, so that no row of them is long. */
const mixed = (count: number, failures: number) =>
  Array.from({ length: count }, (_, index) => (index % 3 === 0 && index / 3 < failures ? 'f' : 'g')).join('')

describe('a breach', () => {
  test.each<[string, string, string, string | null]>([
    ['nothing failed', good(100), good(150), null],
    ['four failures are few, whatever the share', good(100), 'ffff', null],
    [
      'five of which there are only few',
      good(100),
      'fffff',
      '5 of 5 requests failed (100%; 0% before the switch, max-error-rate 5%)',
    ],
    ['five of a hundred are not more than 5 %', good(100), mixed(100, 5), null],
    [
      'five of ninety-nine are',
      good(100),
      mixed(99, 5),
      '5 of 99 requests failed (5.1%; 0% before the switch, max-error-rate 5%)',
    ],
    ['twice the share of before is what users had', mixed(100, 10), mixed(100, 20), null],
    [
      'more than twice is not',
      mixed(100, 10),
      mixed(100, 21),
      '21 of 100 requests failed (21%; 10% before the switch, max-error-rate 5%)',
    ],
    ['no baseline', '', mixed(100, 6), '6 of 100 requests failed (6%; max-error-rate 5%)'],
    [
      'too small a baseline excuses nothing',
      'fg',
      mixed(100, 6),
      '6 of 100 requests failed (6%; max-error-rate 5%)',
    ],
    ['ten in a row, though few of many', good(100), `${good(500)}ffffffffff`, '10 requests in a row failed'],
    ['nine in a row, though few of many', good(100), `${good(500)}fffffffffg`, null],
    [
      'ten in a row, though it was as bad before',
      'f'.repeat(100),
      'ffffffffff',
      '10 requests in a row failed',
    ],
    [
      'blocked and late ones neither end a row',
      good(100),
      `${good(500)}fffffbbllfffff`,
      '10 requests in a row failed',
    ],
    ['nor count', good(100), 'b'.repeat(100), null],
    [
      'nor thin out the failures',
      good(100),
      `${mixed(99, 5)}${'b'.repeat(500)}`,
      '5 of 99 requests failed (5.1%; 0% before the switch, max-error-rate 5%)',
    ],
    ['what failed before the switch', 'f'.repeat(100), good(100), null],
  ])('%s', (_, before, after, reason) => {
    expect(judge(before, after)).toBe(reason)
  })

  test('there is none before the switch', () => {
    expect(breach({ samples: timeline('f'.repeat(100), ''), switchedAt: null }, rules)).toBeNull()
  })

  test('a request in flight when traffic moved counts after it', () => {
    const inFlight = Array.from({ length: 10 }, (_, index) =>
      sample(switchedAt - 50 + index, 'failed', { latency: 60 }),
    )
    expect(breach({ samples: inFlight, switchedAt }, rules)).toBe('10 requests in a row failed')
  })

  describe('of max-p99', () => {
    const slow = (count: number, latency: number) =>
      Array.from({ length: count }, (_, index) => sample(switchedAt + index, 'good', { latency }))
    const before = timeline(good(100), '')

    test.each<[string, BreachRules['maxP99'], readonly Sample[], string | null]>([
      ['as a time', { kind: 'time', time: 500 }, slow(500, 600), 'p99 is 600ms, max-p99 is 500ms'],
      ['as a time, kept', { kind: 'time', time: 500 }, slow(500, 500), null],
      [
        'as a time, by one of a hundred',
        { kind: 'time', time: 500 },
        [...slow(495, 10), ...slow(5, 900)],
        null,
      ],
      ['as a time, too early to tell', { kind: 'time', time: 500 }, slow(300, 600), null],
      [
        'as a factor',
        { kind: 'factor', factor: 1.5 },
        slow(500, 16),
        'p99 is 16ms, 10ms before the switch, max-p99 x1.5',
      ],
      ['as a factor, kept', { kind: 'factor', factor: 1.5 }, slow(500, 15), null],
    ])('%s', (_, maxP99, after, reason) => {
      expect(breach({ samples: [...before, ...after], switchedAt }, { ...rules, maxP99 })).toBe(reason)
    })
  })

  const outcomes = (letters: string) =>
    fc.array(fc.constantFrom(...letters), { maxLength: 120 }).map((all) => all.join(''))

  test('never comes of good, blocked and late ones alone', () => {
    fc.assert(
      fc.property(outcomes('gfbl'), outcomes('gbl'), (before, after) => {
        expect(judge(before, after)).toBeNull()
      }),
    )
  })

  test('always means at least five failures after the switch', () => {
    fc.assert(
      fc.property(outcomes('gfbl'), outcomes('gffbl'), (before, after) => {
        if (judge(before, after) !== null) expect(after.split('f').length - 1).toBeGreaterThanOrEqual(5)
      }),
    )
  })

  test('does not go away when a good answer turns into a failure', () => {
    fc.assert(
      fc.property(outcomes('gfbl'), outcomes('gffbl'), fc.nat(), (before, after, where) => {
        const at = after.length === 0 ? 0 : where % after.length
        const worse = after[at] === 'g' ? `${after.slice(0, at)}f${after.slice(at + 1)}` : after
        if (judge(before, after) !== null) expect(judge(before, worse)).not.toBeNull()
      }),
    )
  })

  test('does not depend on the order in which the answers came in', () => {
    fc.assert(
      fc.property(outcomes('gfbl'), outcomes('gffbl'), (before, after) => {
        const samples = timeline(before, after)
        const one = breach({ samples, switchedAt }, rules)
        expect(breach({ samples: samples.toReversed(), switchedAt }, rules)).toBe(one)
      }),
    )
  })
})

describe('the evidence', () => {
  test('counts before and after, and takes percentiles of good answers by nearest rank', () => {
    const after = Array.from({ length: 100 }, (_, index) =>
      sample(switchedAt + index, 'good', { latency: index + 1 }),
    )
    const failing = sample(switchedAt + 100, 'failed', { latency: 5000 })
    expect(sum([...timeline('ggfbl', ''), ...after, failing])).toMatchObject({
      before: { sent: 4, failed: 1, blocked: 1, p50: 10, p90: 10, p99: 10 },
      after: { sent: 101, failed: 1, blocked: 0, p50: 50, p90: 90, p99: 99 },
      verdict: 'measured',
    })
  })

  test('of nothing is not measured', () => {
    const none = { sent: 0, failed: 0, blocked: 0, p50: null, p90: null, p99: null }
    expect(sum([])).toEqual({
      url: 'https://shop.example',
      before: none,
      after: none,
      firstNewAnswer: null,
      longestGap: 0,
      answeredBy: {},
      verdict: 'not measured',
    })
  })

  test.each([
    [good(50), 'measured'],
    [good(49), 'not measured'],
    [`${good(49)}bbbbbbbbll`, 'not measured'],
    [`${good(49)}f`, 'measured'],
  ])('needs 50 usable samples after the switch: %s', (after, verdict) => {
    expect(sum(timeline(good(100), after)).verdict).toBe(verdict)
  })

  test('says who answered after the switch, and when the new color did first', () => {
    const names = ['blue', 'blue', 'green', null, 'green', '__proto__']
    const samples = names.map((who, index) => sample(switchedAt - 200 + index * 200, 'good', { who }))
    const { answeredBy, firstNewAnswer } = sum(samples)
    expect(Object.entries(answeredBy)).toEqual([
      ['blue', 1],
      ['green', 2],
      ['unknown', 1],
      ['__proto__', 1],
    ])
    expect(firstNewAnswer).toBe(210)
  })

  test('has the longest time without a good answer, the beginning and the end included', () => {
    expect(sum(timeline('gggg', 'gggg')).longestGap).toBe(200)
    expect(sum(timeline('gggf', 'fffgg')).longestGap).toBe(1000)
    expect(sum(timeline('gggg', 'gffff')).longestGap).toBe(800)
    expect(sum(timeline('ffff', 'f')).longestGap).toBe(810)
  })

  test('adds up', () => {
    const samples = fc.array(
      fc.record({
        at: fc.nat(60_000),
        latency: fc.nat(5000),
        outcome: fc.constantFrom<Outcome>('good', 'failed', 'blocked', 'late'),
        who: fc.constantFrom(null, 'blue', 'green'),
      }),
    )
    fc.assert(
      fc.property(samples, (all) => {
        const { before, after, answeredBy, longestGap } = sum(all)
        const of = (outcome: Outcome) => all.filter((one) => one.outcome === outcome).length
        expect(before.sent + after.sent).toBe(all.length - of('late'))
        expect(before.failed + after.failed).toBe(of('failed'))
        expect(before.blocked + after.blocked).toBe(of('blocked'))
        const named = Object.values(answeredBy).reduce((total, count) => total + count, 0)
        expect(named).toBe(after.sent - after.failed - after.blocked)
        expect(longestGap).toBeLessThanOrEqual(65_000)
        for (const { p50, p90, p99 } of [before, after]) {
          if (p50 === null || p90 === null || p99 === null) continue
          expect(p50 <= p90 && p90 <= p99).toBe(true)
          expect(all.some(({ latency }) => latency === p99)).toBe(true)
        }
      }),
    )
  })
})

describe('doubts', () => {
  const url = 'https://shop.example'

  test.each<[string, readonly Sample[], BreachRules['maxP99'], readonly string[]]>([
    ['none', timeline(good(100), good(500)), { kind: 'factor', factor: 2 }, []],
    [
      'too few samples',
      timeline(good(100), good(12)),
      null,
      [`${url}: not measured, only 12 usable samples after the switch (50 needed)`],
    ],
    [
      'too few for p99',
      timeline(good(100), good(150)),
      { kind: 'time', time: 1 },
      [`${url}: max-p99 was not judged, only 150 good answers (400 needed)`],
    ],
    [
      'nothing to compare with',
      timeline('', good(500)),
      { kind: 'factor', factor: 2 },
      [`${url}: max-p99 was not judged, there were too few good answers before the switch`],
    ],
  ])('%s', (_, samples, maxP99, doubts) => {
    expect(findDoubts(sum(samples, url), { ...rules, maxP99 })).toEqual(doubts)
  })
})
