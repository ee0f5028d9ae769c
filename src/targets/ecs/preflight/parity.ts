/** In what the two colors differ besides their release: one may fail where the other does not. */
import { isDeepStrictEqual } from 'node:util'
import type { Service, TaskDefinition } from '@aws-sdk/client-ecs'
import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Color } from '../../target.ts'
import { recolored } from '../runtime/recoloring.ts'
import { readOnly } from '../runtime/task-definition.ts'

const serviceFields = [
  'launchType',
  'capacityProviderStrategy',
  'platformVersion',
  'networkConfiguration',
  'deploymentConfiguration',
  'healthCheckGracePeriodSeconds',
  'placementConstraints',
  'placementStrategy',
  'serviceRegistries',
  'enableExecuteCommand',
  'availabilityZoneRebalancing',
] as const satisfies readonly (keyof Service)[]

const groupFields = [
  'Protocol',
  'ProtocolVersion',
  'Port',
  'TargetType',
  'VpcId',
  'HealthCheckProtocol',
  'HealthCheckPort',
  'HealthCheckEnabled',
  'HealthCheckPath',
  'HealthCheckIntervalSeconds',
  'HealthCheckTimeoutSeconds',
  'HealthyThresholdCount',
  'UnhealthyThresholdCount',
  'Matcher',
] as const satisfies readonly (keyof TargetGroup)[]

type Pair<T> = readonly [T, T]

const differing = <T extends object>(fields: readonly (keyof T & string)[], [one, other]: Pair<T>) =>
  fields.filter((field) => !isDeepStrictEqual(one[field] ?? null, other[field] ?? null))

export const betweenServices = (pair: Pair<Service>): readonly string[] => differing(serviceFields, pair)
export const betweenGroups = (pair: Pair<TargetGroup>): readonly string[] => differing(groupFields, pair)

export interface Definitions {
  readonly live: TaskDefinition
  readonly idle: TaskDefinition
  readonly color: { readonly live: Color; readonly idle: Color }
  /** Whose image each release replaces. */
  readonly container: string | null
}

/** What the idle color has, and loses with the next deployment: names alone, as values may be secret. */
export function lostBy({ live, idle, color, container: released }: Definitions): readonly string[] {
  const next = recolored(live, idle, { from: color.live, to: color.idle })
  const { containerDefinitions: others = [] } = next
  const containers = (idle.containerDefinitions ?? []).flatMap((container) => {
    const twin = others.find(({ name }) => name === container.name)
    if (twin === undefined) return [`container ${container.name}`]
    const named = (what: string, own: readonly Entry[] = [], theirs: readonly Entry[] = []) =>
      own
        .filter(
          (entry) =>
            !isDeepStrictEqual(
              entry,
              theirs.find(({ name }) => name === entry.name),
            ),
        )
        .map(({ name }) => `${what} ${name}`)
    const replaced = container.name === released ? ['image'] : []
    return [
      ...named('variable', container.environment, twin.environment),
      ...named('secret', container.secrets, twin.secrets),
      ...changed(container, twin, ['environment', 'secrets', 'dockerLabels', ...replaced]),
    ].map((text) => `${text} of container ${container.name}`)
  })
  return [...changed(idle, next, [...readOnly, 'containerDefinitions']), ...containers]
}

/** Whatever there is, or will be, but for these keys. */
function changed(one: object, other: object, but: readonly string[]): readonly string[] {
  const [own, theirs] = [new Map(Object.entries(one)), new Map(Object.entries(other))]
  return [...new Set([...own.keys(), ...theirs.keys()])].filter(
    (key) => !but.includes(key) && !isDeepStrictEqual(present(own.get(key)), present(theirs.get(key))),
  )
}

/** AWS says an empty list where there is nothing, and sometimes nothing. */
const present = (value: unknown): unknown =>
  value === undefined || (Array.isArray(value) && value.length === 0) ? null : value

interface Entry {
  readonly name?: string | undefined
}
