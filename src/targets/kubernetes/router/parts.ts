/** What a switch is about to do to each Service, and whether anybody would answer there. */

import { type Order, refusal } from '../../order.ts'
import type { Pod, Service } from '../objects.ts'
import type { Place } from '../place.ts'
import { isReady, readPods } from '../ready-pods.ts'
import { labelsOf, textOf } from './advice.ts'
import { type ColorKey, type Labels, mismatches } from './colors.ts'
import { type Memory, type Routed, readDeployments, type Seen, survey } from './survey.ts'

export interface Part extends Routed {
  readonly colorKey: ColorKey
  /** As it was read last. */
  readonly service: Service
  /** What it is to select, and the pods that have it. */
  readonly selector: Labels
  readonly pods: readonly Pod[]
}

/** A selector that selects nobody would lose every request. */
export async function findParts(place: Place, memory: Memory, order: Order): Promise<readonly Part[]> {
  const known = await partsOf(place, memory.seen ?? (await survey(place, memory)), order)
  if (known.every(isPopulated)) return known
  // The labels of a color may have changed with its new release.
  memory.keys.clear()
  const parts = await partsOf(place, await survey(place, memory), order)
  const empty = parts.find((part) => !isPopulated(part))
  if (empty !== undefined) throw refusal(order, await whyUnpopulated(place, empty, order))
  return parts
}

const isPopulated = ({ pods }: Part): boolean => pods.some(isReady)

async function partsOf(place: Place, all: readonly Seen[], order: Order): Promise<readonly Part[]> {
  const lists = new Map<string, Promise<readonly Pod[]>>()
  const podsOf = (selector: Labels) => {
    const text = textOf(selector)
    const list = lists.get(text) ?? readPods(place, selector)
    lists.set(text, list)
    return list
  }
  return Promise.all(
    all.map(async ({ name, app, service, reading, advice }) => {
      if (service === null || reading === null || !('key' in reading))
        throw refusal(order, advice?.detail ?? `Service ${name} cannot be read`)
      const { key, values } = reading
      const selector = { ...service.spec.selector, [key]: values[order.to] }
      return { name, app, service, selector, colorKey: { key, values }, pods: await podsOf(selector) }
    }),
  )
}

async function whyUnpopulated(
  place: Place,
  { name, app, selector, pods }: Part,
  { to }: Order,
): Promise<string> {
  const title = `Deployment ${app.deployment[to]}`
  const whole = `with ${textOf(selector)} Service ${name} would select no ready pod`
  const deployments = await readDeployments(place)
  const deployment = deployments.find(({ metadata }) => metadata.name === app.deployment[to])
  if (deployment === undefined) return `${whole}, and ${title} is not there`
  const others = mismatches(selector, null, labelsOf(deployment)).join(', ')
  if (others === '') return `${whole} (${pods.length} that are not ready)`
  return `${whole}: those of ${title} do not have ${others}. Take it out of the selector, or give it to them`
}
