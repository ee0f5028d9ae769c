/** Everything that would stop a deployment later, from what was read. */
import type { Service } from '@aws-sdk/client-ecs'
import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import { type Color, otherColor, type PerColor, type Problem, type Traffic } from '../../target.ts'
import { shell } from '../commands.ts'
import { groupsOf, pairsOf } from '../pairs.ts'
import { attachIdle } from '../router/forward.ts'
import { commandFor, requestFor, type Seen, trafficOf } from '../router/traffic.ts'
import { chooseContainer, type Described } from '../runtime/task-definition.ts'
import { bothOf, colors, type Services } from '../services.ts'
import type { EcsService, EcsSettings } from '../settings.ts'
import { betweenGroups, betweenServices, lostBy } from './parity.ts'

export interface Look {
  readonly settings: EcsSettings
  readonly services: Services
  readonly seen: readonly Seen[]
  /** Of the rules that are a listener's default. */
  readonly defaultRules: readonly string[]
  readonly groups: readonly TargetGroup[]
  /** By ARN. */
  readonly definitions: ReadonlyMap<string, Described>
}

export interface Judgment {
  readonly problems: readonly Problem[]
  /** What stops nothing. */
  readonly remarks: readonly string[]
}

export function judge(look: Look): Judgment {
  const { settings } = look
  return {
    problems: [
      ...trafficProblems(trafficOf(look.seen)),
      ...look.defaultRules.map(defaultRuleProblem),
      ...settings.services.flatMap((service) => serviceProblems(service, look)),
    ],
    remarks: [
      ...settings.services.flatMap((service) => parityRemarks(service, look)),
      ...look.seen.flatMap(stickinessRemarks),
    ],
  }
}

/** Mixed is what an operation cut short leaves, and the next one puts right. */
function trafficProblems(traffic: Traffic): readonly Problem[] {
  if (traffic.kind !== 'unknown') return []
  return [{ setting: 'listener-arn', what: `${traffic.detail}.`, fix: traffic.repair.join('\n') }]
}

const defaultRuleProblem = (arn: string): Problem => ({
  setting: 'rule-arn',
  what: `${arn} is the default rule of its listener, which AWS does not let anybody change.`,
  fix: 'Name the listener itself as `listener-arn`: its default actions are that rule.',
})

function serviceProblems(service: EcsService, look: Look): readonly Problem[] {
  const both = bothOf(service, look.services)
  const missing = colors.filter((color) => both[color] === undefined)
  if (missing.length > 0) return missing.map((color) => missingProblem(service.ecsService[color], look))
  return [
    ...colors.flatMap((color) => (both[color] ? kindProblems(both[color]) : [])),
    ...containerProblems(service, look),
    ...groupProblems(service, both, look),
    ...attachProblems(service, look),
  ]
}

