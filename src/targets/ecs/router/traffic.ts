/** What all listeners and rules of an app say together, and what a person types where they do not agree. */
import type {
  Action,
  ModifyListenerCommandInput,
  ModifyRuleCommandInput,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Aws, Terms } from '../../../aws/aws.ts'
import { shell } from '../../../host/script.ts'
import type { Color, Traffic } from '../../target.ts'
import type { EcsService, Route } from '../settings.ts'
import { forwardTo, type GroupPair, type Reading, readActions } from './forward.ts'

/** A listener or rule as it was read. */
export interface Seen {
  readonly route: Route
  readonly actions: readonly Action[]
  readonly reading: Reading
}

export const see = (route: Route, actions: readonly Action[], pairs: readonly GroupPair[]): Seen => ({
  route,
  actions,
  reading: readActions(actions, pairs),
})

/** A service that names listeners of its own is behind those alone, and the others are behind all that nobody names. */
export function pairsBehind(
  route: Route,
  services: readonly EcsService[],
  pairs: readonly GroupPair[],
): readonly GroupPair[] {
  const owners = services.filter(({ routes }) => routes.some(({ arn }) => arn === route.arn))
  const behind = owners.length > 0 ? owners : services.filter(({ routes }) => routes.length === 0)
  return pairs.filter((pair) => behind.some(({ name }) => name === pair.service))
}

export function trafficOf(seen: readonly Seen[]): Traffic {
  const strange = seen.filter(({ reading }) => reading.kind === 'stranger' || reading.kind === 'no-forward')
  const repair = choices((color) => seen.flatMap((one) => repairOf(one, color)))
  if (strange.length > 0)
    return { kind: 'unknown', detail: strange.map(detailOf).join('; '), repair: repairable(strange, repair) }
  const [first, ...others] = seen
  if (first === undefined) return { kind: 'unknown', detail: 'no listener or rule is named', repair: [] }
  const { reading } = first
  if (reading.kind === 'color' && others.every((other) => isOn(other, reading.color)))
    return { kind: 'color', color: reading.color }
  return { kind: 'mixed', detail: seen.map(detailOf).join(', '), repair }
}

export const isOn = ({ reading }: Seen, color: Color): boolean =>
  reading.kind === 'color' && reading.color === color

/** Half of a repair would be a mess of another kind. */
const repairable = (strange: readonly Seen[], repair: readonly string[]): readonly string[] =>
  strange.every(({ reading }) => 'pair' in reading && reading.pair !== null)
    ? repair
    : strange.map(({ route }) => lookAt(route))

const choices = (commands: (color: Color) => readonly string[]): readonly string[] =>
  (['blue', 'green'] as const).flatMap((color) => [`# to put traffic on ${color}:`, ...commands(color)])

function repairOf({ route, actions, reading }: Seen, to: Color): readonly string[] {
  const isThere = reading.kind === 'color' && reading.color === to
  if (isThere || !('pair' in reading) || reading.pair === null) return []
  return [commandFor(requestFor(route, forwardTo(actions, reading.pair, to)))]
}

export function detailOf({ route, reading }: Seen): string {
  const title = `${route.kind} ${route.arn}`
  switch (reading.kind) {
    case 'color':
      return `${title} forwards to ${reading.color}`
    case 'weighted': {
      const { blue, green } = reading.weights
      return `${title} forwards to both colors, blue with weight ${blue} and green with weight ${green}`
    }
    case 'stranger':
      return reading.groups.length === 0
        ? `${title} forwards to no target group with a weight above 0`
        : `${title} forwards to ${reading.groups.join(' and ')}, and not to the target group of one color alone`
    case 'no-forward':
      return `${title} forwards to no target group${reading.type === null ? '' : `: its action is ${reading.type}`}`
  }
}

export type Request =
  | { readonly action: 'elasticloadbalancing:ModifyListener'; readonly input: ModifyListenerCommandInput }
  | { readonly action: 'elasticloadbalancing:ModifyRule'; readonly input: ModifyRuleCommandInput }

/** What is not named stays as it is: certificates, attributes, conditions, priorities. */
export const requestFor = ({ kind, arn }: Route, actions: Action[]): Request =>
  kind === 'listener'
    ? {
        action: 'elasticloadbalancing:ModifyListener',
        input: { ListenerArn: arn, DefaultActions: actions },
      }
    : { action: 'elasticloadbalancing:ModifyRule', input: { RuleArn: arn, Actions: actions } }

export async function sendRequest(aws: Aws, request: Request, terms: Terms): Promise<void> {
  if (request.action === 'elasticloadbalancing:ModifyListener')
    await aws.ask(request.action, request.input, terms)
  else await aws.ask(request.action, request.input, terms)
}

export function commandFor(request: Request): string {
  if (request.action === 'elasticloadbalancing:ModifyListener') {
    const { ListenerArn = '', DefaultActions } = request.input
    return elbv2('modify-listener', ListenerArn, [
      '--listener-arn',
      ListenerArn,
      '--default-actions',
      JSON.stringify(DefaultActions),
    ])
  }
  const { RuleArn = '', Actions } = request.input
  return elbv2('modify-rule', RuleArn, ['--rule-arn', RuleArn, '--actions', JSON.stringify(Actions)])
}

export const lookAt = ({ kind, arn }: Route): string =>
  kind === 'listener'
    ? elbv2('describe-listeners', arn, ['--listener-arns', arn])
    : elbv2('describe-rules', arn, ['--rule-arns', arn])

const elbv2 = (command: string, arn: string, words: readonly string[]): string =>
  shell('aws', 'elbv2', command, '--region', arn.split(':')[3] ?? '', ...words)
