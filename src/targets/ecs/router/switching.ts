/** Moves all listeners and rules of an app to a color, one after the other. */
import { mend } from '../../mending.ts'
import { isWayBack, type Order, refusal } from '../../order.ts'
import { ChangeFailed, type Color, type Evidence } from '../../target.ts'
import type { Route } from '../settings.ts'
import { assertExpected, type Moving, moveRoute, putBack } from './moving.ts'
import { type PublicColor, proveColor } from './proof.ts'
import { survey } from './survey.ts'
import { detailOf, isOn } from './traffic.ts'

export interface Switching extends Moving {
  readonly publicColors: readonly PublicColor[]
  /** Milliseconds that credentials have to last after a switch, so that it can be undone. */
  readonly undoTime: number
}

export async function switchRoutes(switching: Switching, order: Order): Promise<Evidence> {
  const { place, reader } = switching
  const { clock } = place.surroundings
  const { routes } = place.settings
  await assertUndoable(switching, order)
  const moved: Route[] = []
  const began = clock.monotonic()
  try {
    // All of them before the first is moved: one that is elsewhere stops the others where they are.
    if (routes.length > 1) {
      for (const seen of await survey(place, reader, routes)) assertExpected(seen, order)
    }
    for (const route of routes) if (await moveRoute(switching, route, order)) moved.push(route)
  } catch (error) {
    const parts = moved.map((route) => ({
      name: route.arn,
      putBack: (back: Color) => putBack(switching, { route, order, back }),
    }))
    throw await mend({ order, signal: place.surroundings.signal, moved: parts }, error)
  }
  await confirm(switching, order)
  return evidenceOf(switching, order, Math.round(clock.monotonic() - began))
}

/** With credentials that end before the release has proven itself, nobody could go back. */
async function assertUndoable({ place, undoTime }: Switching, order: Order): Promise<void> {
  if (isWayBack(order)) return
  const ends = await place.aws.expiration()
  if (ends === null || ends - place.aws.now() >= undoTime) return
  const needed = Math.round(undoTime / 1_000)
  throw refusal(
    order,
    `the AWS credentials of this job end at ${new Date(ends).toISOString()}, and going back may need them for ${needed} s: let them live longer, such as with \`role-duration-seconds\``,
  )
}

/** AWS promises nowhere that what it shows is what it was told a moment ago. */
const longestLag = 10_000
const pause = 500

/** What AWS shows afterwards, not what it answered. */
async function confirm({ place, reader }: Switching, { to }: Order): Promise<void> {
  const { clock, signal } = place.surroundings
  const deadline = clock.monotonic() + longestLag
  for (;;) {
    const seen = await survey(place, reader, place.settings.routes)
    const others = seen.filter((one) => !isOn(one, to))
    if (others.length === 0) return
    if (clock.monotonic() >= deadline)
      throw new ChangeFailed(
        `The switch to ${to} was accepted, and AWS shows something else: ${others.map(detailOf).join('; ')}.`,
      )
    await clock.sleep(pause, signal)
  }
}

async function evidenceOf(
  { place, publicColors }: Switching,
  order: Order,
  taken: number,
): Promise<Evidence> {
  const { to } = order
  const { clock, signal } = place.surroundings
  const { routes } = place.settings
  const named = routes.length === 1 ? `the ${routes[0]?.kind} forwards` : `all ${routes.length} forward`
  const configured = `${named} to the target group of ${to} alone`
  const began = clock.monotonic()
  const proof = await proveColor(publicColors, { color: to, clock, signal })
  if (proof.kind === 'proven') {
    const followed = Math.round(clock.monotonic() - began)
    return {
      detail: `${configured} after ${taken} ms, and ${proof.requests} answers in public named ${to}, the last one ${followed} ms later`,
    }
  }
  const byConfiguration = `confirmed by configuration: ${configured}, read back from AWS after ${taken} ms`
  if (proof.kind === 'unnamed') return { detail: `${byConfiguration}; no answer in public named its color` }
  const said = `${proof.url} is answered by ${proof.answers}`
  if (isWayBack(order)) return { detail: `${byConfiguration}, though ${said}` }
  throw new ChangeFailed(
    `Traffic was moved to ${to}, and ${said} 30 s later: ${configured}, as AWS shows it.`,
  )
}
