/** Tasks of an ECS service, those that run and those that ended. */
import type { Service, Task } from '@aws-sdk/client-ecs'
import { isRefused } from '../../../aws/aws.ts'
import type { Place } from '../place.ts'
import { type Began, primaryOf } from './judge.ts'
import { isFailure } from './tasks.ts'

interface Known {
  readonly count: number
  /** From when on they count. */
  readonly at: number
  readonly tasks: readonly Task[]
}

/** Tasks of a service that ended by themselves: asked for only when there are more of them than before. */
export function failureReader({ aws, settings: { cluster } }: Place) {
  const known = new Map<string, Known>()
  return async (service: Service, began: Began | null): Promise<readonly Task[]> => {
    const id = began?.deployment ?? primaryOf(service)?.id
    const found = service.deployments?.find((one) => one.id === id)
    // One that ECS has rolled back is gone, and its tasks are still there to say why.
    const count = found === undefined ? Number.POSITIVE_INFINITY : (found.failedTasks ?? 0)
    if (id === undefined || count === 0) return []
    const before = known.get(id)
    const at = began?.at ?? 0
    if (before?.count === count && before.at === at) return before.tasks
    const stopped = await stoppedTasks(aws, cluster, service)
    // A deployment that goes on after what kept its tasks from starting was mended has those that ended before, too.
    const isOurs = ({ startedBy, createdAt }: Task) => startedBy === id && (createdAt?.getTime() ?? 0) >= at
    const tasks = stopped.filter((task) => isOurs(task) && isFailure(task))
    known.set(id, { count, at, tasks })
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
