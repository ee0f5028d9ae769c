/** The moment from which a color is up: one container of each service was started, so that its image is known by digest. */
import { repositoryOf } from '../../images.ts'
import { judgeAll } from '../../readiness.ts'
import { ChangeFailed, type Images, type Surroundings, TargetUnreachable } from '../../target.ts'
import type { Deployment, Pod } from '../objects.ts'
import type { KubernetesService } from '../settings.ts'
import { containerOf } from './patch.ts'
import { digestOf, newestPods } from './pods.ts'
import type { Watching } from './watching.ts'

export interface Started {
  readonly service: KubernetesService
  readonly watching: Watching
  /** As it was ordered. */
  readonly image: string | null
}

const betweenLooks = 100

/**
 * Whoever has to migrate a database does so for a release that is there. Throws ChangeFailed when a pod cannot be, or none was
 * started in the time of a change.
 */
export async function awaitStart(
  { clock, signal, deployTimeout }: Pick<Surroundings, 'clock' | 'signal' | 'deployTimeout'>,
  started: readonly Started[],
): Promise<Images> {
  const deadline = clock.monotonic() + deployTimeout
  for (;;) {
    const readiness = judgeAll(await Promise.all(started.map(({ watching }) => watching.ready())))
    if (readiness.kind === 'fatal') throw new ChangeFailed(readiness.reason)
    const images = started.map((each) => [each.service.name, imageOf(each)] as const)
    if (images.every(([, image]) => image !== undefined)) {
      return Object.fromEntries(images.map(([name, image]) => [name, image ?? null]))
    }
    if (clock.monotonic() >= deadline) {
      const reason = readiness.kind === 'ready' ? 'no container tells its image' : readiness.reason
      if (readiness.kind === 'silent') throw new TargetUnreachable(reason)
      throw new ChangeFailed(`Nothing was started within ${Math.round(deployTimeout / 1_000)} s: ${reason}`)
    }
    await clock.sleep(betweenLooks, signal)
  }
}

/** undefined: not started yet. */
function imageOf({ service, watching, image }: Started): string | null | undefined {
  const { deployment } = watching
  if (deployment === null) return undefined
  const pods = newestPods(deployment, watching.pods)
  const name = image === null ? null : containerNameOf(deployment, service)
  const running = pods.filter((pod) => isStarted(pod, name))
  if (running.length === 0) return undefined
  return image === null || name === null ? image : pinnedImage(image, running, name)
}

const containerNameOf = (deployment: Deployment, { container }: KubernetesService): string | null =>
  deployment.spec.template.spec.containers[containerOf(deployment, container)]?.name ?? null

/** null: any of them. */
const isStarted = ({ status }: Pod, container: string | null): boolean =>
  status.containerStatuses.some(
    ({ name, state = {}, restartCount }) =>
      (container === null || name === container) &&
      (state.running !== undefined || state.terminated !== undefined || restartCount > 0),
  )

/** A tag may move between two pulls: then there is no one digest to tell. */
export function pinnedImage(image: string, pods: readonly Pod[], container: string): string {
  if (image.includes('@')) return image
  const digests = new Set(pods.map((pod) => digestOf(pod, container, image)))
  const [digest = null] = digests
  return digests.size === 1 && digest !== null ? `${repositoryOf(image)}@${digest}` : image
}
