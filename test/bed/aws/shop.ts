/** A shop on ECS: two services, each with its target group, behind one load balancer. */
import { randomUUID } from 'node:crypto'
import {
  ApplicationAutoScalingClient,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteServiceCommand,
  type DeploymentConfiguration,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type Service,
  type Task,
  type TaskDefinition,
  UpdateServiceCommand,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import {
  DeleteLoadBalancerCommand,
  ElasticLoadBalancingV2Client,
  type RuleCondition,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { SSMClient } from '@aws-sdk/client-ssm'
import type { Color } from '../../../src/targets/target.ts'
import type { Place } from './aws-lab.ts'
import type { Call, Fault, Image } from './control.ts'
import { type Front, makeFront } from './front.ts'
import { poll } from './poll.ts'

export interface ShopOrder {
  /** Blue, where nothing is said. */
  readonly live?: Color
  /** What runs of each color at first; 1 of the live color and none of the other, where nothing is said. */
  readonly counts?: Readonly<Record<Color, number>>
  /** Traffic comes by a rule with these conditions; the default action answers 404. */
  readonly rule?: readonly RuleCondition[]
  /** Whether the forward action names both target groups, with weights 100 and 0, or the live one alone. */
  readonly weights?: boolean
  /** A second listener, which leads to the idle color. */
  readonly testListener?: boolean
  /** Rules that lead to each color by a header, before all others: see `colorHeader`. */
  readonly colorRules?: boolean
  readonly controller?: 'ECS' | 'CODE_DEPLOY'
  readonly deployment?: DeploymentConfiguration
  /** In its cluster, as another service of the same app. */
  readonly beside?: Pick<Shop, 'cluster'>
  /** In seconds, of the target groups. */
  readonly deregistrationDelay?: number
}

export interface Shop extends Front, AsyncDisposable {
  readonly name: string
  readonly cluster: string
  /** That runs at first, with the tag v1. */
  readonly image: string
  /** Of each task, at an address of its own. */
  readonly port: number
  readonly services: Readonly<Record<Color, string>>
  /** For a process that asks AWS as this shop's user, whose calls are noted and may be given faults. */
  readonly environment: Readonly<Record<string, string>>
  /** The test's own, which see no faults. */
  readonly clients: Clients
  /** The app's image for this tag, which runs in this environment: see test/bed/vps/app. */
  publish(tag: string, environment?: Readonly<Record<string, string>>): Promise<Image>
  /** A revision of the shop's task definition with this image. Resolves with its ARN. */
  register(image: string): Promise<string>
  /** `service`: another one of the cluster. */
  describe(color: Color, service?: string): Promise<Service>
  /** That its service has now. */
  definition(color: Color): Promise<TaskDefinition>
  /** ECS services of both colors that no load balancer leads to: `NAME-blue` and `NAME-green`. */
  addWorkers(name: string, counts: Readonly<Record<Color, number>>): Promise<void>
  /** An autoscaler's bounds. */
  scaleBetween(color: Color, bounds: { readonly minimum: number; readonly maximum: number }): Promise<void>
  update(color: Color, change: Partial<UpdateServiceCommandInput>): Promise<void>
  tasks(color: Color, status: 'RUNNING' | 'STOPPED'): Promise<readonly Task[]>
  /** Resolves once the service looks like that. */
  until(color: Color, is: (service: Service) => boolean): Promise<Service>
  killTask(color: Color): Promise<void>
  orderFault(fault: Fault): Promise<void>
  endFaults(): Promise<void>
  /** By the shop's user. */
  calls(): Promise<readonly Call[]>
  /** That the load balancer has sent to a color. */
  requests(color: Color): Promise<number>
}

export interface Clients {
  readonly ecs: ECSClient
  readonly elb: ElasticLoadBalancingV2Client
  readonly ssm: SSMClient
  readonly autoscaling: ApplicationAutoScalingClient
}

export const isSteady = ({ deployments, desiredCount, runningCount }: Service): boolean =>
  deployments?.length === 1 && deployments[0]?.rolloutState === 'COMPLETED' && runningCount === desiredCount

export async function makeShop(place: Place, order: ShopOrder): Promise<Shop> {
  const { control, endpoint, region, ports } = place
  const name = `shop-${randomUUID().slice(0, 8)}`
  const { cluster } = order.beside ?? { cluster: name }
  const clients = clientsFor(place, `${name}-operator`)
  const workers: string[] = []
  const services = { blue: `${name}-blue`, green: `${name}-green` }
  const publish: Shop['publish'] = (tag, environment = {}) =>
    control.publish({ repository: name, tag, environment })
  const register: Shop['register'] = (image) => registerTask(clients.ecs, { family: name, image, ports })
  const describe: Shop['describe'] = async (color, named = services[color]) => {
    const { services: found } = await clients.ecs.send(
      new DescribeServicesCommand({ cluster, services: [named] }),
    )
    const service = found?.[0]
    if (service === undefined) throw new Error(`There is no service ${named}.`)
    return service
  }
  const until: Shop['until'] = (color, is) =>
    poll(async () => {
      const service = await describe(color)
      return is(service) ? service : null
    })

  if (!order.beside) await clients.ecs.send(new CreateClusterCommand({ clusterName: name }))
  const { image } = await publish('v1')
  const taskDefinition = await register(image)
  const front = await makeFront({ place, elb: clients.elb, name, order }, async (targetGroups) => {
    const counts = order.counts ?? { blue: 0, green: 0, [order.live ?? 'blue']: 1 }
    for (const color of ['blue', 'green'] as const) {
      const [service, targetGroup, count] = [services[color], targetGroups[color], counts[color]]
      await createService(clients.ecs, {
        place,
        order,
        cluster,
        service,
        targetGroup,
        count,
        taskDefinition,
      })
      if (order.controller !== 'CODE_DEPLOY') await until(color, isSteady)
    }
  })
  return {
    ...front,
    name,
    cluster,
    image,
    port: ports.container,
    services,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: name,
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
    clients,
    publish,
    register,
    describe,
    definition: async (color) => {
      const { taskDefinition } = await describe(color)
      const command = new DescribeTaskDefinitionCommand({ taskDefinition })
      return (await clients.ecs.send(command)).taskDefinition ?? {}
    },
    until,
    addWorkers: async (worker, counts) => {
      for (const color of ['blue', 'green'] as const) {
        const [service, count] = [`${worker}-${color}`, counts[color]]
        await createService(clients.ecs, {
          place,
          order,
          cluster,
          service,
          targetGroup: null,
          count,
          taskDefinition,
        })
        workers.push(service)
      }
    },
    scaleBetween: async (color, { minimum, maximum }) => {
      await clients.autoscaling.send(
        new RegisterScalableTargetCommand({
          ServiceNamespace: 'ecs',
          ScalableDimension: 'ecs:service:DesiredCount',
          ResourceId: `service/${cluster}/${services[color]}`,
          MinCapacity: minimum,
          MaxCapacity: maximum,
        }),
      )
    },
    update: async (color, change) =>
      void (await clients.ecs.send(
        new UpdateServiceCommand({ cluster, service: services[color], ...change }),
      )),
    tasks: async (color, desiredStatus) => {
      const listed = await clients.ecs.send(
        new ListTasksCommand({ cluster, serviceName: services[color], desiredStatus }),
      )
      if (!listed.taskArns?.length) return []
      const found = await clients.ecs.send(new DescribeTasksCommand({ cluster, tasks: listed.taskArns }))
      return found.tasks ?? []
    },
    killTask: async (color) => void (await control.kill({ cluster, service: services[color] })),
    orderFault: (fault) => control.orderFault(name, fault),
    endFaults: () => control.endFaults(name),
    calls: () => control.calls(name),
    [Symbol.asyncDispose]: async () => {
      for (const service of [...Object.values(services), ...workers])
        await clients.ecs.send(new DeleteServiceCommand({ cluster, service, force: true }))
      await clients.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: front.balancerArn }))
    },
    requests: async (color) => (await control.requests())[front.targetGroups[color]] ?? 0,
  }
}

