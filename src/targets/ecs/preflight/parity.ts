/** In what the two colors differ besides their release: one may fail where the other does not. */
import { isDeepStrictEqual } from 'node:util'
import type { Service, TaskDefinition } from '@aws-sdk/client-ecs'
import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Color } from '../../target.ts'
import { recolored } from '../runtime/recoloring.ts'

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
}

/** What the idle color has, and loses with the next deployment: names alone, as values may be secret. */
export function lostBy({ live, idle, color }: Definitions): readonly string[] {
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
    const fields = differing(
      ['command', 'entryPoint', 'cpu', 'memory', 'portMappings', 'healthCheck'],
      [container, twin],
    )
    return [
      ...named('variable', container.environment, twin.environment),
      ...named('secret', container.secrets, twin.secrets),
      ...fields,
    ].map((text) => `${text} of container ${container.name}`)
  })
  return [
    ...differing(
      ['cpu', 'memory', 'taskRoleArn', 'executionRoleArn', 'volumes', 'runtimePlatform'],
      [idle, next],
    ),
    ...containers,
  ]
}

interface Entry {
  readonly name?: string | undefined
}
