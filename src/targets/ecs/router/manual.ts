/** What a person types to move traffic without us. */

import { shell } from '../../../host/script.ts'
import { type Color, otherColor } from '../../target.ts'
import { inGroups, mostAtOnce, type Services } from '../services.ts'
import type { EcsSettings, Route } from '../settings.ts'
import { forwardTo } from './forward.ts'
import { commandFor, requestFor, type Seen } from './traffic.ts'

/** As they were seen last; null: not yet. */
export interface Memory {
  seen: readonly Seen[] | null
  services: Services | null
}

/** A color that was retired has no tasks: whoever goes back to it in the night has to start them first. */
export function manualLines(settings: EcsSettings, memory: Memory, to: Color): readonly string[] {
  const { seen, services } = memory
  const region = ['--region', regionOf(settings)]
  const starts = settings.services.flatMap(({ ecsService }) => {
    const [own, other] = [ecsService[to], ecsService[otherColor(to)]].map((name) => services?.get(name))
    const size = own?.desiredCount || other?.desiredCount || 1
    const named = ['--cluster', settings.cluster, '--service', ecsService[to]]
    return [shell('aws', 'ecs', 'update-service', ...region, ...named, '--desired-count', String(size))]
  })
  const names = settings.services.map(({ ecsService }) => ecsService[to])
  const waits = inGroups(names, mostAtOnce).map((some) => {
    const named = ['--cluster', settings.cluster, '--services', ...some]
    return shell('aws', 'ecs', 'wait', 'services-stable', ...region, ...named)
  })
  return [...starts, ...waits, ...settings.routes.map((route) => moveLine(route, { settings, seen, to }))]
}

const regionOf = ({ routes }: EcsSettings): string => routes[0]?.arn.split(':')[3] ?? ''

interface Move extends Pick<Memory, 'seen'> {
  readonly settings: EcsSettings
  readonly to: Color
}

/** Until it was read only the service is known, and AWS knows its target group. */
function moveLine(route: Route, { settings, seen, to }: Move): string {
  const { services, cluster } = settings
  const found = seen?.find((one) => one.route.arn === route.arn)
  if (found !== undefined && 'pair' in found.reading && found.reading.pair !== null)
    return commandFor(requestFor(route, forwardTo(found.actions, found.reading.pair, to)))
  const owner =
    services.find(({ routes }) => routes.some(({ arn }) => arn === route.arn)) ??
    services.find(({ routes }) => routes.length === 0)
  const name = owner?.ecsService[to] ?? to
  const group = `$(aws ecs describe-services --cluster ${cluster} --services ${name} --query 'services[0].loadBalancers[0].targetGroupArn' --output text)`
  const region = route.arn.split(':')[3] ?? ''
  return route.kind === 'listener'
    ? `aws elbv2 modify-listener --region ${region} --listener-arn ${route.arn} --default-actions "Type=forward,TargetGroupArn=${group}"`
    : `aws elbv2 modify-rule --region ${region} --rule-arn ${route.arn} --actions "Type=forward,TargetGroupArn=${group}"`
}