function clientsFor({ endpoint, region }: Place, user: string): Clients {
  const settings = { endpoint, region, credentials: { accessKeyId: user, secretAccessKey: 'secret' } }
  return {
    ecs: new ECSClient(settings),
    elb: new ElasticLoadBalancingV2Client(settings),
    ssm: new SSMClient(settings),
    autoscaling: new ApplicationAutoScalingClient(settings),
  }
}

interface Revision {
  readonly family: string
  readonly image: string
  readonly ports: Place['ports']
}

/** With a sidecar, whose image is not the shop's. */
async function registerTask(ecs: ECSClient, { family, image, ports }: Revision): Promise<string> {
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      containerDefinitions: [
        {
          name: 'app',
          image,
          essential: true,
          memory: 256,
          portMappings: [{ containerPort: ports.container }],
          stopTimeout: 5,
        },
        { name: 'logs', image: 'fluent-bit:3', essential: false, memory: 64 },
      ],
    }),
  )
  return taskDefinition?.taskDefinitionArn ?? ''
}

interface NewService {
  readonly place: Place
  readonly order: ShopOrder
  readonly cluster: string
  readonly service: string
  /** null: no load balancer leads to it. */
  readonly targetGroup: string | null
  readonly count: number
  readonly taskDefinition: string
}

async function createService(ecs: ECSClient, wanted: NewService): Promise<void> {
  const { place, order, cluster, service, targetGroup, count, taskDefinition } = wanted
  await ecs.send(
    new CreateServiceCommand({
      cluster,
      serviceName: service,
      taskDefinition,
      desiredCount: count,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: [...place.subnets], securityGroups: [] } },
      ...(targetGroup !== null && {
        loadBalancers: [
          { targetGroupArn: targetGroup, containerName: 'app', containerPort: place.ports.container },
        ],
      }),
      ...(order.controller && { deploymentController: { type: order.controller } }),
      ...(order.deployment && { deploymentConfiguration: order.deployment }),
    }),
  )
}
