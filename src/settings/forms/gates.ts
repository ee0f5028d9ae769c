import { z } from 'zod'
import type { GateIntent } from '../../targets/intent.ts'
import { choiceForm } from './choice.ts'
import { type Form, strictMap, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'
import { planned } from './planned.ts'

const longestName = 255

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
export function parseAlarmName(text: string): Parsed<string> {
  const [, name] = /^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:(.+)$/s.exec(text) ?? []
  if (name !== undefined) return refuse('is an ARN, and an alarm is known by its name here', name)
  if (text === '') return refuse('is empty')
  if (/\p{Cc}/u.test(text)) return refuse('holds line breaks or control characters')
  return text.length > longestName ? refuse(`is longer than ${longestName} characters`) : accept(text)
}

const alarmName = textForm(
  `the name of an alarm in CloudWatch, of up to ${longestName} characters`,
  parseAlarmName,
  {
    type: ['string', 'number'],
  },
)

const accepted = '`{ cloudwatch-alarm: NAME }`, with `during: bake` or `during: health`'
const builtKeys = {
  'cloudwatch-alarm': alarmName.schema.optional(),
  during: choiceForm(['bake', 'health']).schema.optional(),
}

const gate = strictMap(
  accepted,
  { prometheus: planned, log: planned, command: planned, ...builtKeys },
  Object.keys(builtKeys),
).transform((given, context): GateIntent => {
  const { 'cloudwatch-alarm': alarm, during = 'bake' } = given
  if (alarm !== undefined) return { kind: 'cloudwatch-alarm', alarm, during }
  const params = { accepted, nearest: null }
  // A key that is not known says more.
  if (context.issues.length === 0)
    context.issues.push({ code: 'custom', input: given, message: 'names no condition', params })
  return z.NEVER
})

/** More cannot be asked for in one call: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
const mostGates = 100

const listAccepted = `a list of ${accepted}`

export const gates: Form<readonly GateIntent[]> = {
  accepted: listAccepted,
  schema: z
    .array(gate, { error: listAccepted })
    .min(1, { error: 'is empty' })
    .max(mostGates, { error: `names more than ${mostGates} conditions` }),
  input: 'yaml',
}
