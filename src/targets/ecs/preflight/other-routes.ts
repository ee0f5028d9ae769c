/** Listeners and rules that nobody named, and that lead users to a color all the same. */
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import { type Color, otherColor, type Problem } from '../../target.ts'
import { pairsIn } from '../pairs.ts'
import type { Place } from '../place.ts'
import { forwardIn, groupsOf } from '../router/forward.ts'
import type { Route } from '../settings.ts'
import { type Look, liveColor } from './look.ts'

export interface OtherRoute extends Route {
  readonly actions: readonly Action[]
  /** Of a listener, itself. */
  readonly listener: string
}

/** Of the load balancers, those that are not named. */
export async function readOtherRoutes(
  { aws, settings }: Place,
  balancers: readonly string[],
): Promise<readonly OtherRoute[]> {
  const named = new Set(settings.routes.map(({ arn }) => arn))
  const found: OtherRoute[] = []
  // One after the other: a load balancer that many share has many listeners, and AWS throttles.
  for (const LoadBalancerArn of balancers) {
    const { Listeners = [] } = await aws.ask('elasticloadbalancing:DescribeListeners', { LoadBalancerArn })
    for (const { ListenerArn: listener = '', DefaultActions = [] } of Listeners) {
      const { Rules = [] } = await aws.ask('elasticloadbalancing:DescribeRules', { ListenerArn: listener })
      found.push({ kind: 'listener', arn: listener, actions: DefaultActions, listener })
      for (const { RuleArn: arn = '', Actions: actions = [], IsDefault } of Rules)
        if (!IsDefault) found.push({ kind: 'rule', arn, actions, listener })
    }
  }
  return found.filter(({ arn }) => !named.has(arn))
}

/**
 * Those that go to the live color, and would go there when it has ended. What leads to either color for tests comes in pairs: it
 * is meant to stay.
 */
export function otherRouteWarnings(look: Look): readonly Problem[] {
  const live = liveColor(look)
  if (live === null) return []
  const { otherRoutes } = look
  const pairs = pairsIn(look.settings.services, look.services)
  const leadsTo = ({ actions }: OtherRoute, color: Color) => {
    const forward = forwardIn(actions)
    const served = forward === null ? [] : groupsOf(forward).filter(({ weight }) => weight > 0)
    return served.some(({ arn }) => pairs.some((pair) => pair[color] === arn))
  }
  const count = (routes: readonly OtherRoute[], color: Color) =>
    routes.filter((route) => leadsTo(route, color)).length
  const arePaired = (routes: readonly OtherRoute[]) => count(routes, live) <= count(routes, otherColor(live))
  const isOfAPair = ({ kind, listener }: OtherRoute) =>
    arePaired(otherRoutes.filter((other) => other.listener === listener)) ||
    (kind === 'listener' && arePaired(otherRoutes.filter((other) => other.kind === 'listener')))
  return otherRoutes
    .filter((route) => leadsTo(route, live) && !isOfAPair(route))
    .map(({ kind, arn }) => ({
      setting: `${kind}-arn`,
      isWarning: true,
      what: `The ${kind} ${arn} forwards to ${live} too, and is not named: no switch moves it, and whoever comes through it meets nobody when ${live} is stopped.`,
      fix: `Name it as \`${kind}-arn\` with the others, or have the old color stay: \`old-color: keep\`. Where it is meant to lead to ${live} whichever is live, make one like it for ${otherColor(live)}.`,
    }))
}
