/** What is known of the ECS services of this run, and what AWS says of them now. */
import type { Service, Task } from '@aws-sdk/client-ecs'
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import { isRefused } from '../../../aws/aws.ts'
import { judgeAll, silent } from '../../readiness.ts'
import type { Color, Readiness } from '../../target.ts'
import { groupsOf } from '../pairs.ts'
import type { Place } from '../place.ts'
import type { ServiceReader } from '../services.ts'
import type { EcsService } from '../settings.ts'
import { judgeService, primaryOf } from './judge.ts'
import { isFailure } from './tasks.ts'

export interface Watching {
  /** The health of the color's services. What was read a moment ago is not read again. */
  ready(color: Color, services: readonly EcsService[]): Promise<Readiness>
  /** A service was changed by us, to this. */
  began(service: Service): void
  /** It was told to end. */
  left(name: string): void
}

/** Of one ECS service. */
interface Memory {
  readonly deployment: string | null
  readonly reached: number | null
  /** Targets that were healthy: one that is gone was replaced. */
  readonly serving: readonly string[]
  readonly restarts: number
  readonly desired: number
}

const nothing: Memory = { deployment: null, reached: null, serving: [], restarts: 0, desired: 0 }

/** A color that is ready is looked at as often as its checks are made; AWS asks the targets themselves every 5 s at most. */
const longestFresh = 2_000

export function watchServices(place: Place, reader: ServiceReader): Watching {
  const { clock } = place.surroundings
  const memories = new Map<string, Memory>()
  const failures = failureReader(place)
  const recent = new Map<string, { readonly readiness: Readiness; readonly until: number }>()

  const judge = async (name: string, service: Service | undefined): Promise<Readiness> => {
    const memory = memories.get(name) ?? nothing
    const { deployment, reached } = memory
    const targets = service === undefined ? [] : await readHealth(place, service)
    const failed = service === undefined ? [] : await failures(service, deployment)
    const judgment = judgeService(name, { service, deployment, targets, failures: failed, reached })
    if (judgment.kind !== 'ready' || service === undefined) return judgment as Readiness
    const next = remember(memory, service, judgment.serving)
    memories.set(name, next)
    return { kind: 'ready', restarts: next.restarts }
  }

  const look = async (color: Color, services: readonly EcsService[]): Promise<Readiness> => {
    const found = await reader.read()
    const names = services.map(({ ecsService }) => ecsService[color])
    return judgeAll(await Promise.all(names.map((name) => judge(name, found.get(name)).catch(silent))))
  }

  return {
    ready: async (color, services) => {
      const key = services.map(({ ecsService }) => ecsService[color]).join()
      const last = recent.get(key)
      if (last !== undefined && clock.monotonic() < last.until) return last.readiness
      const readiness = await look(color, services).catch(silent)
      const pause = readiness.kind === 'ready' ? Math.min(longestFresh, place.pause()) : place.pause()
      recent.set(key, { readiness, until: clock.monotonic() + pause })
      return readiness
    },
    began: (service) => {
      recent.clear()
      memories.set(service.serviceName ?? '', { ...nothing, deployment: primaryOf(service)?.id ?? null })
    },
    left: (name) => {
      recent.clear()
      memories.delete(name)
    },
  }
}

/** Whoever scales in ends tasks on purpose. */
function remember(
  memory: Memory,
  { desiredCount: desired = 0 }: Service,
  serving: readonly string[],
): Memory {
  const gone = memory.serving.filter((place) => !serving.includes(place)).length
  const wanted = Math.max(0, memory.desired - desired)
  return {
    ...memory,
    reached: Math.min(desired, Math.max(memory.reached ?? 0, desired)),
    serving,
    restarts: memory.restarts + Math.max(0, gone - wanted),
    desired,
  }
}

/** All target groups of the service. */
export async function readHealth(
  { aws }: Place,
  service: Service,
): Promise<readonly TargetHealthDescription[]> {
  const groups = await Promise.all(
    groupsOf(service).map(({ arn }) =>
      aws.ask('elasticloadbalancing:DescribeTargetHealth', { TargetGroupArn: arn }),
    ),
  )
  return groups.flatMap(({ TargetHealthDescriptions = [] }) => TargetHealthDescriptions)
}

/** Tasks of a service that ended by themselves: asked for only when there are more of them than before. */
function failureReader({ aws, settings: { cluster } }: Place) {
  const known = new Map<string, { readonly count: number; readonly tasks: readonly Task[] }>()
  return async (service: Service, deployment: string | null): Promise<readonly Task[]> => {
    const id = deployment ?? primaryOf(service)?.id
    const found = service.deployments?.find((one) => one.id === id)
    // One that ECS has rolled back is gone, and its tasks are still there to say why.
    const count = found === undefined ? Number.POSITIVE_INFINITY : (found.failedTasks ?? 0)
    if (id === undefined || count === 0) return []
    const before = known.get(id)
    if (before?.count === count) return before.tasks
    const stopped = await stoppedTasks(aws, cluster, service)
    const tasks = stopped.filter((task) => task.startedBy === id && isFailure(task))
    known.set(id, { count, tasks })
    return tasks
  }
}

/** ECS shows them for an hour at least: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html */
export async function stoppedTasks(
  aws: Place['aws'],
  cluster: string,
  { serviceName }: Service,
): Promise<readonly Task[]> {
  try {
    return await tasksOf(aws, { cluster, serviceName, desiredStatus: 'STOPPED' })
  } catch (error) {
    // What they ended with is help, and no part of what must be allowed.
    if (isRefused(error, 'AccessDeniedException')) return []
    throw error
  }
}

interface Listed {
  readonly cluster: string
  readonly serviceName: string | undefined
  readonly desiredStatus: 'RUNNING' | 'STOPPED'
}

export async function tasksOf(aws: Place['aws'], listed: Listed): Promise<readonly Task[]> {
  const { taskArns = [] } = await aws.ask('ecs:ListTasks', { ...listed })
  if (taskArns.length === 0) return []
  const { tasks = [] } = await aws.ask('ecs:DescribeTasks', { cluster: listed.cluster, tasks: taskArns })
  return tasks
}
