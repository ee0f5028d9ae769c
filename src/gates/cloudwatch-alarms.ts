/** Alarms of CloudWatch as gates: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
import { type Aws, Refusal } from '../aws/aws.ts'
import type { Gate, GateInspection } from '../checks/gate.ts'
import { quote } from '../host/script.ts'
import type { CloudWatchAlarm } from '../targets/intent.ts'
import { AccessRefused, type Problem, TargetUnreachable } from '../targets/target.ts'
import { type Alarm, alarmsIn, lookOf, windowOf } from './alarm.ts'

export interface AlarmOptions {
  readonly aws: Aws
  /** For a person's shell, which may have another one; null: not known. */
  readonly region: string | null
}

export function cloudWatchAlarms(
  intents: readonly CloudWatchAlarm[],
  { aws, region }: AlarmOptions,
): readonly Gate[] {
  const names = [...new Set(intents.map(({ alarm }) => alarm))]
  const describe = sharing(async () =>
    alarmsIn(
      await aws.ask('cloudwatch:DescribeAlarms', {
        AlarmNames: names,
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        MaxRecords: names.length,
      }),
    ),
  )
  const where = region === null ? '' : ` --region ${quote(region)}`
  return intents.map(({ alarm: name, during }) => ({
    name: `cloudwatch-alarm ${name}`,
    during,
    question: `aws cloudwatch describe-alarms${where} --alarm-types MetricAlarm CompositeAlarm --alarm-names ${quote(name)}`,
    look: async () => lookOf((await describe()).get(name)),
    inspect: async () => {
      try {
        const alarm = (await describe()).get(name)
        return alarm ? inspectionOf(alarm) : unusable(missing(name, await aws.region()))
      } catch (error) {
        return unusable(unreadable(error))
      }
    },
  }))
}

/** Whoever asks at once gets one answer; a later question is never answered by an earlier state. */
function sharing<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null
  return () => {
    if (asked === null) {
      asked = ask()
      queueMicrotask(() => {
        asked = null
      })
    }
    return asked
  }
}

const inspectionOf = (alarm: Alarm): GateInspection => ({
  look: lookOf(alarm),
  problems: [],
  window: windowOf(alarm),
})

const unusable = (problem: Problem): GateInspection => ({ look: null, problems: [problem], window: null })

const missing = (name: string, region: string): Problem => ({
  setting: 'gates',
  what: `There is no alarm \`${name}\` in ${region}.`,
  fix: `Create the alarm \`${name}\` in ${region}, or correct its name or the region.`,
})

/** Throws what is no answer about alarms, as the end of the run. */
function unreadable(error: unknown): Problem {
  if (error instanceof AccessRefused) {
    const { setting, what, fix } = error
    // Other targets than ECS take the region of the environment.
    return {
      setting: 'gates',
      what,
      fix: setting === 'aws-region' ? 'Set `AWS_REGION` in the environment of the step.' : fix,
    }
  }
  if (error instanceof Refusal)
    return {
      setting: 'gates',
      what: error.message,
      fix: 'Allow `cloudwatch:DescribeAlarms` on `*`: composite alarms are not shown to a narrower permission.',
    }
  if (!(error instanceof TargetUnreachable)) throw error
  return { setting: 'gates', what: error.message, fix: 'Run again once AWS answers, or leave `gates` out.' }
}
