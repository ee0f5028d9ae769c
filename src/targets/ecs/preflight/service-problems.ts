/** What is wrong with the ECS services and the target groups of one service of the app. */
import type { Service } from '@aws-sdk/client-ecs'
import { shell } from '../../../host/script.ts'
import { otherColor, type PerColor, type Problem } from '../../target.ts'
import { groupsOf, pairsOf } from '../pairs.ts'
import { attachIdle } from '../router/forward.ts'
import { commandFor, requestFor } from '../router/traffic.ts'
import { chooseContainer } from '../runtime/task-definition.ts'
import { bothOf, colors } from '../services.ts'
import { clusterName, type EcsService } from '../settings.ts'
import { definitionOf, type Look, liveColor } from './look.ts'

export function serviceProblems(service: EcsService, look: Look): readonly Problem[] {
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

const clusterOf = ({ clusterArn = '' }: Service): string => clusterName(clusterArn)

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
