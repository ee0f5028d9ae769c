import { describe, expect, test } from 'vitest'
import {
  type During,
  evidenceOf,
  type GateEvidence,
  type GateLook,
  hear,
  hearBefore,
  hearNothing,
  unheard,
} from '../../src/checks/gate.ts'
import { type Inspected, warningsOf } from '../../src/checks/gate-warnings.ts'

const ok: GateLook = { kind: 'passes', said: 'OK' }
const alarm: GateLook = { kind: 'fails', said: 'ALARM', reason: 'Threshold Crossed.' }
const dark: GateLook = { kind: 'unknown', said: 'INSUFFICIENT_DATA', reason: 'No data.' }
const gone: GateLook = { kind: 'missing' }
const silence = 'AWS did not answer.'

type Heard = GateLook | typeof silence

function proven(during: During, before: GateLook | null, heard: readonly Heard[]): GateEvidence {
  const begun = before === null ? unheard : hearBefore(unheard, before)
  const record = heard.reduce(
    (so, one) => (typeof one === 'string' ? hearNothing(so, one) : hear(so, one, during)),
    begun,
  )
  return evidenceOf({ name: 'errors', during }, record)
}

interface Row {
  readonly when: string
  readonly before: GateLook | null
  readonly heard: readonly Heard[]
  readonly verdict: GateEvidence['verdict']
  readonly reason?: string
}

describe('a gate in the bake', () => {
  test.each<Row>([
    { when: 'says OK throughout', before: ok, heard: [ok, ok], verdict: 'held' },
    { when: 'comes from no data to OK', before: dark, heard: [dark, ok], verdict: 'held' },
    { when: 'has no data for a while', before: ok, heard: [ok, dark, dark], verdict: 'held' },
    { when: 'is put right by the release', before: alarm, heard: [alarm, ok], verdict: 'held' },
    { when: 'could not be asked for a while', before: ok, heard: [ok, silence, ok], verdict: 'held' },
    {
      when: 'fails',
      before: ok,
      heard: [ok, alarm],
      verdict: 'failed',
      reason: 'Threshold Crossed.',
    },
    { when: 'fails at once', before: ok, heard: [alarm], verdict: 'failed', reason: 'Threshold Crossed.' },
    {
      when: 'comes from no data to ALARM',
      before: dark,
      heard: [dark, alarm],
      verdict: 'failed',
      reason: 'Threshold Crossed.',
    },
    {
      when: 'fails, and nobody knows what was before',
      before: null,
      heard: [alarm],
      verdict: 'failed',
      reason: 'Threshold Crossed.',
    },
    {
      when: 'failed before, passed and fails again',
      before: alarm,
      heard: [alarm, ok, alarm],
      verdict: 'failed',
      reason: 'Threshold Crossed.',
    },
    {
      when: 'fails, and passes again',
      before: ok,
      heard: [alarm, ok],
      verdict: 'failed',
      reason: 'Threshold Crossed.',
    },
    {
      when: 'failed before and fails still',
      before: alarm,
      heard: [alarm, alarm],
      verdict: 'not measured',
      reason: 'it was ALARM before the switch already: Threshold Crossed.',
    },
    {
      when: 'failed before, with a gap without data',
      before: alarm,
      heard: [dark, alarm],
      verdict: 'not measured',
      reason: 'it was ALARM before the switch already: Threshold Crossed.',
    },
    {
      when: 'never has data',
      before: dark,
      heard: [dark],
      verdict: 'not measured',
      reason: 'it was INSUFFICIENT_DATA: No data.',
    },
    {
      when: 'cannot be asked in the end',
      before: ok,
      heard: [ok, silence],
      verdict: 'not measured',
      reason: `it could not be asked: ${silence}`,
    },
    {
      when: 'is deleted',
      before: ok,
      heard: [gone],
      verdict: 'not measured',
      reason: 'it is no longer there',
    },
    { when: 'is never asked', before: ok, heard: [], verdict: 'not measured', reason: 'it gave no answer' },
  ])('that $when: $verdict', ({ before, heard, verdict, reason = null }) => {
    expect(proven('bake', before, heard)).toMatchObject({ verdict, reason })
  })

  test('tells what it said without repetitions', () => {
    expect(proven('bake', dark, [dark, dark, ok, silence, ok, dark])).toEqual({
      gate: 'errors',
      during: 'bake',
      before: 'INSUFFICIENT_DATA',
      said: ['INSUFFICIENT_DATA', 'OK', 'INSUFFICIENT_DATA'],
      verdict: 'held',
      reason: null,
    })
  })
})

test('a gate before the switch fails whatever it said before', () => {
  expect(proven('health', alarm, [alarm])).toMatchObject({ verdict: 'failed' })
  expect(proven('health', alarm, [ok])).toMatchObject({ verdict: 'held' })
})

const inspected = (during: During, inspection: Partial<Inspected['inspection']>): Inspected => ({
  gate: { name: 'errors', during },
  inspection: { look: ok, problems: [], window: null, ...inspection },
})

describe('before anything is touched', () => {
  test.each<[string, Inspected, number, readonly string[]]>([
    ['all is well', inspected('bake', { window: { count: 1, period: 60_000 } }), 60_000, []],
    ['nothing is known of its periods', inspected('bake', {}), 1_000, []],
    ['it has no data', inspected('bake', { look: dark }), 1_000, []],
    ['it is not asked in the bake', inspected('health', { window: { count: 5, period: 60_000 } }), 0, []],
    [
      'the bake is too short',
      inspected('bake', { window: { count: 3, period: 60_000 } }),
      90_000,
      [
        'errors judges 3 × 1m at a time, and `bake` is 1m30s: it cannot see the new color in that time. `bake: 240s` would do.',
      ],
    ],
    [
      'its period is long',
      inspected('bake', { window: { count: 1, period: 300_000 } }),
      30_000,
      [
        'errors judges 1 × 5m at a time, and `bake` is 30s: it cannot see the new color in that time. `bake: 600s` would do.',
      ],
    ],
    [
      'it fails already',
      inspected('bake', { look: alarm }),
      1_000,
      [
        'errors is ALARM before anything was changed. It proves nothing about the new color unless it passes first. Threshold Crossed.',
      ],
    ],
    [
      'it fails already, and must not for long',
      inspected('health', { look: alarm }),
      1_000,
      [
        'errors is ALARM before anything was changed. The phase `health` fails unless it passes by then. Threshold Crossed.',
      ],
    ],
  ])('%s', (_, one, bake, warnings) => {
    expect(warningsOf(one, { bake })).toEqual(warnings)
  })
})
