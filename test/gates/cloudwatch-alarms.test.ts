import { CloudWatch, type PutMetricAlarmCommandInput, type StateValue } from '@aws-sdk/client-cloudwatch'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { openAws } from '../../src/aws/open-aws.ts'
import type { Gate } from '../../src/checks/gate.ts'
import { systemClock } from '../../src/clock.ts'
import { cloudWatchAlarms } from '../../src/gates/cloudwatch-alarms.ts'
import { TargetUnreachable } from '../../src/targets/target.ts'
import { type AwsLab, labPrograms, startAwsLab } from '../bed/aws/aws-lab.ts'
import type { Shop } from '../bed/aws/shop.ts'
import { lacks } from '../programs.ts'

const plain = {
  Namespace: 'Shop',
  MetricName: 'Errors',
  Statistic: 'Average',
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 0.05,
  Period: 60,
  EvaluationPeriods: 1,
} satisfies Partial<PutMetricAlarmCommandInput>

interface Place extends AsyncDisposable {
  readonly shop: Shop
  /** Of these names, all in the bake. */
  gates(...names: readonly string[]): readonly Gate[]
  put(name: string, changes?: Partial<PutMetricAlarmCommandInput>): Promise<void>
  combine(name: string, rule: string): Promise<void>
  set(name: string, state: StateValue, reason: string): Promise<void>
  delete(name: string): Promise<void>
  /** How often alarms were asked for. */
  asked(): Promise<number>
}

async function placeIn(lab: AwsLab): Promise<Place> {
  const shop = await lab.makeShop({ counts: { blue: 0, green: 0 } })
  for (const [name, value] of Object.entries(shop.environment)) vi.stubEnv(name, value)
  const { signal } = new AbortController()
  const aws = openAws({ region: null, environment: process.env, clock: systemClock, signal })
  const operator = new CloudWatch({
    endpoint: lab.endpoint,
    region: lab.region,
    credentials: { accessKeyId: 'operator', secretAccessKey: 'secret' },
  })
  const own = (name: string) => `${shop.name} ${name}`
  return {
    shop,
    gates: (...names) =>
      cloudWatchAlarms(
        names.map((name) => ({ kind: 'cloudwatch-alarm', alarm: own(name), during: 'bake' })),
        { aws, region: lab.region },
      ),
    put: async (name, changes = {}) =>
      void (await operator.putMetricAlarm({ AlarmName: own(name), ...plain, ...changes })),
    combine: async (name, AlarmRule) =>
      void (await operator.putCompositeAlarm({ AlarmName: own(name), AlarmRule })),
    set: async (name, StateValue, StateReason) =>
      void (await operator.setAlarmState({ AlarmName: own(name), StateValue, StateReason })),
    delete: async (name) => void (await operator.deleteAlarms({ AlarmNames: [own(name)] })),
    asked: async () => (await shop.calls()).filter(({ operation }) => operation === 'DescribeAlarms').length,
    [Symbol.asyncDispose]: async () => {
      aws.close()
      operator.destroy()
      await shop[Symbol.asyncDispose]()
    },
  }
}

const looksOf = (gates: readonly Gate[]) => Promise.all(gates.map((gate) => gate.look()))
const inspectionsOf = (gates: readonly Gate[]) => Promise.all(gates.map((gate) => gate.inspect()))

