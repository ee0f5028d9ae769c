/** Services as the router: users follow their selectors. */
import type { Traffic } from '../../target.ts'
import { serviceSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { ReadRefused, readObject } from '../reading.ts'
import { readPods } from '../ready-pods.ts'
import type { KubernetesRouter } from './kubernetes-router.ts'
import { manualLines } from './manual.ts'
import { preview } from './preview.ts'
import { confirmEndpoints } from './proof.ts'
import { type Memory, routedServices, serviceName, survey, trafficOf } from './survey.ts'
import { switchServices } from './switching.ts'

export function serviceRouter(place: Place): KubernetesRouter {
  const memory: Memory = { keys: new Map(), sizes: new Map(), seen: null }
  return {
    observe: () => observe(place, memory),
    switch: (from, to, guard) => switchServices(place, memory, { from, to, guard }),
    manual: (to) => manualLines(place, memory, to),
    pointPreview: (color, lease) => preview(place, color, lease),
    confirmFollowed: () => confirmFollowed(place),
  }
}

async function observe(place: Place, memory: Memory): Promise<Traffic> {
  try {
    return trafficOf(place, await survey(place, memory))
  } catch (error) {
    if (!(error instanceof ReadRefused)) throw error
    return { kind: 'unknown', detail: error.message, repair: [] }
  }
}

async function confirmFollowed(place: Place): Promise<void> {
  const found = await Promise.all(
    routedServices(place).map(async ({ name }) => {
      const service = await readObject(place.cluster, serviceName(name), serviceSchema)
      const selector = service?.spec.selector ?? {}
      // Nobody follows a Service without a selector, or one that is gone.
      return Object.keys(selector).length === 0
        ? []
        : [{ name, selector, pods: await readPods(place, selector) }]
    }),
  )
  await confirmEndpoints(place, found.flat())
}
