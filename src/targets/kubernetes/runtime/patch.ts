/** What is changed of a Deployment, as operations of a JSON patch: https://www.rfc-editor.org/rfc/rfc6902 */
import { ChangeFailed, type Size } from '../../target.ts'
import { move, type PatchOperation } from '../guarding.ts'
import { pointer, releaseAnnotation, versionAnnotation } from '../names.ts'
import type { Deployment } from '../objects.ts'

/** What one service is to run as. */
export interface ServiceOrder {
  /** Of the app. */
  readonly service: string
  /** null: the image stays as it is. */
  readonly image: string | null
  /** null: the only one. */
  readonly container: string | null
  readonly version: string
  /** Id of the release. */
  readonly release: string
  readonly size: Size
}

/** Tests alone, when it runs as ordered already. */
export function deployOperations(deployment: Deployment, order: ServiceOrder): readonly PatchOperation[] {
  const { metadata, spec } = deployment
  const ours = annotationsOf(order)
  return [
    ...imageOperations(deployment, order),
    ...move(replicasPath, spec.replicas, replicasFor(deployment, order)),
    ...annotationOperations(pointer('metadata', 'annotations'), metadata.annotations, ours),
    ...templateOperations(deployment, ours),
  ]
}

export const stopOperations = ({ spec }: Deployment): readonly PatchOperation[] =>
  move(replicasPath, spec.replicas, 0)

export const scaleOperations = (deployment: Deployment, order: ServiceOrder): readonly PatchOperation[] =>
  move(replicasPath, deployment.spec.replicas, replicasFor(deployment, order))

const replicasPath = pointer('spec', 'replicas')

/** An autoscaler that was put to rest by 0 goes on from what is there: https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale */
export const replicasFor = ({ spec }: Deployment, { service, size }: ServiceOrder): number =>
  Math.max(1, size?.[service] ?? spec.replicas)

/** Throws ChangeFailed with those there are. */
export function containerOf({ metadata, spec }: Deployment, name: string | null): number {
  const { containers } = spec.template.spec
  const index =
    name === null && containers.length === 1 ? 0 : containers.findIndex((each) => each.name === name)
  if (index >= 0) return index
  const there = containers.map((each) => each.name).join(', ')
  throw new ChangeFailed(
    name === null
      ? `Deployment ${metadata.name} has several containers: ${there}. \`kube-container\` says whose image is the app's.`
      : `Deployment ${metadata.name} has no container ${name}. It has: ${there}. Correct \`kube-container\`.`,
  )
}

/** Containers are found by their place in the list, which somebody may have changed since: so their names are tested too. */
function imageOperations(
  deployment: Deployment,
  { image, container }: ServiceOrder,
): readonly PatchOperation[] {
  if (image === null) return []
  const index = containerOf(deployment, container)
  const there = deployment.spec.template.spec.containers[index]
  const path = pointer('spec', 'template', 'spec', 'containers', index)
  return [...move(`${path}/name`, there?.name, there?.name), ...move(`${path}/image`, there?.image, image)]
}

/**
 * Pods carry their release too, so that those of another one are told apart; and a release with the same image, such as a tag that
 * moved, gets pods of its own.
 */
function templateOperations({ spec }: Deployment, ours: Texts): readonly PatchOperation[] {
  const { annotations } = spec.template.metadata ?? {}
  const path = pointer('spec', 'template', 'metadata', 'annotations')
  if (annotations !== undefined) return annotationOperations(path, annotations, ours)
  return [
    { op: 'test', path, value: null },
    { op: 'add', path, value: ours },
  ]
}

type Texts = Readonly<Record<string, string>>

/** Where there were none, nothing in them can be tested: whoever writes the fence makes them then. */
const annotationOperations = (
  path: string,
  there: Texts | undefined,
  ours: Texts,
): readonly PatchOperation[] =>
  Object.entries(ours).flatMap(([key, value]): readonly PatchOperation[] =>
    there === undefined
      ? [{ op: 'add', path: path + pointer(key), value }]
      : move(path + pointer(key), there[key], value),
  )

export const annotationsOf = ({ version, release }: Pick<ServiceOrder, 'version' | 'release'>): Texts => ({
  [versionAnnotation]: version,
  [releaseAnnotation]: release,
})
