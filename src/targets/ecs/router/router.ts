import { Refusal } from '../../../aws/aws.ts'
import { shell } from '../../../host/script.ts'
import type { Router, Traffic } from '../../target.ts'
import type { EcsSettings } from '../settings.ts'
import { type Memory, manualLines } from './manual.ts'
import { survey } from './survey.ts'
import { type Switching, switchRoutes } from './switching.ts'
import { lookAt, trafficOf } from './traffic.ts'

/** Forward actions of listeners and rules. */
export function ecsRouter(switching: Switching): Router {
  const { place, reader } = switching
  const { settings } = place
  const memory: Memory = { seen: null, services: null }
  return {
    observe: async () => {
      try {
        memory.seen = await survey(place, reader, settings.routes)
        memory.services = await reader.known()
        return trafficOf(memory.seen)
      } catch (error) {
        if (error instanceof Refusal) return unreadable(settings, error)
        throw error
      }
    },
    switch: (from, to, guard) => switchRoutes(switching, { from, to, guard }),
    manual: (to) => manualLines(settings, memory, to),
  }
}

/** A listener that is gone, or a permission that is missing. */
function unreadable({ cluster, services, routes }: EcsSettings, { message }: Refusal): Traffic {
  const names = services.flatMap(({ ecsService: { blue, green } }) => [blue, green])
  const look = shell('aws', 'ecs', 'describe-services', '--cluster', cluster, '--services', ...names)
  return { kind: 'unknown', detail: message, repair: [...routes.map(lookAt), look] }
}
