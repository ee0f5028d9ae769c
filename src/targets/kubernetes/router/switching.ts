/** Moves all Services to a color, each in one step, and one after the other. */
import { mend } from '../../mending.ts'
import { messageOf } from '../../message.ts'
import { isWayBack, type Order, refusal } from '../../order.ts'
import { type Color, type Evidence, LeaseLost, otherColor } from '../../target.ts'
import { change } from '../guarding.ts'
import { type Service, serviceSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { isReady } from '../ready-pods.ts'
import { textOf } from './advice.ts'
import { type Labels, mismatches } from './colors.ts'
import { type Journey, putBack } from './mending.ts'
import { widened } from './overlap.ts'
import { findParts, type Part } from './parts.ts'
import { preview } from './preview.ts'
import { confirmEndpoints } from './proof.ts'
import { selecting } from './selecting.ts'
import { type Memory, serviceName } from './survey.ts'

/**
 * Nothing in the API says when a node sends users elsewhere. kube-proxy looks at most once in this time unless told otherwise, and
 * until then a check in public would be answered by the color that was left:
 * https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/#kubeproxy-config-k8s-io-v1alpha1-KubeProxyIPTablesConfiguration
 */
const nodesFollow = 1_000

export async function switchServices(place: Place, memory: Memory, order: Order): Promise<Evidence> {
  const { surroundings } = place
  const { clock } = surroundings
  const parts = await findParts(place, memory, order)
  const journey: Journey = { place, order, moved: new Map() }
  let began = clock.monotonic()
  try {
    if (await overlap(journey, parts)) began = clock.monotonic()
    for (const part of parts) await moveTo(journey, part, part.colorKey.values[order.to])
  } catch (error) {
    const moved = [...journey.moved].map(([part, service]) => ({
      name: part.name,
      putBack: (back: Color) => putBack(journey, { part, service, back }),
    }))
    throw await mend({ order, signal: surroundings.signal, moved }, error)
  }
  await confirmEndpoints(place, parts)
  const taken = Math.round(clock.monotonic() - began)
  if (!isWayBack(order)) await clock.sleep(nodesFollow, surroundings.signal)
  const proven = parts.map((part) => evidenceOf(part, order)).join('; ')
  const said = await pointPreview(place, order)
  return { detail: `${proven}, ${taken} ms after the change began${said === null ? '' : `; ${said}`}` }
}

const evidenceOf = ({ name, colorKey: { key, values }, pods }: Part, { to }: Order): string =>
  `Service ${name} selects ${key}=${values[to]}, and its endpoints are exactly the ${pods.filter(isReady).length} ready pods of ${to}`

/** Answers whether there was one. On a way back the color that failed goes at once. */
async function overlap(journey: Journey, parts: readonly Part[]): Promise<boolean> {
  const { place, order } = journey
  const { settings, surroundings } = place
  if (settings.overlap === 0 || order.from.kind !== 'color' || isWayBack(order)) return false
  const wide = await Promise.all(parts.map((part) => widened(place, part, order)))
  for (const part of parts) await moveTo(journey, part, undefined)
  await confirmEndpoints(place, wide)
  await surroundings.clock.sleep(settings.overlap, surroundings.signal)
  return true
}

/** undefined: to both colors. */
async function moveTo(
  { place, order, moved }: Journey,
  part: Part,
  value: string | undefined,
): Promise<void> {
  const before = moved.get(part)
  const service = await change(place.cluster, {
    object: serviceName(part.name),
    shape: serviceSchema,
    lease: order.guard.lease,
    name: `The switch to ${order.to}`,
    read: before ?? part.service,
    edit: (service) => {
      assertExpected({ part, order, before }, service.spec.selector ?? {})
      return selecting(service, part.colorKey.key, value)
    },
  })
  moved.set(part, service)
}

interface Move {
  readonly part: Part
  readonly order: Order
  /** What we made of it already. */
  readonly before: Service | undefined
}

/** From mixed or unknown there is no color to compare with: this is how traffic is brought back from there. */
function assertExpected({ part, order, before }: Move, selector: Labels): void {
  const { name, service, colorKey } = part
  const { from } = order
  const named = from.kind === 'color' ? { [colorKey.key]: colorKey.values[from.color] } : {}
  const expected = before?.spec.selector ?? { ...service.spec.selector, ...named }
  const isAny = before === undefined && (from.kind === 'mixed' || from.kind === 'unknown')
  const ignored = isAny ? colorKey.key : null
  const others = [...mismatches(expected, ignored, selector), ...mismatches(selector, ignored, expected)]
  if (others.length === 0 && from.kind !== 'nobody') return
  const wanted = from.kind === 'nobody' ? 'nobody' : textOf(expected)
  throw refusal(order, `Service ${name} selects ${textOf(selector)}, and ${wanted} was expected`)
}

/** Traffic is where it should be by then: what fails here is told and forgiven. */
async function pointPreview(place: Place, { to, guard }: Order): Promise<string | null> {
  try {
    return await preview(place, otherColor(to), guard.lease)
  } catch (error) {
    if (error instanceof LeaseLost || place.surroundings.signal.aborted) throw error
    return messageOf(error)
  }
}
