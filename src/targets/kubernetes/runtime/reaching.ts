/** Ways to a pod of a color before users are sent there: each a port of this machine. */
import { ChangeFailed, type Color, type Reach } from '../../target.ts'
import type { Forward } from '../api/cluster.ts'
import { type Deployment, type Pod, type Service, serviceSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { readObject } from '../reading.ts'
import { isReady } from '../ready-pods.ts'
import type { KubernetesService } from '../settings.ts'
import { newestPods } from './pods.ts'
import { portOf, serviceOf } from './ports.ts'

export interface Look {
  /** null: it is gone. */
  readonly deployment: Deployment | null
  readonly pods: readonly Pod[]
}

export interface Reaching {
  reach(color: Color, service: KubernetesService, look: Look): Promise<readonly Reach[]>
  close(deployment: string): Promise<void>
  closeAll(): Promise<void>
}

interface Way {
  readonly pod: string
  readonly port: number
  readonly forward: Promise<Forward>
}

export function reaching(place: Place): Reaching {
  const { cluster, settings, surroundings } = place
  const services = new Map<string, Promise<Service | null>>()
  const ways = new Map<string, Way>()

  const readService = (name: string) => {
    const read = services.get(name) ?? readObject(cluster, { resource: 'services', name }, serviceSchema)
    services.set(name, read)
    read.catch(() => services.delete(name))
    return read
  }
  const close = async (deployment: string) => {
    const way = ways.get(deployment)
    ways.delete(deployment)
    await way?.forward.then((forward) => forward.close()).catch(() => {})
  }
  const wayTo = async (deployment: string, pod: string, port: number): Promise<Forward> => {
    const there = ways.get(deployment)
    if (there?.pod === pod && there.port === port) return there.forward
    await close(deployment)
    const forward = cluster.forward(pod, port, surroundings.signal)
    ways.set(deployment, { pod, port, forward })
    forward.catch(() => {
      if (ways.get(deployment)?.forward === forward) ways.delete(deployment)
    })
    return forward
  }

  return {
    reach: async (color, service, look) => {
      const name = serviceOf(service, settings.router, color)
      if (name === null) return []
      const { deployment } = look
      // Right after a color was scaled to 0 its pods are not yet told to go.
      const pods =
        deployment === null || deployment.spec.replicas === 0 ? [] : newestPods(deployment, look.pods)
      const pod = choosePod(pods, ways.get(service.deployment[color])?.pod ?? null)
      if (deployment === null || pod === null) {
        throw new ChangeFailed(`No pod of Deployment ${service.deployment[color]} runs yet.`)
      }
      const port = portOf(deployment, await readService(name))
      if (port === null) return []
      const { url } = await wayTo(deployment.metadata.name, pod.metadata.name, port)
      return [{ kind: 'url', url, headers: {} }]
    },
    close,
    closeAll: async () => {
      await Promise.all([...ways.keys()].map(close))
    },
  }
}

/** The one that is led to already, as long as it is there; then one that is ready; then one that runs at all. */
export function choosePod(pods: readonly Pod[], current: string | null): Pod | null {
  const running = pods.filter(({ status }) => status.phase === 'Running')
  return running.find((pod) => pod.metadata.name === current) ?? running.find(isReady) ?? running[0] ?? null
}
