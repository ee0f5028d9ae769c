/** Colors that Deployments run. */
import { judgeAll, silent } from '../../readiness.ts'
import type { Color, Runtime } from '../../target.ts'
import type { Deployment } from '../objects.ts'
import type { Stamped } from '../observed.ts'
import type { Place } from '../place.ts'
import { readPods } from '../ready-pods.ts'
import type { KubernetesService } from '../settings.ts'
import { applier } from './applying.ts'
import { type ChangingParts, deployColor, removeColor, stopColor } from './changing.ts'
import { diagnose } from './diagnosing.ts'
import { missing } from './judge.ts'
import { deploymentReader, observe } from './observe.ts'
import { type Look, reaching } from './reaching.ts'
import { awaitStart } from './starting.ts'
import { type Watching, watchDeployment } from './watching.ts'

export interface RuntimeParts extends Pick<ChangingParts, 'observeTraffic' | 'configuration'> {
  readonly stamped: Stamped
}

export interface KubernetesRuntime extends Runtime {
  /** Ends its watches and its ways to pods. */
  close(): Promise<void>
}

export function kubernetesRuntime(place: Place, given: RuntimeParts): KubernetesRuntime {
  const { settings } = place
  const reader = deploymentReader(place)
  const parts: ChangingParts = { ...given, reader, applier: applier(place.cluster) }
  const watched = new Map<string, Watching>()
  const ways = reaching(place)

  const watch = (deployment: Deployment): Watching => {
    const { name } = deployment.metadata
    const there = watched.get(name) ?? watchDeployment(place, deployment, given.stamped)
    watched.set(name, there)
    return there
  }
  const find = async (name: string): Promise<Deployment | undefined> =>
    (await reader.known()).get(name) ?? (await reader.read()).get(name)
  const watchNamed = async (name: string): Promise<Watching | null> => {
    const there = watched.get(name)
    if (there !== undefined) return there
    const deployment = await find(name)
    return deployment === undefined ? null : watch(deployment)
  }
  /** A color that is not waited for is asked for a request or two: a watch would cost more than a list. */
  const look = async (deployment: Deployment): Promise<Look> => {
    const watching = watched.get(deployment.metadata.name)
    await watching?.begun
    return watching ?? { deployment, pods: await readPods(place, deployment.spec.selector.matchLabels ?? {}) }
  }
  const leave = async (color: Color) => {
    for (const { deployment } of settings.services) {
      watched.get(deployment[color])?.close()
      watched.delete(deployment[color])
      await ways.close(deployment[color])
    }
  }
  const named = (services: readonly string[]): readonly KubernetesService[] =>
    settings.services.filter(({ name }) => services.includes(name))

  return {
    observe: (color) => observe(place, reader, color),
    deploy: async (color, order, guard) => {
      const deployed = await deployColor({ place, parts, color, guard }, order)
      const started = deployed.map(([service, deployment]) => {
        const watching = watch(deployment)
        watching.learn(deployment)
        return { service, watching, image: order.release.images[service.name] ?? null }
      })
      return awaitStart(place.surroundings, started)
    },
    ready: async (color, services) => {
      const judged = named(services).map(async ({ deployment }) => {
        const name = deployment[color]
        const watching = await watchNamed(name)
        return watching === null ? missing(name) : watching.ready()
      })
      return judgeAll(await Promise.all(judged.map((each) => each.catch(silent))))
    },
    reach: async (color, service) => {
      const [found] = named([service])
      if (found === undefined) return []
      const deployment = await find(found.deployment[color])
      return deployment === undefined ? [] : ways.reach(color, found, await look(deployment))
    },
    stop: async (color, guard) => {
      await stopColor({ place, parts, color, guard: { ...guard, color: 'not-live' } })
      await leave(color)
    },
    remove: async (color, guard) => {
      await removeColor({ place, parts, color, guard: { ...guard, color: 'not-live' } })
      await leave(color)
    },
    // Connections of pods are counted nowhere in the API: kept-alive ones stay until the pods that hold them close them.
    quiet: async () => 'unknown',
    diagnose: async (color) => {
      const deployments = await reader.read()
      const names = settings.services.map(({ deployment }) => deployment[color])
      return diagnose(
        place.cluster,
        names.flatMap((name) => deployments.get(name) ?? []),
      )
    },
    close: async () => {
      for (const watching of watched.values()) watching.close()
      watched.clear()
      await ways.closeAll()
    },
  }
}
