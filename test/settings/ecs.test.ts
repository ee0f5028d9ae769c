import { describe, expect, it } from 'vitest'
import type { EcsSettings } from '../../src/targets/ecs/settings.ts'
import { plainSettings } from '../targets/ecs/plain-settings.ts'
import { listenerArn, plainEcs as plain, ruleArn, settingsOf } from './reading.ts'

type Inputs = Readonly<Record<string, string>>

function ecsOf(...given: Parameters<typeof settingsOf>): EcsSettings {
  const settings = settingsOf(...given)
  if (settings.target !== 'ecs') throw new Error(`Read as target ${settings.target}.`)
  return settings.ecs
}

describe('ECS', () => {
  it('needs little, and has every default', () => {
    expect(ecsOf(plain)).toEqual(plainSettings)
  })

  it('takes all of its settings', () => {
    const file = `target: ecs
app: shop
aws-region: eu-central-1
cluster: arn:aws:ecs:eu-central-1:123456789012:cluster/prod
ecs-service: { blue: "{service}", green: "{service}-2" }
ecs-container: app
listener-arn: ["${listenerArn}"]
color-url: "https://{color}.shop.example.com"
test-headers: { X-Test: "1" }
ecs-attach: true
desired-count: 3
lock-parameter: /deploys/{app}/lock
services:
  web: { image: "web:1", url: "https://shop.example.com" }
  api: { image: "api:1", ecs-service: "api-{color}", ecs-container: main, rule-arn: "${ruleArn}" }
  worker: { image: "worker:1", start: after-switch }
`
    const given = [{ config: 'shop.yml' }, file] as const
    const service = { container: 'app', routes: [], url: null, start: 'before-switch' }
    const rule = { kind: 'rule', arn: ruleArn }
    expect(ecsOf(...given)).toEqual({
      app: 'shop',
      region: 'eu-central-1',
      cluster: 'arn:aws:ecs:eu-central-1:123456789012:cluster/prod',
      routes: [{ kind: 'listener', arn: listenerArn }, rule],
      testHeaders: { 'X-Test': '1' },
      attach: true,
      desiredCount: 3,
      lockParameter: '/deploys/shop/lock',
      services: [
        {
          ...service,
          name: 'web',
          ecsService: { blue: 'web', green: 'web-2' },
          url: 'https://shop.example.com',
        },
        {
          ...service,
          name: 'api',
          ecsService: { blue: 'api-blue', green: 'api-green' },
          container: 'main',
          routes: [rule],
        },
        {
          ...service,
          name: 'worker',
          ecsService: { blue: 'worker', green: 'worker-2' },
          start: 'after-switch',
        },
      ],
    })
  })

  const other = listenerArn.replace('f2f7', 'aaaa')

  it.each([
    ['a text', `${listenerArn}, ${other}`],
    ['lines', `${listenerArn}\n${other}`],
    ['a list', `[${listenerArn}, ${other}]`],
    ['a list on lines', `- ${listenerArn}\n- ${other}`],
  ])('takes several listeners as %s', (_, given) => {
    expect(ecsOf({ ...plain, 'listener-arn': given }).routes.map(({ arn }) => arn)).toEqual([
      listenerArn,
      other,
    ])
  })

  it('takes a rule instead of a listener, in any part of AWS', () => {
    const arn = ruleArn.replace('arn:aws:', 'arn:aws-us-gov:').replace('eu-central-1', 'us-gov-west-1')
    expect(ecsOf({ ...plain, 'listener-arn': '', 'rule-arn': arn }).routes).toEqual([{ kind: 'rule', arn }])
  })
})

describe('the configuration revision of an app on ECS', () => {
  const revisionOf = (changes: Inputs) => settingsOf({ ...plain, ...changes }).intent.configuration

  it('changes with what is sent to run a release', () => {
    const revisions = [
      {},
      { cluster: 'prod' },
      { 'ecs-service': 'web-{color}' },
      { 'ecs-container': 'app' },
      { services: 'web: {}' },
    ].map((changes) => revisionOf(changes))
    expect(new Set(revisions).size).toBe(revisions.length)
  })

  it('stays when only the way to reach, route or count it changes', () => {
    const changes = [
      { 'aws-region': 'eu-central-1' },
      { 'rule-arn': ruleArn },
      { 'desired-count': '4' },
      { 'lock-parameter': '/locks/{app}' },
      { version: '2', image: 'a:b' },
    ]
    expect(changes.map((one) => revisionOf(one))).toEqual(changes.map(() => revisionOf({})))
  })
})
