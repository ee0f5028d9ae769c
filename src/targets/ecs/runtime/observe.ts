/** The state of a color, from its ECS services. */
import type { Service } from '@aws-sdk/client-ecs'
import type { ColorState } from '../../target.ts'
import { primaryOf } from './judge.ts'
import type { Mark } from './task-definition.ts'

export interface ObservedService {
  /** Of the app. */
  readonly name: string
  readonly start: 'before-switch' | 'after-switch'
  /** undefined: it is not there. */
  readonly service: Service | undefined
  /** What we left in its task definition; null: nothing. */
  readonly mark: Mark | null
  /** Targets that still finish what they do. */
  readonly draining: number
}

export function describeColor(all: readonly ObservedService[]): ColorState {
  // What starts after the switch alone says nothing about whether a color is there.
  const first = all.filter(({ start }) => start === 'before-switch')
  const there = first.filter(isThere)
  if (there.length === 0) return { presence: 'absent', version: null, detail: null }
  const down = first.filter(({ service }) => (service?.desiredCount ?? 0) === 0)
  return {
    ...(down.length === first.length ? describeEnded(there) : describeUp(there, down)),
    version: commonVersion(there),
    size: Object.fromEntries(
      all.flatMap(({ name, service }) => (service ? [[name, service.desiredCount ?? 0]] : [])),
    ),
  }
}

type There = ObservedService & { readonly service: Service }

/** One that has no tasks, and never had any of ours, is a place and no more: nobody could start there again what was. */
const isThere = (one: ObservedService): one is There =>
  one.service !== undefined && ((one.service.desiredCount ?? 0) > 0 || one.mark !== null || isEnding(one))

type Described = Pick<ColorState, 'presence' | 'detail'>

const describeEnded = (there: readonly There[]): Described => ({
  presence: there.some(isEnding) ? 'stopping' : 'stopped',
  detail: null,
})

const isEnding = ({ service, draining }: ObservedService): boolean =>
  draining + (service?.runningCount ?? 0) + (service?.pendingCount ?? 0) > 0

function describeUp(there: readonly There[], down: readonly ObservedService[]): Described {
  if (down.length > 0)
    return { presence: 'starting', detail: `${down.map(({ name }) => name).join(', ')} not running` }
  const serving = there.every(
    ({ service }) =>
      (primaryOf(service)?.runningCount ?? service.runningCount ?? 0) > 0 &&
      (service.deployments ?? []).length <= 1,
  )
  const short = there
    .filter(({ service: { runningCount = 0, desiredCount = 0 } }) => runningCount < desiredCount)
    .map(
      ({ service: { serviceName, runningCount, desiredCount } }) =>
        `${serviceName} has ${runningCount} of ${desiredCount} tasks`,
    )
  return { presence: serving ? 'running' : 'starting', detail: short.join('; ') || null }
}

function commonVersion(there: readonly There[]): string | null {
  const versions = [...new Set(there.map(({ mark }) => mark?.version ?? null))]
  return versions.length === 1 ? (versions[0] ?? null) : null
}
