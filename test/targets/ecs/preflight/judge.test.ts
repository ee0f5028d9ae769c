import type { ContainerDefinition, Service } from '@aws-sdk/client-ecs'
import type { Action, TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import { describe, expect, it } from 'vitest'
import { judge } from '../../../../src/targets/ecs/preflight/judge.ts'
import type { Look } from '../../../../src/targets/ecs/preflight/look.ts'
import type { OtherRoute } from '../../../../src/targets/ecs/preflight/other-routes.ts'
import { see } from '../../../../src/targets/ecs/router/traffic.ts'
import type { Described } from '../../../../src/targets/ecs/runtime/task-definition.ts'
import type { EcsSettings } from '../../../../src/targets/ecs/settings.ts'
import { listenerArn, ruleArn } from '../../../settings/reading.ts'
import { plainService, plainSettings } from '../plain-settings.ts'
import { alone, web, weighted } from '../router/actions.ts'

const route = { kind: 'listener', arn: listenerArn } as const

const service = (color: 'blue' | 'green', changes: Partial<Service> = {}): Service => ({
  serviceName: `shop-${color}`,
  clusterArn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/prod',
  status: 'ACTIVE',
  taskDefinition: `shop-${color}:1`,
  loadBalancers: [{ targetGroupArn: web[color], containerName: 'app', containerPort: 80 }],
  ...changes,
})

const group = (color: 'blue' | 'green', changes: Partial<TargetGroup> = {}): TargetGroup => ({
  TargetGroupArn: web[color],
  TargetGroupName: `web-${color}`,
  LoadBalancerArns: ['balancer'],
  HealthCheckPath: '/health',
  ...changes,
})

const app = { name: 'app', image: 'shop:1', environment: [{ name: 'LIMIT', value: '1' }] }

interface Scene {
  readonly settings?: Partial<EcsSettings>
  readonly actions?: readonly Action[]
  readonly blue?: Partial<Service> | null
  readonly green?: Partial<Service> | null
  readonly idleGroup?: Partial<TargetGroup>
  readonly containers?: readonly ContainerDefinition[]
  readonly idleContainers?: readonly ContainerDefinition[]
  readonly defaultRules?: readonly string[]
  readonly otherRoutes?: readonly OtherRoute[]
}

function look(scene: Scene): Look {
  const { actions = [weighted({ [web.blue]: 100, [web.green]: 0 })], containers = [app] } = scene
  const { idleContainers = containers, defaultRules = [] } = scene
  const services = [
    ...(scene.blue === null ? [] : [service('blue', scene.blue)]),
    ...(scene.green === null ? [] : [service('green', scene.green)]),
  ]
  const definition = (
    color: string,
    containerDefinitions: readonly ContainerDefinition[],
  ): readonly [string, Described] => [
    `shop-${color}:1`,
    { taskDefinition: { family: 'shop', containerDefinitions: [...containerDefinitions] } },
  ]
  return {
    settings: { ...plainSettings, ...scene.settings },
    services: new Map(services.map((each) => [each.serviceName ?? '', each])),
    seen: [see(route, actions, [web])],
    defaultRules,
    otherRoutes: scene.otherRoutes ?? [],
    groups: [group('blue'), group('green', scene.idleGroup)],
    definitions: new Map([definition('blue', containers), definition('green', idleContainers)]),
  }
}

describe('what would stop a deployment', () => {
  it('is nothing where all is well', () => {
    expect(judge(look({}))).toEqual({ problems: [], remarks: [] })
  })

  it.each<readonly [string, Scene, string, RegExp]>([
    [
      'a service that is not there',
      { green: null },
      'ecs-service',
      /no ECS service shop-green in the cluster default[\s\S]*aws ecs list-services/,
    ],
    [
      'a service that CodeDeploy deploys',
      { green: { deploymentController: { type: 'CODE_DEPLOY' } } },
      'ecs-service',
      /shop-green are controlled by CODE_DEPLOY/,
    ],
    [
      'a service in which ECS moves traffic',
      { blue: { deploymentConfiguration: { strategy: 'BLUE_GREEN' } } },
      'ecs-service',
      /strategy BLUE_GREEN[\s\S]*update-service --cluster prod --service shop-blue --deployment-configuration strategy=ROLLING/,
    ],
    [
      'a service without a size',
      { green: { schedulingStrategy: 'DAEMON' } },
      'ecs-service',
      /shop-green is a daemon/,
    ],
    ['a service that is being deleted', { green: { status: 'DRAINING' } }, 'ecs-service', /being deleted/],
    [
      'one target group for both',
      { green: { loadBalancers: service('blue').loadBalancers } },
      'ecs-service',
      /have the same target group/,
    ],
    [
      'target groups of different ports',
      {
        green: { loadBalancers: [{ targetGroupArn: web.green, containerName: 'app', containerPort: 81 }] },
      },
      'ecs-service',
      /do not stand for each other: app:80 and app:81/,
    ],
    [
      'no target group at all',
      { blue: { loadBalancers: [] }, green: { loadBalancers: [] } },
      'ecs-service',
      /have no target group, so that no listener can lead to them/,
    ],
    [
      'an idle target group that nothing names',
      { actions: [alone(web.blue)], idleGroup: { LoadBalancerArns: [] } },
      'ecs-attach',
      /`?web-green`?, is named by no listener[\s\S]*`ecs-attach: true`[\s\S]*aws elbv2 modify-listener .*"Weight":0/,
    ],
    [
      'two containers that might get the image',
      { containers: [app, { name: 'proxy', image: 'envoy:1' }] },
      'ecs-container',
      /2 essential containers[\s\S]*`ecs-container: app` or `ecs-container: proxy`/,
    ],
    [
      'a rule that AWS lets nobody change',
      { defaultRules: [ruleArn] },
      'rule-arn',
      /is the default rule[\s\S]*`listener-arn`/,
    ],
    [
      'a listener that leads elsewhere',
      { actions: [alone('arn:else')] },
      'listener-arn',
      /forwards to arn:else[\s\S]*# to put traffic on blue:[\s\S]*# to put traffic on green:/,
    ],
  ])('is %s', (_, scene, setting, said) => {
    const { problems } = judge(look(scene))
    const found = problems.filter((problem) => problem.setting === setting)
    expect(found.map(({ what, fix }) => `${what}\n${fix}`).join('\n')).toMatch(said)
  })

  it.each<readonly [string, Scene]>([
    [
      'an idle target group that will be named',
      { settings: { attach: true }, idleGroup: { LoadBalancerArns: [] } },
    ],
    [
      'a worker without a target group',
      {
        settings: { services: [{ ...plainService, url: null }] },
        blue: { loadBalancers: [] },
        green: { loadBalancers: [] },
        actions: [weighted({ [web.blue]: 100, [web.green]: 0 })],
      },
    ],
    ['what an operation cut short has left', { actions: [weighted({ [web.blue]: 50, [web.green]: 50 })] }],
  ])('is not %s', (_, scene) => {
    expect(judge(look(scene)).problems.map(({ what }) => what)).toEqual([])
  })
})

describe('what nobody named, and leads to a color,', () => {
  const rule = (name: string, to: string, listener = 'https'): OtherRoute => ({
    kind: 'rule',
    arn: `${listener}/${name}`,
    actions: [alone(to)],
    listener,
  })
  const listener = (arn: string, to: string): OtherRoute => ({
    kind: 'listener',
    arn,
    actions: [alone(to)],
    listener: arn,
  })

  it.each<readonly [string, readonly OtherRoute[], readonly string[]]>([
    ['a rule that users come through', [rule('api', web.blue)], ['https/api']],
    ['another listener', [listener('http', web.blue)], ['http']],
    [
      'one that is none of a pair, and those of the pair with it',
      [rule('api', web.blue), rule('to-blue', web.blue), rule('to-green', web.green)],
      ['https/api', 'https/to-blue'],
    ],
    ['one beside a listener for tests', [rule('api', web.blue), listener('8443', web.green)], ['https/api']],
    [
      'none of a listener that has a rule to the other color',
      [listener('8443', web.blue), rule('x', web.green, '8443')],
      [],
    ],
    ['none of two listeners', [listener('8441', web.blue), listener('8442', web.green)], []],
    ['none where each color has one', [rule('to-blue', web.blue), rule('to-green', web.green)], []],
    ['none that leads to the idle color', [listener('8443', web.green)], []],
    ['none that leads elsewhere', [rule('docs', 'arn:else')], []],
  ])('is warned of: %s', (_, otherRoutes, warned) => {
    const { problems } = judge(look({ otherRoutes }))
    expect(problems.every(({ isWarning }) => isWarning)).toBe(true)
    expect(problems.map(({ what }) => / (\S+) forwards to blue too/.exec(what)?.[1])).toEqual(warned)
  })
})

describe('what is said, and stops nothing,', () => {
  const sticky: Action = {
    ...weighted({ [web.blue]: 100, [web.green]: 0 }),
    ForwardConfig: {
      TargetGroups: [
        { TargetGroupArn: web.blue, Weight: 100 },
        { TargetGroupArn: web.green, Weight: 0 },
      ],
      TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 3_600 },
    },
  }

  it('are users who stay on a color by a cookie', () => {
    expect(judge(look({ actions: [sticky] })).problems).toMatchObject([
      { isWarning: true, what: expect.stringContaining('has stickiness of target groups') },
    ])
  })

  it.each<readonly [string, Scene, RegExp]>([
    [
      'ECS services that differ',
      { green: { healthCheckGracePeriodSeconds: 60, platformVersion: '1.3.0' } },
      /shop-blue and shop-green differ.*: platformVersion, healthCheckGracePeriodSeconds\./,
    ],
    [
      'target groups that differ',
      { idleGroup: { HealthCheckPath: '/' } },
      /target groups of shop-blue and shop-green differ.*: HealthCheckPath\./,
    ],
    [
      'what the idle color loses, by names alone',
      {
        idleContainers: [
          {
            ...app,
            environment: [
              { name: 'LIMIT', value: 'secret' },
              { name: 'EXTRA', value: 'secret' },
            ],
          },
        ],
      },
      /variable LIMIT of container app, variable EXTRA of container app of shop-green will be as on shop-blue\.$/,
    ],
    [
      'whatever else it loses, and not the image of the release',
      {
        containers: [app, { name: 'logs', image: 'fluent-bit:3' }],
        settings: { services: [{ ...plainService, container: 'app' }] },
        idleContainers: [
          { ...app, image: 'shop:0', stopTimeout: 60, mountPoints: [] },
          { name: 'logs', image: 'fluent-bit:2' },
        ],
      },
      /live color: stopTimeout of container app, image of container logs of shop-green will be/,
    ],
  ])('is %s', (_, scene, said) => {
    const { problems, remarks } = judge(look(scene))
    expect(problems).toEqual([])
    expect(remarks.join('\n')).toMatch(said)
    expect(remarks.join('\n')).not.toContain('secret')
  })
})
