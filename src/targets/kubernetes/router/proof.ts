/** A Service sends its users to the addresses in its EndpointSlices: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ */
import { ChangeFailed } from '../../target.ts'
import { labelSelector, serviceNameLabel } from '../names.ts'
import { type EndpointSlice, endpointSliceSchema, type Pod } from '../objects.ts'
import type { Place } from '../place.ts'
import { readObjects } from '../reading.ts'
import { isReady, readPods } from '../ready-pods.ts'
import type { Labels } from './colors.ts'

export const addressesOf = ({ status }: Pod): readonly string[] =>
  [status.podIP, ...status.podIPs.map(({ ip }) => ip)].filter((address) => address !== undefined)

export async function readEndpoints({ cluster }: Place, service: string): Promise<readonly string[]> {
  const query = { labelSelector: labelSelector({ [serviceNameLabel]: service }) }
  return readyAddresses(
    await readObjects(cluster, { resource: 'endpointslices', query }, endpointSliceSchema),
  )
}

export const readyAddresses = (slices: readonly EndpointSlice[]): readonly string[] => [
  ...new Set(
    slices.flatMap(({ endpoints }) =>
      endpoints.filter(({ conditions }) => conditions.ready !== false).flatMap(({ addresses }) => addresses),
    ),
  ),
]

export interface Difference {
  /** Names of ready pods that get no traffic yet. */
  readonly missing: readonly string[]
  /** Addresses that are of none of the pods. */
  readonly foreign: readonly string[]
}

/** null: exactly the ready pods. A pod of two address families has an address in a slice of each. */
export function differenceOf(pods: readonly Pod[], addresses: readonly string[]): Difference | null {
  const ready = pods.filter(isReady)
  // A Service may publish those that are not ready.
  const ours = new Set(pods.flatMap(addressesOf))
  const missing = ready
    .filter((pod) => !addressesOf(pod).some((address) => addresses.includes(address)))
    .map(({ metadata }) => metadata.name)
  const foreign = addresses.filter((address) => !ours.has(address))
  return missing.length + foreign.length === 0 ? null : { missing, foreign }
}

export const describeDifference = ({ missing, foreign }: Difference): string =>
  [
    ...(missing.length > 0 ? [`${missing.join(', ')} not yet`] : []),
    ...(foreign.length > 0 ? [`${foreign.join(', ')} still`] : []),
  ].join(', and ')

export interface Expected {
  /** Of the Service. */
  readonly name: string
  readonly selector: Labels
  /** With these labels, as read before the change. */
  readonly pods: readonly Pod[]
}

/**
 * The controller follows a change within milliseconds. After an API server that was away it waits up to a minute before it looks
 * again: https://github.com/kubernetes/client-go/blob/v0.34.0/tools/cache/reflector.go (30 s, and up to as much again by chance)
 */
const [firstPause, longestPause, patience] = [5, 500, 120_000]

/** Until the endpoints of each Service are exactly the ready pods that it selects. Throws ChangeFailed with what they are. */
export async function confirmEndpoints(place: Place, all: readonly Expected[]): Promise<void> {
  const { clock, signal } = place.surroundings
  const deadline = clock.monotonic() + patience
  let open = all
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    await clock.sleep(pause, signal)
    // Pods come and go in the meantime: what does not fit is compared with those of that moment.
    const isFirst = pause === firstPause
    const results = await Promise.all(open.map((one) => compare(place, one, isFirst)))
    open = results.filter(({ difference }) => difference !== null)
    if (open.length === 0) return
    if (clock.monotonic() < deadline) continue
    const details = results.flatMap(({ name, difference }) =>
      difference === null ? [] : `Service ${name}: ${describeDifference(difference)}`,
    )
    throw new ChangeFailed(
      `The endpoints have not followed the selectors within ${patience / 1_000} s: ${details.join('; ')}`,
    )
  }
}

async function compare(place: Place, { name, selector, pods: known }: Expected, trustsKnown: boolean) {
  const [addresses, pods] = await Promise.all([
    readEndpoints(place, name),
    trustsKnown ? known : readPods(place, selector),
  ])
  return { name, selector, pods, difference: differenceOf(pods, addresses) }
}