function missingProblem(name: string, { settings: { cluster }, services }: Look): Problem {
  const others = [...services.keys()]
  const there = others.length === 0 ? '' : ` Those of the app there are: ${others.join(', ')}.`
  return {
    setting: 'ecs-service',
    what: `There is no ECS service ${name} in the cluster ${cluster}.`,
    fix: `Make one for each color, with a target group of its own: the idle one may have 0 tasks.${there} All there are: ${shell('aws', 'ecs', 'list-services', '--cluster', cluster)}`,
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html */
function kindProblems(service: Service): readonly Problem[] {
  const {
    serviceName = '',
    deploymentController,
    deploymentConfiguration,
    schedulingStrategy,
    status,
  } = service
  const problem = (what: string, fix: string): Problem => ({ setting: 'ecs-service', what, fix })
  const controller = deploymentController?.type ?? 'ECS'
  if (controller !== 'ECS')
    return [
      problem(
        `The deployments of ECS service ${serviceName} are controlled by ${controller}, which moves traffic itself.`,
        'Make it anew with the deployment controller `ECS`, which cannot be changed later, or leave its deployments to that controller.',
      ),
    ]
  const strategy = deploymentConfiguration?.strategy ?? 'ROLLING'
  return [
    ...(strategy === 'ROLLING'
      ? []
      : [
          problem(
            `The ECS service ${serviceName} has the deployment strategy ${strategy}, with which ECS moves traffic itself, within one service.`,
            `Have it deploy within its color: ${shell('aws', 'ecs', 'update-service', '--cluster', clusterOf(service), '--service', serviceName, '--deployment-configuration', 'strategy=ROLLING')}; or leave its deployments to ECS.`,
          ),
        ]),
    ...(schedulingStrategy === 'DAEMON'
      ? [
          problem(
            `The ECS service ${serviceName} is a daemon: it runs wherever there is an instance, and has no size.`,
            'Make it anew as a replica service.',
          ),
        ]
      : []),
    ...(status === 'DRAINING'
      ? [problem(`The ECS service ${serviceName} is being deleted.`, 'Make it anew.')]
      : []),
  ]
}

const clusterOf = ({ clusterArn = '' }: Service): string => clusterArn.split('/').at(-1) ?? clusterArn

function containerProblems(service: EcsService, look: Look): readonly Problem[] {
  const live = liveColor(look)
  const definition = definitionOf(service, live ?? 'blue', look)
  if (definition === null) return []
  const chosen = chooseContainer(definition, service.container)
  if (chosen.kind === 'container') return []
  return [
    {
      setting: 'ecs-container',
      what: `The task definition ${definition.family} ${chosen.why}.`,
      fix: `Name the one that gets the image: ${chosen.names.map((name) => `\`ecs-container: ${name}\``).join(' or ')}.`,
    },
  ]
}

function groupProblems(
  service: EcsService,
  both: PerColor<Service | undefined>,
  look: Look,
): readonly Problem[] {
  const [blue, green] = [groupsOf(both.blue), groupsOf(both.green)]
  const pairs = pairsOf(service, look.services)
  const { ecsService } = service
  const problem = (what: string, fix: string): Problem => ({ setting: 'ecs-service', what, fix })
  const shared = blue.filter(({ arn }) => green.some((other) => other.arn === arn))
  if (shared.length > 0)
    return [
      problem(
        `${ecsService.blue} and ${ecsService.green} have the same target group, ${shared[0]?.arn}: a switch would move nobody.`,
        'Give each of them a target group of its own.',
      ),
    ]
  if (pairs.length < Math.max(blue.length, green.length))
    return [
      problem(
        `The target groups of ${ecsService.blue} and ${ecsService.green} do not stand for each other: ${describe(blue)} and ${describe(green)}.`,
        'Give both the same containers and ports, each with a target group of its own.',
      ),
    ]
  if (pairs.length === 0 && (service.url !== null || service.routes.length > 0))
    return [
      problem(
        `${ecsService.blue} and ${ecsService.green} have no target group, so that no listener can lead to them.`,
        'Make both with a target group each, or leave out what leads to the service.',
      ),
    ]
  return []
}

const describe = (groups: ReturnType<typeof groupsOf>): string =>
  groups.map(({ containerName, containerPort }) => `${containerName}:${containerPort}`).join(', ') || 'none'

/** The health of what no listener names is not checked, and never gets better. */
function attachProblems(service: EcsService, look: Look): readonly Problem[] {
  const { settings, groups, seen } = look
  const live = liveColor(look)
  if (live === null || settings.attach) return []
  const idle = otherColor(live)
  return pairsOf(service, look.services).flatMap((pair) => {
    const group = groups.find(({ TargetGroupArn }) => TargetGroupArn === pair[idle])
    if (group === undefined || (group.LoadBalancerArns?.length ?? 0) > 0) return []
    const commands = seen
      .filter(({ reading }) => reading.kind === 'color' && reading.pair.blue === pair.blue)
      .map(({ route, actions }) => commandFor(requestFor(route, attachIdle(actions, pair, idle))))
    return [
      {
        setting: 'ecs-attach',
        what: `The target group of ${service.ecsService[idle]}, ${group.TargetGroupName}, is named by no listener and no rule, so that AWS does not check the health of its targets.`,
        fix: [
          'Set `ecs-attach: true`, which names it at weight 0 where traffic comes in, or give it a test listener or rule. By hand:',
          ...commands,
        ].join('\n'),
      },
    ]
  })
}

const liveColor = ({ seen }: Look): Color | null => {
  const traffic = trafficOf(seen)
  return traffic.kind === 'color' ? traffic.color : null
}

function definitionOf(service: EcsService, color: Color, { services, definitions }: Look) {
  const arn = services.get(service.ecsService[color])?.taskDefinition ?? ''
  return definitions.get(arn)?.taskDefinition ?? null
}

function parityRemarks(service: EcsService, look: Look): readonly string[] {
  const { blue, green } = bothOf(service, look.services)
  if (blue === undefined || green === undefined) return []
  const { ecsService } = service
  const said = (what: string, names: readonly string[]) =>
    names.length === 0
      ? []
      : [
          `${what} ${ecsService.blue} and ${ecsService.green} differ, so that one may fail where the other does not: ${names.join(', ')}.`,
        ]
  const groups = pairsOf(service, look.services).flatMap((pair) => {
    const [one, other] = [pair.blue, pair.green].map((arn) =>
      look.groups.find(({ TargetGroupArn }) => TargetGroupArn === arn),
    )
    return one === undefined || other === undefined ? [] : betweenGroups([one, other])
  })
  return [
    ...said('The ECS services', betweenServices([blue, green])),
    ...said('The target groups of', groups),
    ...lossRemarks(service, look),
  ]
}

function lossRemarks(service: EcsService, look: Look): readonly string[] {
  const color = liveColor(look)
  if (color === null) return []
  const [live, idle] = [definitionOf(service, color, look), definitionOf(service, otherColor(color), look)]
  if (live === null || idle === null) return []
  const lost = lostBy({ live, idle, color: { live: color, idle: otherColor(color) } })
  if (lost.length === 0) return []
  return [
    `The task definition of a release is made from that of the live color: ${lost.join(', ')} of ${service.ecsService[otherColor(color)]} will be as on ${service.ecsService[color]}.`,
  ]
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html */
function stickinessRemarks({ route, actions }: Seen): readonly string[] {
  const isSticky = actions.some(({ ForwardConfig }) => ForwardConfig?.TargetGroupStickinessConfig?.Enabled)
  if (!isSticky) return []
  return [
    `The ${route.kind} ${route.arn} has stickiness of target groups: whoever was on a color stays there after a switch until the cookie ends, and meets errors when that color is stopped. Turn it off, and have the sessions kept where both colors find them.`,
  ]
}
