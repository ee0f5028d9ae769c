/** Alarms that are asked by a deployment of a target that knows nothing of AWS. */
import { CloudWatch, type StateValue } from '@aws-sdk/client-cloudwatch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AwsLab, labPrograms, startAwsLab } from '../bed/aws/aws-lab.ts'
import { lacks } from '../programs.ts'
import { openStreet, type Street, warningsOf } from './shop.ts'

describe.skipIf(lacks(...labPrograms))('a deployment with an alarm', { timeout: 120_000 }, () => {
  let lab: AwsLab
  let street: Street
  let cloudWatch: CloudWatch
  beforeAll(async () => {
    lab = await startAwsLab()
    street = await openStreet(3)
    cloudWatch = new CloudWatch({
      endpoint: lab.endpoint,
      region: lab.region,
      credentials: { accessKeyId: 'operator', secretAccessKey: 'secret' },
    })
    await cloudWatch.putMetricAlarm({
      AlarmName: 'errors',
      Namespace: 'Shop',
      MetricName: 'Errors',
      Statistic: 'Sum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      Period: 60,
      EvaluationPeriods: 1,
    })
  })
  afterAll(async () => {
    cloudWatch.destroy()
    await street[Symbol.asyncDispose]()
    await lab[Symbol.asyncDispose]()
  })

  const set = async (StateValue: StateValue) =>
    void (await cloudWatch.setAlarmState({ AlarmName: 'errors', StateValue, StateReason: 'Said by a test.' }))
  const use = () => ({
    env: {
      AWS_ENDPOINT_URL: lab.endpoint,
      AWS_REGION: lab.region,
      AWS_ACCESS_KEY_ID: 'deployer',
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
  })

  test('that holds goes to users, and says that it held', async () => {
    const shop = await street.open('v1')
    await set('OK')
    const inputs = { version: 'v2', gates: '[{ cloudwatch-alarm: errors }]', bake: '1s' }
    const { main } = await shop.deploy(inputs, 'success', use())
    expect(main).toMatchObject({ code: 0, outputs: { result: 'deployed' } })
    expect(main.summary).toContain('| <code>cloudwatch-alarm errors</code> | bake | OK | OK | held |')
    expect(JSON.parse(main.outputs.report ?? '')).toMatchObject({ gates: [{ verdict: 'held' }] })
    expect(warningsOf(main)).toEqual([
      'cloudwatch-alarm errors judges 1 × 1m at a time, and `bake` is 1s: it cannot see the new color in that time. `bake: 120s` would do.',
    ])
  })

  test('that goes off is taken back', async () => {
    const shop = await street.open('v1')
    await set('OK')
    const inputs = { version: 'v2', gates: '[{ cloudwatch-alarm: errors }]', bake: '1m' }
    const step = shop.step(inputs, use())
    await step.until('cloudwatch-alarm errors: OK')
    await set('ALARM')
    expect(await step.main()).toMatchObject({
      code: 1,
      outputs: { result: 'rolled-back', 'failed-phase': 'verify', 'active-color': 'blue' },
      log: expect.stringMatching(
        /What failed, in verify:\n.*errors is ALARM: Said by a test\.\n[\s\S]*What to do next:\n +aws cloudwatch describe-alarms .* --alarm-names 'errors'\n/,
      ),
    })
    expect(await shop.answers()).toBe('blue v1')
  })

  test('that does not exist begins nothing', async () => {
    const shop = await street.open('v1')
    const main = await shop
      .step({ version: 'v2', gates: '[{ cloudwatch-alarm: eros }]', bake: '1s' }, use())
      .main()
    expect(main).toMatchObject({ code: 1, outputs: { result: 'failed', switched: 'false' } })
    expect(main.summary).toContain('There is no alarm')
    expect(shop.app.presence('green')).not.toBe('running')
  })
})
