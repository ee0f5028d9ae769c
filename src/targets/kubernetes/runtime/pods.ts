/** Which pods belong to a Deployment, and what each of them runs. */

import { repositoryOf } from '../../images.ts'
import { releaseAnnotation } from '../names.ts'
import type { Deployment, Pod } from '../objects.ts'

const hashLabel = 'pod-template-hash'

const hashOf = ({ metadata }: Pod): string => metadata.labels?.[hashLabel] ?? ''

/**
 * By its ReplicaSets, which are called after it: selectors of two Deployments overlap more often than they should. Pods that are
 * on their way out are nobody's any more.
 */
export const podsOf = ({ metadata }: Deployment, pods: readonly Pod[]): readonly Pod[] =>
  pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      pod.metadata.ownerReferences.some(
        ({ kind, name }) => kind === 'ReplicaSet' && name === `${metadata.name}-${hashOf(pod)}`,
      ),
  )

/**
 * Those made from the template as it is now. A Deployment does not say which ReplicaSet that is: the release in the template
 * tells, and among the pods of one release the youngest.
 */
export function newestPods(deployment: Deployment, pods: readonly Pod[]): readonly Pod[] {
  const own = podsOf(deployment, pods)
  const { observedGeneration, replicas, updatedReplicas } = deployment.status
  if (observedGeneration >= (deployment.metadata.generation ?? 0) && replicas === updatedReplicas) return own
  const release = deployment.spec.template.metadata?.annotations?.[releaseAnnotation]
  const ofRelease = own.filter(({ metadata }) => metadata.annotations?.[releaseAnnotation] === release)
  const [youngest] = ofRelease.toSorted((one, other) => madeAt(other) - madeAt(one))
  return youngest === undefined ? [] : ofRelease.filter((pod) => hashOf(pod) === hashOf(youngest))
}

const madeAt = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0

export const restartsOf = ({ status }: Pod): number =>
  [...status.initContainerStatuses, ...status.containerStatuses].reduce(
    (sum, { restartCount }) => sum + restartCount,
    0,
  )

/** By digest, of a container that was started: `sha256:…`; null where the node tells none under which it could be pulled. */
export function digestOf({ status }: Pod, container: string, image: string): string | null {
  const id = status.containerStatuses.find(({ name }) => name === container)?.imageID ?? ''
  const [, name, digest] = /^(?:docker-pullable:\/\/)?(.+)@(sha256:[0-9a-f]{64})$/.exec(id) ?? []
  // The node may have pulled the same layers by another name before, where they may have another digest.
  if (name === undefined || digest === undefined || wholeName(name) !== wholeName(repositoryOf(image))) {
    return null
  }
  return digest
}

/** Docker's own registry goes without saying: `nginx` is `docker.io/library/nginx`. */
function wholeName(repository: string): string {
  const [first = '', ...rest] = repository.split('/')
  if (rest.length === 0) return `docker.io/library/${first}`
  if (first === 'index.docker.io') return wholeName(['docker.io', ...rest].join('/'))
  if (first === 'docker.io' && rest.length === 1) return `docker.io/library/${rest[0]}`
  return /[.:]/.test(first) || first === 'localhost' ? repository : `docker.io/${repository}`
}
