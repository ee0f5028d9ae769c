/** What the actions of a listener or rule say about colors. */
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Color, PerColor } from '../../target.ts'

/** Target groups of the two colors of one service that stand for each other, by their ARNs. */
export interface GroupPair extends PerColor<string> {
  /** Of the app. */
  readonly service: string
}

export type Reading =
  | { readonly kind: 'color'; readonly color: Color; readonly pair: GroupPair }
  /** Both get requests. */
  | { readonly kind: 'weighted'; readonly weights: PerColor<number>; readonly pair: GroupPair }
  /** `groups`: what gets requests, and is of no color, or of several services. `pair`: the only one it could be. */
  | { readonly kind: 'stranger'; readonly groups: readonly string[]; readonly pair: GroupPair | null }
  /** Requests end at the load balancer. `type`: what it does instead; null: it has no action at all. */
  | { readonly kind: 'no-forward'; readonly type: string | null }

/** `pairs`: those that the actions may forward to. */
export function readActions(actions: readonly Action[], pairs: readonly GroupPair[]): Reading {
  const forward = forwardIn(actions)
  if (forward === null) return { kind: 'no-forward', type: lastOf(actions)?.Type ?? null }
  const served = groupsOf(forward).filter(({ weight }) => weight > 0)
  const isServed = (pair: GroupPair) =>
    served.length > 0 && served.every(({ arn }) => arn === pair.blue || arn === pair.green)
  const pair = pairs.find(isServed)
  if (pair === undefined) {
    const [only = null, ...more] = pairs
    return {
      kind: 'stranger',
      groups: served.map(({ arn }) => arn),
      pair: more.length === 0 ? only : null,
    }
  }
  const weightOf = (color: Color) => served.find(({ arn }) => arn === pair[color])?.weight ?? 0
  const weights = { blue: weightOf('blue'), green: weightOf('green') }
  if (weights.blue > 0 && weights.green > 0) return { kind: 'weighted', weights, pair }
  return { kind: 'color', color: weights.blue > 0 ? 'blue' : 'green', pair }
}

/** The last action ends a request, after those that authenticate: it is the one that may forward. */
export const forwardIn = (actions: readonly Action[]): Action | null => {
  const last = lastOf(actions)
  return last?.Type === 'forward' ? last : null
}

const lastOf = (actions: readonly Action[]): Action | undefined =>
  [...actions].sort((one, other) => (one.Order ?? 0) - (other.Order ?? 0)).at(-1)

export interface WeightedGroup {
  readonly arn: string
  readonly weight: number
}

/** A group without a weight gets requests: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupTuple.html */
export function groupsOf({ TargetGroupArn, ForwardConfig }: Action): readonly WeightedGroup[] {
  const groups = ForwardConfig?.TargetGroups ?? []
  if (groups.length === 0) return TargetGroupArn === undefined ? [] : [{ arn: TargetGroupArn, weight: 1 }]
  return groups.flatMap(({ TargetGroupArn: arn, Weight: weight = 1 }) =>
    arn === undefined ? [] : [{ arn, weight }],
  )
}

/**
 * The same actions with all requests sent to `to`. What got them before stays, at weight 0: AWS goes on checking its health, and a
 * way back to a group that nothing names would lead to targets that nobody has checked.
 */
export const forwardTo = (actions: readonly Action[], pair: GroupPair, to: Color): Action[] =>
  withGroups(actions, (groups) => {
    const weight = Math.max(0, ...groups.map((group) => group.weight)) || 1
    const others = (some: readonly WeightedGroup[]) => some.map(({ arn }) => ({ arn, weight: 0 }))
    const place = groups.findIndex(({ arn }) => arn === pair[to])
    const before = place < 0 ? groups : groups.slice(0, place)
    const after = place < 0 ? [] : groups.slice(place + 1)
    return [...others(before), { arn: pair[to], weight }, ...others(after)]
  })

/** With the idle group besides at weight 0: AWS checks the health of no group that nothing names. */
export const attachIdle = (actions: readonly Action[], pair: GroupPair, idle: Color): Action[] =>
  withGroups(actions, (groups) =>
    groups.some(({ arn }) => arn === pair[idle]) ? groups : [...groups, { arn: pair[idle], weight: 0 }],
  )

function withGroups(
  actions: readonly Action[],
  change: (groups: readonly WeightedGroup[]) => readonly WeightedGroup[],
): Action[] {
  const forward = forwardIn(actions)
  return actions.map((action) => (action === forward ? regrouped(action, change) : kept(action)))
}

/** Where both are given they have to name the same group: the configuration alone says it all. */
function regrouped(
  action: Action,
  change: (groups: readonly WeightedGroup[]) => readonly WeightedGroup[],
): Action {
  const { TargetGroupArn: _, ...rest } = action
  const TargetGroups = change(groupsOf(action)).map(({ arn, weight }) => ({
    TargetGroupArn: arn,
    Weight: weight,
  }))
  return { ...rest, ForwardConfig: { ...action.ForwardConfig, TargetGroups } }
}

/** AWS never tells the secret of a client, and keeps it where it is asked to. */
function kept(action: Action): Action {
  const { AuthenticateOidcConfig: oidc } = action
  if (oidc === undefined) return action
  const { ClientSecret: _, ...rest } = oidc
  return { ...action, AuthenticateOidcConfig: { ...rest, UseExistingClientSecret: true } }
}
