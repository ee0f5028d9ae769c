/** The moment from which a color is up: one task of each service runs, so that its image is known by digest. */
import type { Task } from '@aws-sdk/client-ecs'
import { repositoryOf } from '../../images.ts'
import { ChangeFailed, type Color, type Images, TargetUnreachable } from '../../target.ts'
import type { Place } from '../place.ts'
import type { ServiceReader } from '../services.ts'
import type { Begun } from './changing.ts'
import { primaryOf } from './judge.ts'
import { tasksOf } from './listing.ts'
import type { Watching } from './watching.ts'

export interface Starting {
  readonly place: Place
  readonly reader: ServiceReader
  readonly watching: Watching
  readonly color: Color
}

/**
 * Whoever has to migrate a database does so for a release that is there. Throws ChangeFailed when a task cannot be, or none was
 * started in the time of a change.
 */
export async function awaitStart(starting: Starting, begun: readonly Begun[]): Promise<Images> {
  const { place, watching, color } = starting
  const { clock, signal, deployTimeout } = place.surroundings
  const deadline = clock.monotonic() + deployTimeout
  for (;;) {
    const readiness = await watching.look(
      color,
      begun.map(({ service }) => service),
    )
    if (readiness.kind === 'fatal') throw new ChangeFailed(readiness.reason)
    const images = readiness.kind === 'silent' ? null : await startedImages(starting, begun)
    if (images !== null) return images
    if (clock.monotonic() >= deadline) {
      const reason = readiness.kind === 'ready' ? 'no task tells its image' : readiness.reason
      if (readiness.kind === 'silent') throw new TargetUnreachable(reason)
      throw new ChangeFailed(`No task was started within ${Math.round(deployTimeout / 1_000)} s: ${reason}`)
    }
    await clock.sleep(place.pause(), signal)
  }
}

/** null: one of them has no task that runs yet. */
async function startedImages({ place, reader }: Starting, begun: readonly Begun[]): Promise<Images | null> {
  const { aws, settings } = place
  const known = await reader.known()
  const isUp = begun.every(
    ({ running }) => (primaryOf(known.get(running.serviceName ?? '') ?? running)?.runningCount ?? 0) > 0,
  )
  if (!isUp) return null
  const images = await Promise.all(
    begun.map(async ({ service, running, container, image }) => {
      const { serviceName } = running
      const tasks = await tasksOf(aws, { cluster: settings.cluster, serviceName, desiredStatus: 'RUNNING' })
      const ours = tasks.filter(({ startedBy }) => startedBy === primaryOf(running)?.id)
      return [service.name, pinnedImage(image, ours, container)] as const
    }),
  )
  return Object.fromEntries(images)
}

/** A tag may move between two pulls: then there is no one digest to tell. */
export function pinnedImage(image: string, tasks: readonly Task[], container: string): string {
  if (image.includes('@')) return image
  const digests = new Set(
    tasks.flatMap(({ containers = [] }) => {
      const digest = containers.find(({ name }) => name === container)?.imageDigest
      return digest === undefined ? [] : [digest]
    }),
  )
  const [digest] = digests
  return digests.size === 1 ? `${repositoryOf(image)}@${digest}` : image
}
