/** The ECS services of an app, of both colors, and the task definitions that they run. */
import type { Service } from '@aws-sdk/client-ecs'
import type { Color, PerColor } from '../target.ts'
import type { Place } from './place.ts'
import type { Described } from './runtime/task-definition.ts'
import type { EcsService } from './settings.ts'

/** By name; those that are not there are left out. */
export type Services = ReadonlyMap<string, Service>

export interface ServiceReader {
  /** One answer for whoever asks while it is on its way. */
  read(): Promise<Services>
  /** As they were when they were last heard of. */
  known(): Promise<Services>
  /** Of a service that was just changed: an answer to a question from before counts no more. */
  learn(service: Service): void
  /** A revision never changes, so that it is asked for once. */
  definition(arn: string): Promise<Described>
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html */
export const mostAtOnce = 10

export function serviceReader({ aws, settings }: Place): ServiceReader {
  const { cluster } = settings
  const names = settings.services.flatMap(({ ecsService: { blue, green } }) => [blue, green])
  const definitions = new Map<string, Promise<Described>>()
  let underWay: Promise<Services> | null = null
  let latest: Map<string, Service> | null = null
  const list = async () => {
    const pages = await Promise.all(
      inGroups(names, mostAtOnce).map((services) =>
        aws.ask('ecs:DescribeServices', { cluster, services: [...services] }),
      ),
    )
    return mapped(pages.flatMap(({ services = [] }) => services))
  }
  const read = (): Promise<Services> => {
    if (underWay !== null) return underWay
    const reading = list().then((found) => {
      if (underWay === reading) latest = found
      return found
    })
    underWay = reading
    const over = () => {
      if (underWay === reading) underWay = null
    }
    reading.then(over, over)
    return reading
  }
  const describe = async (arn: string): Promise<Described> => {
    try {
      return await aws.ask('ecs:DescribeTaskDefinition', { taskDefinition: arn, include: ['TAGS'] })
    } catch (error) {
      definitions.delete(arn)
      throw error
    }
  }
  return {
    read,
    known: async () => latest ?? read(),
    learn: (service) => {
      underWay = null
      latest?.set(service.serviceName ?? '', service)
    },
    definition: (arn) => {
      const known = definitions.get(arn) ?? describe(arn)
      definitions.set(arn, known)
      return known
    },
  }
}

/** What was deleted is shown for a while: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html */
const mapped = (services: readonly Service[]): Map<string, Service> =>
  new Map(
    services
      .filter(({ status }) => status !== 'INACTIVE')
      .map((service) => [service.serviceName ?? '', service]),
  )

export function inGroups<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

/** Of one service of the app, by color; undefined: it is not there. */
export const bothOf = ({ ecsService }: EcsService, services: Services): PerColor<Service | undefined> => ({
  blue: services.get(ecsService.blue),
  green: services.get(ecsService.green),
})

export const colors: readonly Color[] = ['blue', 'green']
