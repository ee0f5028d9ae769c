/** Colors that ECS services run. */
import { Refusal } from '../../../aws/aws.ts'
import {
  ChangeFailed,
  type Color,
  type ColorState,
  type PerColor,
  type Reach,
  type Runtime,
} from '../../target.ts'
import { groupsOf } from '../pairs.ts'
import type { Place } from '../place.ts'
import type { EcsService } from '../settings.ts'
import { type ChangingParts, deployColor, stopColor } from './changing.ts'
import { diagnose } from './diagnosing.ts'
import { readHealth } from './health.ts'
import { describeColor, type ObservedService } from './observe.ts'
import { awaitStart } from './starting.ts'
import { markOf } from './task-definition.ts'

/** By the service of the app; null: there is none. */
export type ColorUrls = Readonly<Record<string, PerColor<string> | null>>

export interface RuntimeParts extends ChangingParts {
  readonly colorUrls: ColorUrls
}

export function ecsRuntime(place: Place, parts: RuntimeParts): Runtime {
  const { settings } = place
  const { reader, watching } = parts
  const named = (services: readonly string[]): readonly EcsService[] =>
    settings.services.filter(({ name }) => services.includes(name))

  const observeService = async (
    { name, start, ecsService }: EcsService,
    color: Color,
  ): Promise<ObservedService> => {
    const service = (await reader.read()).get(ecsService[color])
    if (service === undefined) return { name, start, service, mark: null, draining: 0 }
    const isDown = (service.desiredCount ?? 0) === 0 && (service.runningCount ?? 0) === 0
    const [definition, groups] = await Promise.all([
      reader.definition(service.taskDefinition ?? ''),
      isDown ? readHealth(place, service) : [],
    ])
    const draining = groups.flat().filter(({ TargetHealth }) => /^draining/.test(TargetHealth?.State ?? ''))
    return { name, start, service, mark: markOf(definition.taskDefinition ?? {}), draining: draining.length }
  }

  const observe = async (color: Color): Promise<ColorState> => {
    try {
      return describeColor(await Promise.all(settings.services.map((one) => observeService(one, color))))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { presence: 'unknown', version: null, detail: error.message }
    }
  }

  const reach = async (color: Color, service: string): Promise<readonly Reach[]> => {
    const url = parts.colorUrls[service]?.[color]
    if (url === undefined) return []
    const known = await reader.known()
    const [name] = named([service]).map(({ ecsService }) => ecsService[color])
    const found = name === undefined ? undefined : known.get(name)
    const isShared = Object.entries(parts.colorUrls).some(
      ([other, urls]) => other !== service && urls?.[color] === url,
    )
    // No load balancer leads to it: an answer there would be that of another service.
    if (isShared && found !== undefined && groupsOf(found).length === 0) return []
    if (found?.desiredCount === 0)
      throw new ChangeFailed(`${name} is scaled to 0: there is nothing behind ${url}`)
    const headers = Object.fromEntries(
      Object.entries(settings.testHeaders).map(([header, value]) => [
        header,
        value.replaceAll('{color}', color),
      ]),
    )
    return [{ kind: 'url', url, headers }]
  }

  const stop: Runtime['stop'] = (color, guard) =>
    stopColor({ place, parts, color, guard: { ...guard, color: 'not-live' } })

  return {
    observe,
    deploy: async (color, order, guard) => {
      const begun = await deployColor({ place, parts, color, guard }, order)
      return awaitStart({ place, reader, watching, color }, begun)
    },
    ready: (color, services) => watching.ready(color, named(services)),
    reach,
    stop,
    // The services, with their networks and target groups, are the infrastructure of the app: we have not made them.
    remove: stop,
    quiet: async () => 'at-stop',
    diagnose: (color) => diagnose(place, reader, color),
  }
}
