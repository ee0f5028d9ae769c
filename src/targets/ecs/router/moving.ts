/** One listener or rule, moved from what it was read with to another color. */
import type { Terms } from '../../../aws/aws.ts'
import type { Returned } from '../../mending.ts'
import { messageOf } from '../../message.ts'
import { type Order, refusal } from '../../order.ts'
import { type Color, type Guard, LeaseLost, TargetUnreachable } from '../../target.ts'
import type { Place } from '../place.ts'
import type { ServiceReader } from '../services.ts'
import type { Route } from '../settings.ts'
import { forwardTo } from './forward.ts'
import { survey } from './survey.ts'
import { detailOf, isOn, requestFor, type Seen, sendRequest } from './traffic.ts'

export interface Moving {
  readonly place: Place
  readonly reader: ServiceReader
  /** That the lease is ours. */
  demand(guard: Guard, change: string): Promise<Terms>
}

/**
 * AWS compares nothing in the same step: the lease and the actions are read right before, and one call may be under way when
 * somebody else comes. Answers whether there was something to move.
 */
export async function moveRoute(moving: Moving, route: Route, order: Order): Promise<boolean> {
  const { place, reader, demand } = moving
  const [seen, terms] = await Promise.all([
    survey(place, reader, [route]).then(([one]) => one),
    demand(order.guard, `The switch to ${order.to}`),
  ])
  if (seen === undefined) return false
  assertExpected(seen, order)
  return forward(place, seen, { to: order.to, terms })
}

/** From mixed or unknown there is no color to compare with: this is how traffic is brought back from there. */
export function assertExpected(seen: Seen, order: Order): void {
  const { from, to } = order
  if (from.kind === 'mixed' || from.kind === 'unknown') {
    if ('pair' in seen.reading && seen.reading.pair !== null) return
    throw refusal(order, `${detailOf(seen)}, so that nobody knows what would be ${to} there`)
  }
  const expected = from.kind === 'color' ? from.color : null
  if (expected !== null && isOn(seen, expected)) return
  throw refusal(order, `${detailOf(seen)}, and ${expected ?? 'nobody'} was expected`)
}

interface Way {
  readonly to: Color
  readonly terms: Terms
}

async function forward(
  { aws }: Place,
  { route, actions, reading }: Seen,
  { to, terms }: Way,
): Promise<boolean> {
  if (!('pair' in reading) || reading.pair === null || (reading.kind === 'color' && reading.color === to))
    return false
  await sendRequest(aws, requestFor(route, forwardTo(actions, reading.pair, to)), terms)
  return true
}

interface Returning {
  readonly route: Route
  readonly order: Order
  readonly back: Color
}

/** What was moved before another one failed. Whoever has moved it on since is left alone. */
export async function putBack(moving: Moving, { route, order, back }: Returning): Promise<Returned> {
  const title = `${route.kind} ${route.arn}`
  try {
    await moveRoute(moving, route, { from: { kind: 'color', color: order.to }, to: back, guard: order.guard })
    return { said: `The ${title} was put back on ${back}.`, isBack: true }
  } catch (error) {
    if (error instanceof LeaseLost || error instanceof TargetUnreachable) throw error
    return { said: `The ${title} could not be put back on ${back}: ${messageOf(error)}`, isBack: false }
  }
}
