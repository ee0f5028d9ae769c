/** What a shop's users meet: a load balancer, its listeners and rules, and the target groups behind it. */
import {
  type Action,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  ModifyListenerCommand,
  ModifyRuleCommand,
  ModifyTargetGroupAttributesCommand,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Color } from '../../../src/targets/target.ts'
import { connects } from '../child.ts'
import type { Place } from './aws-lab.ts'
import { poll } from './poll.ts'
import type { ShopOrder } from './shop.ts'

/** A request that has it gets to the color that it names, where a shop has color rules. */
export const colorHeader = 'X-Test-Color'

export interface Front {
  readonly url: string
  readonly testUrl: string | null
  readonly balancerArn: string
  readonly listenerArn: string
  readonly ruleArn: string | null
  readonly testListenerArn: string | null
  readonly targetGroups: Readonly<Record<Color, string>>
  /** Moves the traffic, by hand as it were. */
  forward(to: Color | Readonly<Record<Color, number>>): Promise<void>
  /** Moves the test listener. */
  forwardTest(to: Color): Promise<void>
  /** To a target group of neither color, with nobody in it. */
  forwardElsewhere(): Promise<void>
  health(color: Color): Promise<readonly TargetHealthDescription[]>
}

interface NewFront {
  readonly place: Place
  readonly elb: ElasticLoadBalancingV2Client
  readonly name: string
  readonly order: ShopOrder
}

type Groups = Front['targetGroups']

/** AWS makes services only for target groups that a listener names, so `createServices` is called while both are. */
export async function makeFront(
  { place, elb, name, order }: NewFront,
  createServices: (groups: Groups) => Promise<void>,
): Promise<Front> {
  const { live = 'blue', weights = false, rule, testListener = false } = order
  const { LoadBalancers: [balancer] = [] } = await elb.send(
    new CreateLoadBalancerCommand({ Name: name, Subnets: [...place.subnets] }),
  )
  const targetGroups = {
    blue: await createTargetGroup(elb, { place, name: `${name}-blue`, order }),
    green: await createTargetGroup(elb, { place, name: `${name}-green`, order }),
  }
  const only = (color: Color) => ({ blue: 0, green: 0, [color]: 100 })
  const listen = (port: number, action: Action) =>
    createListener(elb, { balancer: balancer?.LoadBalancerArn, port, action })
  const listenerArn = await listen(
    place.ports.listener,
    rule ? notFound : forwardTo(targetGroups, only(live)),
  )
  const ruleArn = rule
    ? await createRule(elb, { listenerArn, rule, action: forwardTo(targetGroups, only(live)) })
    : null
  if (order.colorRules) {
    for (const [index, color] of (['blue', 'green'] as const).entries()) {
      const HttpHeaderConfig = { HttpHeaderName: colorHeader, Values: [color] }
      const conditions = [{ Field: 'http-header', HttpHeaderConfig }]
      const action = forwardTo(targetGroups, color)
      await createRule(elb, { listenerArn, rule: conditions, action, priority: index + 1 })
    }
  }
  await createServices(targetGroups)
  const idle = live === 'blue' ? 'green' : 'blue'
  const testListenerArn = testListener
    ? await listen(place.ports.testListener, forwardTo(targetGroups, idle))
    : null
  const act = async (action: Action) => {
    await (ruleArn === null
      ? elb.send(new ModifyListenerCommand({ ListenerArn: listenerArn, DefaultActions: [action] }))
      : elb.send(new ModifyRuleCommand({ RuleArn: ruleArn, Actions: [action] })))
  }
  const forward: Front['forward'] = (to) => act(forwardTo(targetGroups, to))
  if (!weights) await forward(live)
  const front: Front = {
    url: `http://${balancer?.DNSName}:${place.ports.listener}`,
    testUrl: testListener ? `http://${balancer?.DNSName}:${place.ports.testListener}` : null,
    balancerArn: balancer?.LoadBalancerArn ?? '',
    listenerArn,
    ruleArn,
    testListenerArn,
    targetGroups,
    forward,
    forwardTest: async (to) => {
      const DefaultActions = [forwardTo(targetGroups, to)]
      await elb.send(new ModifyListenerCommand({ ListenerArn: testListenerArn ?? '', DefaultActions }))
    },
    forwardElsewhere: async () => {
      const TargetGroupArn = await createTargetGroup(elb, { place, name: `${name}-else`, order })
      await act({ Type: 'forward', TargetGroupArn })
    },
    health: async (color) => {
      const command = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroups[color] })
      return (await elb.send(command)).TargetHealthDescriptions ?? []
    },
  }
  await poll(async () => ((await isUp(front)) ? true : null))
  return front
}

/** Listeners and target groups take a moment, as on AWS. */
async function isUp({ url, testUrl, health }: Front): Promise<boolean> {
  for (const { hostname, port } of [url, testUrl ?? url].map((text) => new URL(text)))
    if (!(await connects(Number(port), hostname))) return false
  const targets = [...(await health('blue')), ...(await health('green'))]
  return targets.every(({ TargetHealth }) => /^(healthy|unused)$/.test(TargetHealth?.State ?? ''))
}

const notFound: Action = {
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain', MessageBody: 'not here' },
}

function forwardTo(groups: Groups, to: Color | Readonly<Record<Color, number>>): Action {
  const named = typeof to === 'string' ? { [to]: 1 } : to
  const TargetGroups = Object.entries(named).map(([color, Weight]) => ({
    TargetGroupArn: groups[color as Color],
    Weight,
  }))
  return { Type: 'forward', ForwardConfig: { TargetGroups } }
}

async function createTargetGroup(
  elb: ElasticLoadBalancingV2Client,
  { place, name, order }: Pick<NewFront, 'place' | 'name' | 'order'>,
): Promise<string> {
  const { TargetGroups: [group] = [] } = await elb.send(
    new CreateTargetGroupCommand({
      Name: name,
      TargetType: 'ip',
      Protocol: 'HTTP',
      Port: place.ports.container,
      VpcId: place.vpc,
      HealthCheckPath: '/health',
      HealthCheckIntervalSeconds: 5,
      HealthCheckTimeoutSeconds: 2,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 2,
    }),
  )
  const arn = group?.TargetGroupArn ?? ''
  const delay = String(order.deregistrationDelay ?? 1)
  await elb.send(
    new ModifyTargetGroupAttributesCommand({
      TargetGroupArn: arn,
      Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: delay }],
    }),
  )
  return arn
}

interface NewListener {
  readonly balancer: string | undefined
  readonly port: number
  readonly action: Action
}

async function createListener(
  elb: ElasticLoadBalancingV2Client,
  { balancer, port, action }: NewListener,
): Promise<string> {
  const { Listeners: [listener] = [] } = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: balancer,
      Protocol: 'HTTP',
      Port: port,
      DefaultActions: [action],
    }),
  )
  return listener?.ListenerArn ?? ''
}

interface NewRule {
  readonly listenerArn: string
  readonly rule: NonNullable<ShopOrder['rule']>
  readonly action: Action
  readonly priority?: number
}

async function createRule(
  elb: ElasticLoadBalancingV2Client,
  { listenerArn, rule, action, priority = 10 }: NewRule,
): Promise<string> {
  const { Rules: [made] = [] } = await elb.send(
    new CreateRuleCommand({
      ListenerArn: listenerArn,
      Priority: priority,
      Conditions: [...rule],
      Actions: [action],
    }),
  )
  return made?.RuleArn ?? ''
}
