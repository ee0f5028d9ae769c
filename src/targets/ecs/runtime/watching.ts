/** What is known of the ECS services of this run, and what AWS says of them now. */
import type { Service } from '@aws-sdk/client-ecs'
import { judgeAll, silent } from '../../readiness.ts'
import type { Color, Readiness } from '../../target.ts'
import type { Place } from '../place.ts'
import type { ServiceReader } from '../services.ts'
import type { EcsService } from '../settings.ts'
import { readHealth } from './health.ts'
import { judgeService, missing, primaryOf } from './judge.ts'
import { failureReader } from './listing.ts'
import { type Memory, nothing, remember } from './memory.ts'

export interface Watching {
  /** The health of the color's services, as AWS tells it now. */
  look(color: Color, services: readonly EcsService[]): Promise<Readiness>
  /** The same; what was read a moment ago is not read again. */
  ready(color: Color, services: readonly EcsService[]): Promise<Readiness>
  /** A service was changed by us, to this. `at`: before it was asked for, by the clock of AWS. */
  began(service: Service, at: number): void
  /** It was told to end. */
  left(name: string): void
}

/** A color that is ready is looked at as often as its checks are made; AWS asks the targets themselves every 5 s at most. */
const longestFresh = 2_000

export function watchServices(place: Place, reader: ServiceReader): Watching {
  const { clock } = place.surroundings
  const memories = new Map<string, Memory>()
  const failures = failureReader(place)
  const recent = new Map<string, { readonly readiness: Readiness; readonly until: number }>()

  const judge = async (name: string, service: Service | undefined): Promise<Readiness> => {
    if (service === undefined) return missing(name)
    const memory = memories.get(name) ?? nothing
    const { began, reached } = memory
    const [groups, failed] = await Promise.all([readHealth(place, service), failures(service, began)])
    const judgment = judgeService(service, { began, groups, now: place.aws.now(), failures: failed, reached })
    if (judgment.kind !== 'ready') return judgment
    const next = remember(memory, service, judgment.serving)
    memories.set(name, next)
    return { kind: 'ready', restarts: next.restarts }
  }

  const judgeColor = async (color: Color, services: readonly EcsService[]): Promise<Readiness> => {
    const found = await reader.read()
    const names = services.map(({ ecsService }) => ecsService[color])
    return judgeAll(await Promise.all(names.map((name) => judge(name, found.get(name)).catch(silent))))
  }

  const keyOf = (color: Color, services: readonly EcsService[]): string =>
    services.map(({ ecsService }) => ecsService[color]).join()

  const look = async (color: Color, services: readonly EcsService[]): Promise<Readiness> => {
    const readiness = await judgeColor(color, services).catch(silent)
    const pause = readiness.kind === 'ready' ? Math.min(longestFresh, place.pause()) : place.pause()
    recent.set(keyOf(color, services), { readiness, until: clock.monotonic() + pause })
    return readiness
  }

  return {
    look,
    ready: async (color, services) => {
      const last = recent.get(keyOf(color, services))
      return last !== undefined && clock.monotonic() < last.until ? last.readiness : look(color, services)
    },
    began: (service, at) => {
      recent.clear()
      const { id: deployment } = primaryOf(service) ?? {}
      const began = deployment === undefined ? null : { deployment, at }
      memories.set(service.serviceName ?? '', { ...nothing, began })
    },
    left: (name) => {
      recent.clear()
      memories.delete(name)
    },
  }
}
