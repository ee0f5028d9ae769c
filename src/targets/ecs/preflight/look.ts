/** What was read of an app before anything is touched. */
import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Color } from '../../target.ts'
import { type Seen, trafficOf } from '../router/traffic.ts'
import type { Described } from '../runtime/task-definition.ts'
import type { Services } from '../services.ts'
import type { EcsService, EcsSettings } from '../settings.ts'
import type { OtherRoute } from './other-routes.ts'

export interface Look {
  readonly settings: EcsSettings
  readonly services: Services
  readonly seen: readonly Seen[]
  /** Of the rules that are a listener's default. */
  readonly defaultRules: readonly string[]
  readonly groups: readonly TargetGroup[]
  readonly otherRoutes: readonly OtherRoute[]
  /** By ARN. */
  readonly definitions: ReadonlyMap<string, Described>
}

export const liveColor = ({ seen }: Look): Color | null => {
  const traffic = trafficOf(seen)
  return traffic.kind === 'color' ? traffic.color : null
}

export function definitionOf(service: EcsService, color: Color, { services, definitions }: Look) {
  const arn = services.get(service.ecsService[color])?.taskDefinition ?? ''
  return definitions.get(arn)?.taskDefinition ?? null
}
