/** An alarm as CloudWatch describes it, and what that means to a deployment. */
import type { OutputOf } from '../aws/calls.ts'
import type { GateLook, GateWindow } from '../checks/gate.ts'

type Described = OutputOf<'cloudwatch:DescribeAlarms'>
export type Alarm = Partial<
  NonNullable<Described['MetricAlarms']>[number] & NonNullable<Described['CompositeAlarms']>[number]
>

/** By name. */
export const alarmsIn = ({
  MetricAlarms = [],
  CompositeAlarms = [],
}: Described): ReadonlyMap<string, Alarm> =>
  new Map([...MetricAlarms, ...CompositeAlarms].map((alarm) => [alarm.AlarmName ?? '', alarm]))

export function lookOf(alarm: Alarm | undefined): GateLook {
  if (alarm === undefined) return { kind: 'missing' }
  const { StateValue: said = 'INSUFFICIENT_DATA', EvaluationState: evaluation } = alarm
  const reason = alarm.StateReason?.trim() || 'CloudWatch gives no reason.'
  // The state is an old one then.
  if (evaluation === 'EVALUATION_ERROR' || evaluation === 'EVALUATION_FAILURE')
    return { kind: 'unknown', said: evaluation, reason }
  switch (said) {
    case 'OK':
      return { kind: 'passes', said }
    case 'ALARM':
      return { kind: 'fails', said, reason }
    default:
      return { kind: 'unknown', said, reason }
  }
}

/** null for a composite alarm, which has none of its own. */
export function windowOf({
  Period,
  Metrics = [],
  EvaluationPeriods,
  DatapointsToAlarm,
}: Alarm): GateWindow | null {
  const periods = [Period, ...Metrics.flatMap((metric) => [metric.Period, metric.MetricStat?.Period])]
  const period = Math.max(0, ...periods.map((seconds) => seconds ?? 0)) * 1_000
  const count = DatapointsToAlarm ?? EvaluationPeriods ?? 1
  return period > 0 ? { count, period } : null
}