describe.skipIf(lacks(...labPrograms))('alarms of CloudWatch', () => {
  let lab: AwsLab
  beforeAll(async () => {
    lab = await startAwsLab()
  })
  afterEach(() => vi.unstubAllEnvs())
  afterAll(async () => lab[Symbol.asyncDispose]())

  test('say what they are, all in one call', async () => {
    await using place = await placeIn(lab)
    const { shop, put, set } = place
    for (const name of ['new', 'good', 'bad']) await put(name)
    await set('good', 'OK', 'All is well.')
    await set('bad', 'ALARM', 'Threshold Crossed: 0.3 was greater than 0.05.')
    const gates = place.gates('new', 'good', 'bad', 'none')
    expect(gates.map(({ name }) => name)).toContain(`cloudwatch-alarm ${shop.name} good`)
    expect(await looksOf(gates)).toEqual([
      { kind: 'unknown', said: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' },
      { kind: 'passes', said: 'OK' },
      { kind: 'fails', said: 'ALARM', reason: 'Threshold Crossed: 0.3 was greater than 0.05.' },
      { kind: 'missing' },
    ])
    expect(await place.asked()).toBe(1)
    await set('good', 'ALARM', 'Too many.')
    await place.delete('bad')
    expect((await looksOf(gates)).map(({ kind }) => kind)).toEqual(['unknown', 'fails', 'missing', 'missing'])
    expect(await place.asked()).toBe(2)
  })

  test('are composite ones too', async () => {
    await using place = await placeIn(lab)
    await place.put('part')
    await place.combine('whole', `ALARM("${place.shop.name} part")`)
    await place.set('whole', 'ALARM', 'A part is.')
    const [whole] = place.gates('whole')
    expect(await whole?.look()).toEqual({ kind: 'fails', said: 'ALARM', reason: 'A part is.' })
    expect(await whole?.inspect()).toMatchObject({ problems: [], window: null })
  })

  test('tell how much they judge at a time', async () => {
    await using place = await placeIn(lab)
    await place.put('plain', { Period: 60, EvaluationPeriods: 3 })
    await place.put('two of five', { Period: 30, EvaluationPeriods: 5, DatapointsToAlarm: 2 })
    const windows = (await inspectionsOf(place.gates('plain', 'two of five'))).map(({ window }) => window)
    expect(windows).toEqual([
      { count: 3, period: 60_000 },
      { count: 2, period: 30_000 },
    ])
    expect(await place.asked()).toBe(1)
  })

  test('that are not there are problems with their fix, and those without actions are not', async () => {
    await using place = await placeIn(lab)
    await place.put('off', { ActionsEnabled: false })
    const { name } = place.shop
    const problems = (await inspectionsOf(place.gates('none', 'off'))).flatMap((one) => one.problems)
    expect(problems).toEqual([
      {
        setting: 'gates',
        what: `There is no alarm \`${name} none\` in ${lab.region}.`,
        fix: `Create the alarm \`${name} none\` in ${lab.region}, or correct its name or the region.`,
      },
    ])
  })

  test.each([
    ['denied', /AWS refused cloudwatch:DescribeAlarms/, /Allow `cloudwatch:DescribeAlarms` on `\*`/],
    ['expired', /credentials of this job have expired/, /aws-actions\/configure-aws-credentials/],
  ] as const)('that cannot be read (%s) are a problem', async (kind, what, fix) => {
    await using place = await placeIn(lab)
    await place.put('good')
    await place.shop.orderFault({ kind, times: Number.POSITIVE_INFINITY })
    const [gate] = place.gates('good')
    expect((await gate?.inspect())?.problems).toEqual([
      { setting: 'gates', what: expect.stringMatching(what), fix: expect.stringMatching(fix) },
    ])
    await expect(gate?.look()).rejects.toThrow(what)
  })

  test('are asked again where AWS is busy', async () => {
    await using place = await placeIn(lab)
    await place.put('good')
    await place.set('good', 'OK', 'All is well.')
    await place.shop.orderFault({ kind: 'throttling', times: 2 })
    expect(await looksOf(place.gates('good'))).toEqual([{ kind: 'passes', said: 'OK' }])
    expect(await place.asked()).toBe(3)
  })

  test('are not known where AWS does not answer', async () => {
    await using place = await placeIn(lab)
    await place.put('good')
    await place.shop.orderFault({ kind: 'reset', times: Number.POSITIVE_INFINITY })
    const [gate] = place.gates('good')
    await expect(gate?.look()).rejects.toThrow(TargetUnreachable)
    expect((await gate?.inspect())?.problems).toMatchObject([
      { what: expect.stringContaining('did not answer') },
    ])
  })

  test('are found by a person with the command that is told', async () => {
    await using place = await placeIn(lab)
    const [gate] = place.gates("it's red")
    expect(gate?.question).toBe(
      `aws cloudwatch describe-alarms --region '${lab.region}' --alarm-types MetricAlarm CompositeAlarm --alarm-names '${place.shop.name} it'\\''s red'`,
    )
  })
})

test('a region that is not known is a problem that any target can solve', async () => {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
  const { signal } = new AbortController()
  const aws = openAws({ region: null, environment: process.env, clock: systemClock, signal })
  const [gate] = cloudWatchAlarms([{ kind: 'cloudwatch-alarm', alarm: 'a', during: 'bake' }], {
    aws,
    region: null,
  })
  expect((await gate?.inspect())?.problems).toEqual([
    {
      setting: 'gates',
      what: 'No AWS region is known.',
      fix: 'Set `AWS_REGION` in the environment of the step.',
    },
  ])
  aws.close()
  vi.unstubAllEnvs()
})
