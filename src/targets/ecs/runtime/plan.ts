/** What one ECS service is to run for a release. */
import type {
  RegisterTaskDefinitionCommandInput,
  Service,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import { ChangeFailed, type Color, otherColor } from '../../target.ts'
import { primaryOf } from './judge.ts'
import { recolored } from './recoloring.ts'
import {
  chooseContainer,
  type Described,
  imageOf,
  type Mark,
  markOf,
  successorOf,
} from './task-definition.ts'

export interface ServiceOrder {
  readonly color: Color
  /** null: the only essential one. */
  readonly container: string | null
  readonly image: string
  readonly mark: Mark
}

export interface Revision {
  readonly container: string
  /** null: it runs what is ordered already. */
  readonly register: RegisterTaskDefinitionCommandInput | null
}

/**
 * `own`: what the color runs now; `live`: what the other one does, null where it is not there. Throws ChangeFailed where nobody
 * knows which container the image is for.
 */
export function planRevision(order: ServiceOrder, own: Described, live: Described | null): Revision {
  const { color, image, mark } = order
  const current = own.taskDefinition ?? {}
  // What is started again is what ran there, whatever the other color has become since.
  const isSame = markOf(current)?.release === mark.release
  const base = isSame || live === null ? own : live
  const change = { from: otherColor(color), to: color }
  const taskDefinition = isSame ? current : recolored(base.taskDefinition ?? {}, current, change)
  const chosen = chooseContainer(taskDefinition, order.container)
  if (chosen.kind === 'unclear') {
    throw new ChangeFailed(
      `The task definition ${taskDefinition.family} ${chosen.why}: name the one that gets the image as \`ecs-container\`, of ${chosen.names.join(', ')}.`,
    )
  }
  const { name: container } = chosen
  if (isSame && imageOf(current, container) === image) return { container, register: null }
  return { container, register: successorOf({ ...base, taskDefinition }, { container, image, mark }) }
}

interface Update {
  readonly cluster: string
  readonly service: Service
  readonly taskDefinition: string
  readonly desiredCount: number
}

/** All else of the service stays as it is. A deployment that ECS has given up is begun anew. */
export function updateOf({
  cluster,
  service,
  taskDefinition,
  desiredCount,
}: Update): UpdateServiceCommandInput {
  const isGivenUp = primaryOf(service)?.rolloutState === 'FAILED' && service.taskDefinition === taskDefinition
  return {
    cluster,
    service: service.serviceName,
    taskDefinition,
    desiredCount,
    ...(isGivenUp ? { forceNewDeployment: true } : {}),
  }
}

export interface Sizes {
  /** Of the settings; null: as live. */
  readonly desired: number | null
  /** As it was ordered; undefined: it says nothing. */
  readonly ordered: number | undefined
  readonly own: Service
  readonly live: Service | undefined
  /** Of the autoscaler of this service; null: there is none. */
  readonly minimum: number | null
}

/** An autoscaler would bring it to its minimum with the next alarm, and until then the new release would be the smaller one. */
export const sizeOf = ({ desired, ordered, own, live, minimum }: Sizes): number =>
  Math.max(1, minimum ?? 1, desired ?? (ordered || live?.desiredCount || own.desiredCount || 1))
