/** The state of a color, from its Deployments. */
import type { Color, ColorState } from '../../target.ts'
import { versionAnnotation } from '../names.ts'
import { type Deployment, deploymentSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { ReadRefused, readObjects } from '../reading.ts'
import type { KubernetesService } from '../settings.ts'

export type Deployments = ReadonlyMap<string, Deployment>

export interface DeploymentReader {
  /** One list for whoever asks while it is on its way. */
  read(): Promise<Deployments>
  /** As they were when they were last heard of: whoever changes one tests what it relies on. */
  known(): Promise<Deployments>
  learn(deployment: Deployment): void
  forget(name: string): void
}

export function deploymentReader({ cluster }: Place): DeploymentReader {
  let underWay: Promise<Deployments> | null = null
  let latest: Map<string, Deployment> | null = null
  const list = async () => {
    const found = await readObjects(cluster, { resource: 'deployments' }, deploymentSchema)
    latest = new Map(found.map((each) => [each.metadata.name, each]))
    return latest
  }
  const read = () => {
    underWay ??= list().finally(() => {
      underWay = null
    })
    return underWay
  }
  return {
    read,
    known: async () => latest ?? read(),
    learn: (deployment) => void latest?.set(deployment.metadata.name, deployment),
    forget: (name) => void latest?.delete(name),
  }
}

export async function observe(
  { settings }: Place,
  reader: DeploymentReader,
  color: Color,
): Promise<ColorState> {
  try {
    return describeColor(settings.services, color, await reader.read())
  } catch (error) {
    if (error instanceof ReadRefused) return { presence: 'unknown', version: null, detail: error.message }
    throw error
  }
}

export function describeColor(
  services: readonly KubernetesService[],
  color: Color,
  deployments: Deployments,
): ColorState {
  const all = services.map(({ name, start, deployment }) => ({
    service: name,
    name: deployment[color],
    isFirst: start === 'before-switch',
    deployment: deployments.get(deployment[color]),
  }))
  // What starts after the switch alone says nothing about whether a color is there.
  const first = all.filter(({ isFirst }) => isFirst)
  const there = first.flatMap(({ deployment }) => deployment ?? [])
  if (there.length === 0) return { presence: 'absent', version: null, detail: null }
  const down = first.filter(({ deployment }) => (deployment?.spec.replicas ?? 0) === 0)
  return {
    ...(down.length === first.length
      ? describeEnded(there)
      : describeUp(
          there,
          down.map(({ name }) => name),
        )),
    version: commonVersion(there),
    // An autoscaler writes how many it wants into the Deployment itself.
    size: Object.fromEntries(
      all.flatMap(({ service, deployment }) => (deployment ? [[service, deployment.spec.replicas]] : [])),
    ),
  }
}

type Described = Pick<ColorState, 'presence' | 'detail'>

/** Pods that were told to go are not counted any more, though they may still end what they do. */
const describeEnded = (there: readonly Deployment[]): Described =>
  there.some(({ status }) => status.replicas > 0)
    ? { presence: 'stopping', detail: null }
    : { presence: 'stopped', detail: null }

function describeUp(there: readonly Deployment[], down: readonly string[]): Described {
  if (down.length > 0) return { presence: 'starting', detail: `${down.join(', ')} not running` }
  const serving = there.every(
    ({ status }) => status.availableReplicas > 0 && status.updatedReplicas === status.replicas,
  )
  const short = there
    .filter(({ spec, status }) => status.availableReplicas < spec.replicas)
    .map(
      ({ metadata, spec, status }) =>
        `${metadata.name} has ${status.availableReplicas} of ${spec.replicas} instances`,
    )
  return { presence: serving ? 'running' : 'starting', detail: short.join('; ') || null }
}

function commonVersion(there: readonly Deployment[]): string | null {
  const versions = [
    ...new Set(there.map(({ metadata }) => metadata.annotations?.[versionAnnotation] ?? null)),
  ]
  return versions.length === 1 ? (versions[0] ?? null) : null
}
