import { describe, expect, it } from 'vitest'
import { listenerArn, plainEcs as plain, problemsOf, ruleArn } from './reading.ts'

type Inputs = Readonly<Record<string, string>>

const several = { ...plain, image: '', url: '', 'ecs-service': '{service}-{color}' }

describe('an app on ECS', () => {
  it.each<[string, Inputs, readonly string[]]>([
    [
      'something to move',
      { 'listener-arn': '' },
      ['`listener-arn` or `rule-arn` is required: it is where traffic is moved.'],
    ],
    [
      'each listener once',
      { 'listener-arn': `${listenerArn} ${listenerArn} ${listenerArn}` },
      [`\`listener-arn\` names \`${listenerArn}\` more than once.`],
    ],
    [
      'ARNs of listeners and of rules, each in its place',
      { 'listener-arn': ruleArn, 'rule-arn': listenerArn },
      [
        'is the ARN of a listener rule: name it as `rule-arn`',
        'is the ARN of a listener: name it as `listener-arn`',
      ],
    ],
    [
      'nothing else',
      {
        'listener-arn': 'shop',
        'rule-arn': 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc',
      },
      ['`listener-arn`: `shop` is not the ARN of a listener.', 'is not the ARN of a listener rule.'],
    ],
    [
      'a load balancer that knows requests',
      { 'listener-arn': listenerArn.replace('/app/', '/net/') },
      ['is not of an Application Load Balancer, and no other can be switched'],
    ],
    [
      'one region',
      { 'aws-region': 'us-east-1', cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/prod' },
      [
        '`aws-region` and the ARNs name more than one region: `us-east-1`, `eu-west-1` and `eu-central-1`. Accepted: one region for the cluster and its load balancer.',
      ],
    ],
    [
      'a region, and no zone of one',
      { 'aws-region': 'eu-central-1b' },
      ['`aws-region`: `eu-central-1b` is an availability zone: did you mean `eu-central-1`?'],
    ],
    [
      'names of ECS',
      {
        cluster: 'prod.eu',
        'ecs-service': 'web.{color}',
        'ecs-container': 'the app',
        'desired-count': '0',
        'lock-parameter': 'locks',
        'test-headers': '{ "X Test": a }',
        'color-url': 'http://{color}.example.com',
      },
      [
        '`color-url`',
        '`cluster`: `prod.eu` is not a name in ECS: up to 255 letters, digits, `-` and `_`: did you mean `prod-eu`?',
        '`ecs-service`: `web.{color}` is not a name in ECS',
        '`ecs-container`: `the app` is not a name in ECS',
        '`test-headers.X Test` is not the name of a header.',
        '`desired-count`: `0` is not a whole number from 1 to 9999.',
        '`lock-parameter`: `locks` is not a path: did you mean `/locks`?',
      ].slice(1),
    ],
    [
      'an app whose name can be that of its services, or another for those',
      { app: 'shop.eu' },
      ['`ecs-service`: `shop.eu-blue` is not a name in ECS'],
    ],
    [
      'a lock that AWS lets us have',
      { 'lock-parameter': '/aws/{app}' },
      ['`lock-parameter`: `/aws/{app}` begins with `/aws` or `/ssm`, which AWS keeps for itself.'],
    ],
    [
      'a lock that AWS lets us have, whatever the app is called',
      { app: 'ssm-agent', 'lock-parameter': '/{app}' },
      ['`lock-parameter` is `/ssm-agent`: what begins with `/aws` or `/ssm` AWS keeps for itself.'],
    ],
    [
      'an image, without which the idle color would run an old one',
      { image: '' },
      ['`image` is required: it is what the idle ECS service is to run.'],
    ],
    [
      'headers for requests that are sent',
      { 'test-headers': '{ X-Test: "1" }' },
      ['`test-headers` are sent with `color-url` alone, and there is none.'],
    ],
    [
      'a way to each color',
      { 'color-url': 'https://test.example.com', 'test-headers': '{ X-Test: "1" }' },
      [
        '`color-url`: `https://test.example.com` names the same thing for both colors. Accepted: a URL with `{color}`, or a map `{ blue: …, green: … }`, or `{color}` in a value of `test-headers`.',
      ],
    ],
    [
      'a lease that outlives a slow answer',
      { 'lease-ttl': '30s' },
      ['`lease-ttl` is too short for AWS: `30s`. Accepted: at least `1m`.'],
    ],
    [
      'no commands at the target, and says what to use instead',
      { migrate: '{ run: ./migrate, where: target }' },
      ['`migrate` has `where: target`, and ECS has no host for commands. Accepted: a task'],
    ],
    [
      'an ECS service for each color',
      { 'ecs-service': '{ blue: shop, green: shop }' },
      ['`ecs-service` names `shop` for both colors.'],
    ],
    [
      'none of its settings for a target of another kind',
      { namespace: 'a', 'ssh-host': 'b', services: 'shop: { kube-service: c }' },
      [
        '`namespace` belongs to target `kubernetes`, not to target `ecs`.',
        '`ssh-host` belongs to target `vps` or `command`, not to target `ecs`.',
        '`services.shop.kube-service` belongs to target `kubernetes`, not to target `ecs`.',
      ],
    ],
  ])('needs %s', (_, changes, expected) => {
    const problems = problemsOf({ ...plain, ...changes })
    for (const text of expected) expect(problems.join('\n')).toContain(text)
    expect(problems).toHaveLength(expected.length)
  })

  it('may tell the colors apart by a header', () => {
    const headers = { 'color-url': 'https://shop.example.com', 'test-headers': '{ X-Color: "{color}" }' }
    expect(problemsOf({ ...plain, ...headers })).toEqual([])
  })

  it('may name one address for both, where both are named', () => {
    const same = 'https://shop.example.com'
    expect(problemsOf({ ...plain, 'color-url': `{ blue: ${same}, green: ${same} }` })).toEqual([])
  })

  it('is told of the service whose colors are one', () => {
    const services = '{ web: { image: a:1, color-url: https://shop.example.com }, api: { image: b:1 } }'
    const problems = problemsOf({ ...several, services })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain('`services.web.color-url`: `https://shop.example.com` names the same thing')
  })

  it.each<[string, Inputs, readonly string[]]>([
    [
      'an ECS service of its own',
      { services: '{ web: { image: a:1 }, api: { image: b:1 } }', 'ecs-service': '{app}-{color}' },
      ['`ecs-service` names one ECS service, `shop-blue`, for `web` and `api`.'],
    ],
    [
      'an image',
      { services: '{ web: { image: a:1 }, api: {} }' },
      ['`services.api.image` is required: it is what the idle ECS service is to run.'],
    ],
    [
      'to run before users are sent to it',
      {
        services: `{ web: { image: a:1 }, api: { image: b:1, rule-arn: "${ruleArn}", start: after-switch } }`,
      },
      ['`services.api.start` is `after-switch`, and users would be sent to it before it runs.'],
    ],
    [
      'a way for its check',
      { services: '{ web: { image: a:1 }, api: { image: b:1, health: /up } }' },
      ['`services.api.health` cannot be asked: nothing leads to the idle color.'],
    ],
  ])('needs for each of several services %s', (_, changes, expected) => {
    const problems = problemsOf({ ...several, ...changes })
    for (const text of expected) expect(problems.join('\n')).toContain(text)
    expect(problems).toHaveLength(expected.length)
  })

  it('needs nothing to deploy where nothing is deployed', () => {
    expect(problemsOf({ ...plain, image: '', mode: 'status' })).toEqual([])
  })
})
