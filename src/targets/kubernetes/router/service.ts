/** Services as the router: users follow their selectors. */
import type { Traffic } from '../../target.ts'
import type { Place } from '../place.ts'
import { ReadRefused } from '../reading.ts'
import { preview } from './preview.ts'
import type { KubernetesRouter } from './router.ts'
import { type Memory, repairOf, routedServices, survey, trafficOf } from './survey.ts'
import { switchServices } from './switching.ts'

export function serviceRouter(place: Place): KubernetesRouter {
  const memory: Memory = { keys: new Map(), seen: null }
  return {
    observe: () => observe(place, memory),
    switch: (from, to, guard) => switchServices(place, memory, { from, to, guard }),
    manual: (to) =>
      routedServices(place).map((routed) => {
        const seen = memory.seen?.find(({ name }) => name === routed.name)
        return repairOf(place, seen ?? { ...routed, reading: null }, to)
      }),
    pointPreview: (color, lease) => preview(place, color, lease),
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
