/** Listeners and rules that nobody named, and that lead users to a color all the same. */
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import { otherColor, type PerColor, type Problem } from '../../target.ts'
import { pairsIn } from '../pairs.ts'
import type { Place } from '../place.ts'
import { forwardIn, groupsOf } from '../router/forward.ts'
import type { Route } from '../settings.ts'
import { type Look, liveColor } from './look.ts'

export interface OtherRoute extends Route {
  readonly actions: readonly Action[]
  /** The listener of a rule; null: it is one. */
  readonly listener: string | null
}

/** Of the load balancers, those that are not named. */
export async function readOtherRoutes(
  { aws, settings }: Place,
  balancers: readonly string[],
): Promise<readonly OtherRoute[]> {
  const named = new Set(settings.routes.map(({ arn }) => arn))
  const pages = await Promise.all(
    balancers.map((LoadBalancerArn) =>
      aws.ask('elasticloadbalancing:DescribeListeners', { LoadBalancerArn }),
    ),
  )
  const listeners = pages.flatMap(({ Listeners = [] }) => Listeners)
  const rules = await Promise.all(
    listeners.map(async ({ ListenerArn }) => {
      const { Rules = [] } = await aws.ask('elasticloadbalancing:DescribeRules', { ListenerArn })
      return Rules.flatMap(
        ({ RuleArn: arn = '', Actions: actions = [], IsDefault }): readonly OtherRoute[] =>
          IsDefault ? [] : [{ kind: 'rule', arn, actions, listener: ListenerArn ?? null }],
      )
    }),
  )
  const defaults = listeners.map(
    ({ ListenerArn: arn = '', DefaultActions: actions = [] }): OtherRoute => ({
      kind: 'listener',
      arn,
      actions,
      listener: null,
    }),
  )
  return [...defaults, ...rules.flat()].filter(({ arn }) => !named.has(arn))
}

/**
 * Those that go to the live color, and would go there when it has ended. What leads to either color for tests comes in pairs: it
 * is meant to stay.
 */
export function otherRouteWarnings(look: Look): readonly Problem[] {
  const live = liveColor(look)
  if (live === null) return []
  const pairs = pairsIn(look.settings.services, look.services)
  const leadsTo = ({ actions }: OtherRoute, color: keyof PerColor<string>) => {
    const forward = forwardIn(actions)
    const served = forward === null ? [] : groupsOf(forward).filter(({ weight }) => weight > 0)
    return served.some(({ arn }) => pairs.some((pair) => pair[color] === arn))
  }
  const beside = (route: OtherRoute) => look.otherRoutes.filter(({ listener }) => listener === route.listener)
  const count = (routes: readonly OtherRoute[], color: keyof PerColor<string>) =>
    routes.filter((route) => leadsTo(route, color)).length
  return look.otherRoutes
    .filter((route) => leadsTo(route, live))
    .filter((route) => count(beside(route), live) > count(beside(route), otherColor(live)))
    .map(
      ({ kind, arn }): Problem => ({
        setting: `${kind}-arn`,
        isWarning: true,
        what: `The ${kind} ${arn} forwards to ${live} too, and is not named: no switch moves it, and whoever comes through it meets nobody when ${live} is stopped.`,
        fix: `Name it as \`${kind}-arn\` with the others, or have the old color stay: \`old-color: keep\`. Where it is meant to lead to ${live} whichever is live, make one like it for ${otherColor(live)}.`,
      }),
    )
}
