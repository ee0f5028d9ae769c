/** The Deployment of a color that has none. */
import { ChangeFailed, type Color, otherColor } from '../../target.ts'
import { refusalText } from '../api/refusal.ts'
import { listPath } from '../names.ts'
import { type Deployment, deploymentSchema, serviceSchema } from '../objects.ts'
import { ownerOf } from '../ownership.ts'
import type { Place } from '../place.ts'
import { readObject } from '../reading.ts'
import type { KubernetesService } from '../settings.ts'
import { creationOf, manifestOf, twinOf } from './creation.ts'
import type { ServiceOrder } from './patch.ts'

export interface Creating {
  readonly place: Place
  readonly color: Color
  readonly fence: number
}

/**
 * From the live one as it is now. No fence can be tested where there is no object yet: one that a former owner still makes carries
 * its lower fence, and is changed like any other.
 */
export async function createDeployment(
  { place, color, fence }: Creating,
  service: KubernetesService,
  order: ServiceOrder,
): Promise<Deployment> {
  const { cluster, settings } = place
  const [name, liveName] = [service.deployment[color], service.deployment[otherColor(color)]]
  const [live, ...services] = await Promise.all([
    readObject(cluster, { resource: 'deployments', name: liveName }, deploymentSchema),
    ...service.kubeServices.map((each) =>
      readObject(cluster, { resource: 'services', name: each }, serviceSchema),
    ),
  ])
  if (live === null) {
    throw new ChangeFailed(
      `Service ${service.name} has neither Deployment ${name} nor ${liveName} in ${cluster.name}: apply the first one yourself, or give \`manifests\`.`,
    )
  }
  const selectors = services.flatMap((each) =>
    each?.spec.selector === undefined ? [] : [each.spec.selector],
  )
  const twin = twinOf(live, color, { ...settings, deployment: service.deployment, selectors })
  const owner = ownerOf(live)
  if (owner !== null) throw new ChangeFailed(ownedText({ owner, name, liveName, manifest: manifestOf(twin) }))
  const body = creationOf(twin, order, fence)
  const request = { method: 'POST', path: listPath(cluster.namespace, 'deployments'), body } as const
  const answer = await cluster.ask(request)
  const made =
    answer.kind === 'refused' && answer.status === 409
      ? await readObject(cluster, { resource: 'deployments', name }, deploymentSchema)
      : null
  if (answer.kind === 'refused' && made === null) {
    throw new ChangeFailed(
      `Deployment ${name} was not made from ${liveName}: ${refusalText(request, answer)}`,
    )
  }
  return made ?? deploymentSchema.parse(answer.kind === 'answered' ? answer.body : null)
}

interface Owned {
  readonly owner: string
  readonly name: string
  readonly liveName: string
  readonly manifest: string
}

const ownedText = ({ owner, name, liveName, manifest }: Owned): string =>
  `Deployment ${name} is not there, and is not made from ${liveName}: that one belongs to ${owner}, which takes away or puts back what it did not make itself. Nothing was changed. Commit this manifest where ${owner} finds it, and let it ignore the image and the replicas of both:\n\n${manifest}`
