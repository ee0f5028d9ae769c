/** What a person should know before a switch, and what stops nothing. */
import { otherColor, type Problem } from '../../target.ts'
import { pairsOf } from '../pairs.ts'
import type { Seen } from '../router/traffic.ts'
import { chooseContainer } from '../runtime/task-definition.ts'
import { bothOf } from '../services.ts'
import type { EcsService } from '../settings.ts'
import { definitionOf, type Look, liveColor } from './look.ts'
import { betweenGroups, betweenServices, lostBy } from './parity.ts'

export function parityRemarks(service: EcsService, look: Look): readonly string[] {
  const { blue, green } = bothOf(service, look.services)
  if (blue === undefined || green === undefined) return []
  const { ecsService } = service
  const said = (what: string, names: readonly string[]) =>
    names.length === 0
      ? []
      : [
          `${what} ${ecsService.blue} and ${ecsService.green} differ, so that one may fail where the other does not: ${names.join(', ')}.`,
        ]
  const groups = pairsOf(service, look.services).flatMap((pair) => {
    const [one, other] = [pair.blue, pair.green].map((arn) =>
      look.groups.find(({ TargetGroupArn }) => TargetGroupArn === arn),
    )
    return one === undefined || other === undefined ? [] : betweenGroups([one, other])
  })
  return [
    ...said('The ECS services', betweenServices([blue, green])),
    ...said('The target groups of', groups),
    ...lossRemarks(service, look),
  ]
}

function lossRemarks(service: EcsService, look: Look): readonly string[] {
  const color = liveColor(look)
  if (color === null) return []
  const [live, idle] = [definitionOf(service, color, look), definitionOf(service, otherColor(color), look)]
  if (live === null || idle === null) return []
  const chosen = chooseContainer(live, service.container)
  const container = chosen.kind === 'container' ? chosen.name : null
  const lost = lostBy({ live, idle, color: { live: color, idle: otherColor(color) }, container })
  if (lost.length === 0) return []
  return [
    `The task definition of a release is made from that of the live color: ${lost.join(', ')} of ${service.ecsService[otherColor(color)]} will be as on ${service.ecsService[color]}.`,
  ]
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html */
export function stickinessWarnings({ route, actions }: Seen): readonly Problem[] {
  const isSticky = actions.some(({ ForwardConfig }) => ForwardConfig?.TargetGroupStickinessConfig?.Enabled)
  if (!isSticky) return []
  return [
    {
      setting: `${route.kind}-arn`,
      isWarning: true,
      what: `The ${route.kind} ${route.arn} has stickiness of target groups: whoever was on a color stays there after a switch until the cookie ends, and meets errors when that color is stopped.`,
      fix: 'Turn it off, and have the sessions kept where both colors find them.',
    },
  ]
}
