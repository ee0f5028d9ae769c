/** The listeners and rules that users come through, and the color that each of them forwards to. */
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Aws } from '../../../aws/aws.ts'
import { pairsIn } from '../pairs.ts'
import type { Place } from '../place.ts'
import type { ServiceReader, Services } from '../services.ts'
import type { EcsService, Route } from '../settings.ts'
import { pairsBehind, type Seen, see } from './traffic.ts'

/** As they are now, with the target groups that the services are known to have. Throws Refusal where one of them is not there. */
export async function survey(
  { aws, settings: { services } }: Place,
  reader: ServiceReader,
  routes: readonly Route[],
): Promise<readonly Seen[]> {
  const [known, actions] = await Promise.all([reader.known(), readActions(aws, routes)])
  const seen = seeAll(actions, services, known)
  if (seen.every(({ reading }) => reading.kind !== 'stranger')) return seen
  // A service may have been given another target group since it was read.
  return seeAll(actions, services, await reader.read())
}

type Found = readonly (readonly [Route, readonly Action[]])[]

function seeAll(actions: Found, services: readonly EcsService[], found: Services): readonly Seen[] {
  const pairs = pairsIn(services, found)
  return actions.map(([route, read]) => see(route, read, pairsBehind(route, services, pairs)))
}

async function readActions(aws: Aws, routes: readonly Route[]): Promise<Found> {
  const arns = (kind: Route['kind']) => routes.flatMap((route) => (route.kind === kind ? [route.arn] : []))
  const found = new Map([
    ...(await Promise.all([readListeners(aws, arns('listener')), readRules(aws, arns('rule'))])).flat(),
  ])
  return routes.map((route) => [route, found.get(route.arn) ?? []])
}

type ByArn = readonly (readonly [arn: string, actions: readonly Action[]])[]

async function readListeners(aws: Aws, arns: readonly string[]): Promise<ByArn> {
  if (arns.length === 0) return []
  const { Listeners = [] } = await aws.ask('elasticloadbalancing:DescribeListeners', {
    ListenerArns: [...arns],
  })
  return Listeners.map(({ ListenerArn = '', DefaultActions = [] }) => [ListenerArn, DefaultActions])
}

async function readRules(aws: Aws, arns: readonly string[]): Promise<ByArn> {
  if (arns.length === 0) return []
  const { Rules = [] } = await aws.ask('elasticloadbalancing:DescribeRules', { RuleArns: [...arns] })
  return Rules.map(({ RuleArn = '', Actions = [] }) => [RuleArn, Actions])
}
