/** The alarms of examples/ecs, made in AWS as the example makes them. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { CloudWatch, type MetricAlarm, type PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lookOf, windowOf } from '../../src/gates/alarm.ts'
import { type AwsLab, labPrograms, startAwsLab } from '../bed/aws/aws-lab.ts'
import type { Shop } from '../bed/aws/shop.ts'
import { findProgram, lacks } from '../programs.ts'

const folder = join(import.meta.dirname, '../../examples/ecs')
const templates = readdirSync(join(folder, 'alarms')).sort()
const textOf = (template: string) => readFileSync(join(folder, 'alarms', template), 'utf8')

/** As metrics know them. */
const balancerOf = ({ balancerArn }: Shop) => balancerArn.replace(/.*:loadbalancer\//, '')
const groupOf = ({ targetGroups }: Shop, color: 'blue' | 'green') => targetGroups[color].replace(/.*:/, '')

const makeByScript = ({ name, environment }: Shop) =>
  promisify(execFile)('sh', [join(folder, 'alarms.sh'), name, name], {
    env: { ...process.env, ...environment, AWS_DEFAULT_REGION: environment.AWS_REGION },
  })

async function makeByHand(shop: Shop, cloudWatch: CloudWatch): Promise<void> {
  for (const color of ['blue', 'green'] as const) {
    for (const template of templates) {
      const filled = textOf(template)
        .replaceAll('{app}', shop.name)
        .replaceAll('{color}', color)
        .replaceAll('{load-balancer}', balancerOf(shop))
        .replaceAll('{target-group}', groupOf(shop, color))
      await cloudWatch.putMetricAlarm(JSON.parse(filled))
    }
  }
}

const metricsOf = ({ MetricName, Dimensions, Metrics = [] }: MetricAlarm) =>
  [{ MetricName, Dimensions }, ...Metrics.map(({ MetricStat }) => MetricStat?.Metric)].filter(
    (metric) => metric?.MetricName !== undefined,
  )

describe.skipIf(lacks(...labPrograms))('the alarms of the example', () => {
  let lab: AwsLab
  beforeAll(async () => {
    lab = await startAwsLab()
  })
  afterAll(async () => lab[Symbol.asyncDispose]())

  test('watch each color by its own target group', async () => {
    await using shop = await lab.makeShop({ counts: { blue: 0, green: 0 } })
    const cloudWatch = new CloudWatch({
      endpoint: lab.endpoint,
      region: lab.region,
      credentials: { accessKeyId: 'operator', secretAccessKey: 'secret' },
    })
    await (findProgram('aws') === null ? makeByHand(shop, cloudWatch) : makeByScript(shop))
    const { MetricAlarms = [] } = await cloudWatch.describeAlarms({ AlarmNamePrefix: shop.name })
    cloudWatch.destroy()
    const named = new Map(MetricAlarms.map((alarm) => [alarm.AlarmName, alarm]))
    expect([...named.keys()].sort()).toEqual([
      `${shop.name}-blue-error-rate`,
      `${shop.name}-blue-response-time`,
      `${shop.name}-green-error-rate`,
      `${shop.name}-green-response-time`,
    ])
    for (const [name, alarm] of named) {
      const color = name?.includes('-blue-') ? 'blue' : 'green'
      for (const metric of metricsOf(alarm)) {
        expect(metric?.Dimensions).toEqual([
          { Name: 'LoadBalancer', Value: balancerOf(shop) },
          { Name: 'TargetGroup', Value: groupOf(shop, color) },
        ])
      }
      expect(windowOf(alarm)).toEqual({ count: 1, period: 60_000 })
      expect(lookOf(alarm).kind).toBe('unknown')
    }
    expect(named.get(`${shop.name}-green-error-rate`)).toMatchObject({ Threshold: 0.05 })
    expect(named.get(`${shop.name}-green-response-time`)).toMatchObject({
      Threshold: 1,
      MetricName: 'TargetResponseTime',
    })
  })
})

test('alarms.tf makes the same ones', () => {
  const terraform = readFileSync(join(folder, 'alarms.tf'), 'utf8')
  for (const template of templates) {
    const { Metrics = [], ...alarm }: PutMetricAlarmCommandInput = JSON.parse(textOf(template))
    const [, resource = ''] =
      new RegExp(`"${basename(template, '.json').replace('-', '_')}" \\{\\n([^]*?)^\\}`, 'm').exec(
        terraform,
      ) ?? []
    const said = (name: string, value: unknown) =>
      expect(resource.replaceAll(/ +/g, ' ')).toContain(`${name} = ${JSON.stringify(value)}`)
    said('comparison_operator', alarm.ComparisonOperator)
    said('threshold', alarm.Threshold)
    said('evaluation_periods', alarm.EvaluationPeriods)
    said('treat_missing_data', alarm.TreatMissingData)
    if (alarm.MetricName) said('metric_name', alarm.MetricName)
    if (alarm.Statistic) said('statistic', alarm.Statistic)
    for (const { Expression, MetricStat } of Metrics) {
      if (Expression) said('expression', Expression)
      if (MetricStat) expect(terraform).toContain(JSON.stringify(MetricStat.Metric?.MetricName))
      if (MetricStat) said('stat', MetricStat.Stat)
    }
    said('period', alarm.Period ?? Metrics[1]?.MetricStat?.Period)
  }
})
