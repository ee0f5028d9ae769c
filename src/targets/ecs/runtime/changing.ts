/** Changes of a color's ECS services, each right after a look at the lease and at the router. */
import type { Service } from '@aws-sdk/client-ecs'
import type { Terms } from '../../../aws/aws.ts'
import { allowedBy, assertAllowed } from '../../../host/guarding.ts'
import {
  ChangeFailed,
  type Color,
  type DeployOrder,
  type Guard,
  otherColor,
  type Traffic,
} from '../../target.ts'
import type { Place } from '../place.ts'
import { bothOf, type ServiceReader } from '../services.ts'
import type { EcsService } from '../settings.ts'
import { readMinimums } from './autoscaling.ts'
import { planRevision, sizeOf, updateOf } from './plan.ts'
import type { Watching } from './watching.ts'

export interface ChangingParts {
  readonly reader: ServiceReader
  readonly watching: Watching
  /** That the lease is ours. */
  demand(guard: Guard, change: string): Promise<Terms>
  /** Where traffic is, as AWS says it now. */
  observeTraffic(): Promise<Traffic>
}

export interface Changing {
  readonly place: Place
  readonly parts: ChangingParts
  readonly color: Color
  readonly guard: Guard
}

export interface Begun {
  readonly service: EcsService
  /** As AWS answered the change. */
  readonly running: Service
  /** Whose image it is. */
  readonly container: string
  readonly image: string
}

/** The ECS services of the ordered services, with the deployments that were begun in them. */
export async function deployColor(changing: Changing, order: DeployOrder): Promise<readonly Begun[]> {
  const { place, parts, color } = changing
  const name = `The deployment of ${order.release.version}`
  await demandFor(changing, name)
  const ordered = place.settings.services.filter((service) => order.services.includes(service.name))
  const found = await parts.reader.read()
  const minimums = await readMinimums(
    place,
    ordered.map(({ ecsService }) => ecsService[color]),
  )
  const planned = await Promise.all(
    ordered.map(async (service) => {
      const { [color]: own, [otherColor(color)]: live } = bothOf(service, found)
      if (own === undefined) throw missing(place, service.ecsService[color])
      const revision = await revise(changing, order, { service, own, live })
      const desired = place.settings.desiredCount
      const minimum = minimums.get(service.ecsService[color]) ?? null
      const size = sizeOf({ desired, ordered: order.size?.[service.name], own, live, minimum })
      return { service, own, size, ...revision }
    }),
  )
  const begun: Begun[] = []
  for (const { service, own, size, taskDefinition, container, image } of planned) {
    const terms = await demandFor(changing, name)
    const running = await update(changing, { service: own, taskDefinition, desiredCount: size }, terms)
    begun.push({ service, running, container, image })
  }
  return begun
}

interface Pair {
  readonly service: EcsService
  readonly own: Service
  readonly live: Service | undefined
}

/** The task definition that the release runs with, registered where there is none yet. */
async function revise(
  { place, parts, color }: Changing,
  { release }: DeployOrder,
  { service, own, live }: Pair,
): Promise<{ readonly taskDefinition: string; readonly container: string; readonly image: string }> {
  const image = release.images[service.name] ?? null
  if (image === null)
    throw new ChangeFailed(
      `${release.version} names no image for ${service.name}: it cannot be deployed to ECS.`,
    )
  const [current, other] = await Promise.all([
    parts.reader.definition(own.taskDefinition ?? ''),
    live === undefined ? null : parts.reader.definition(live.taskDefinition ?? ''),
  ])
  const mark = { release: release.orderedAs ?? release.id, version: release.version }
  const { container } = service
  const revision = planRevision({ color, container, image, mark }, current, other)
  if (revision.register === null)
    return { taskDefinition: own.taskDefinition ?? '', container: revision.container, image }
  const { taskDefinition } = await place.aws.ask('ecs:RegisterTaskDefinition', revision.register)
  return { taskDefinition: taskDefinition?.taskDefinitionArn ?? '', container: revision.container, image }
}

interface Update {
  readonly service: Service
  readonly taskDefinition: string
  readonly desiredCount: number
}

async function update({ place, parts }: Changing, change: Update, terms: Terms): Promise<Service> {
  const { cluster } = place.settings
  const at = place.aws.now()
  const { service = change.service } = await place.aws.ask(
    'ecs:UpdateService',
    updateOf({ cluster, ...change }),
    terms,
  )
  parts.reader.learn(service)
  parts.watching.began(service, at)
  return service
}

/** To no tasks, which is not waited for: ECS takes them out of their target groups, and ends them when the load balancer is done. */
export async function stopColor(changing: Changing): Promise<void> {
  const { place, parts, color } = changing
  const { cluster, services } = place.settings
  const change = `Stopping ${color}`
  await demandFor(changing, change)
  const found = await parts.reader.read()
  for (const { ecsService } of services) {
    const own = found.get(ecsService[color])
    if (own === undefined || own.desiredCount === 0) continue
    const terms = await demandFor(changing, change)
    const { service } = await place.aws.ask(
      'ecs:UpdateService',
      { cluster, service: ecsService[color], desiredCount: 0 },
      terms,
    )
    if (service !== undefined) parts.reader.learn(service)
    parts.watching.left(ecsService[color])
  }
}

/** AWS compares nothing in the same step: one call may be under way when somebody else comes. */
async function demandFor({ parts, color, guard }: Changing, name: string): Promise<Terms> {
  const allowed = allowedBy(guard, color)
  const [terms, traffic] = await Promise.all([
    parts.demand(guard, name),
    allowed === null ? null : parts.observeTraffic(),
  ])
  if (allowed !== null && traffic !== null)
    assertAllowed({ allowed, traffic, name, color, observer: 'the load balancer' })
  return terms
}

const missing = ({ settings: { cluster } }: Place, name: string): ChangeFailed =>
  new ChangeFailed(
    `There is no ECS service ${name} in the cluster ${cluster}: make it, with its target group, as that of the other color.`,
  )
