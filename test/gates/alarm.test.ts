import { describe, expect, test } from 'vitest'
import type { GateLook, GateWindow } from '../../src/checks/gate.ts'
import { type Alarm, lookOf, windowOf } from '../../src/gates/alarm.ts'

describe('an alarm', () => {
  test.each<[string, Alarm | undefined, GateLook]>([
    ['OK', { StateValue: 'OK', StateReason: 'Fine.' }, { kind: 'passes', said: 'OK' }],
    [
      'ALARM',
      { StateValue: 'ALARM', StateReason: ' Too many. ' },
      { kind: 'fails', said: 'ALARM', reason: 'Too many.' },
    ],
    [
      'ALARM, without a reason',
      { StateValue: 'ALARM' },
      { kind: 'fails', said: 'ALARM', reason: 'CloudWatch gives no reason.' },
    ],
    [
      'INSUFFICIENT_DATA',
      { StateValue: 'INSUFFICIENT_DATA', StateReason: 'No data.' },
      { kind: 'unknown', said: 'INSUFFICIENT_DATA', reason: 'No data.' },
    ],
    [
      'OK since before CloudWatch could no longer evaluate it',
      { StateValue: 'OK', EvaluationState: 'EVALUATION_FAILURE', StateReason: 'Internal.' },
      { kind: 'unknown', said: 'EVALUATION_FAILURE', reason: 'Internal.' },
    ],
    [
      'OK by a part of the data',
      { StateValue: 'OK', EvaluationState: 'PARTIAL_DATA' },
      { kind: 'passes', said: 'OK' },
    ],
    ['not there', undefined, { kind: 'missing' }],
  ])('that is %s', (_, alarm, look) => {
    expect(lookOf(alarm)).toEqual(look)
  })

  test.each<[string, Alarm, GateWindow | null]>([
    ['of one metric', { Period: 60, EvaluationPeriods: 3 }, { count: 3, period: 60_000 }],
    [
      'that needs some of its periods',
      { Period: 10, EvaluationPeriods: 5, DatapointsToAlarm: 2 },
      { count: 2, period: 10_000 },
    ],
    [
      'of several metrics',
      {
        EvaluationPeriods: 2,
        Metrics: [
          { Id: 'rate', Expression: 'errors / requests' },
          { Id: 'errors', MetricStat: { Metric: {}, Period: 120, Stat: 'Sum' } },
        ],
      },
      { count: 2, period: 120_000 },
    ],
    ['of other alarms', { AlarmRule: 'ALARM(a)' }, null],
  ])('%s judges so much at a time', (_, alarm, window) => {
    expect(windowOf(alarm)).toEqual(window)
  })
})
