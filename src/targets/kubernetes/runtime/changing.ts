/** Changes of a color's Deployments, each under the fence of the lease. */
import { allowedBy, assertAllowed } from '../../../host/guarding.ts'
import {
  ChangeFailed,
  type Color,
  type DeployOrder,
  type Guard,
  LeaseLost,
  otherColor,
  type Traffic,
} from '../../target.ts'
import { refusalText } from '../api/refusal.ts'
import { change, fenceOf, type PatchOperation } from '../guarding.ts'
import { listPath, objectPath, releaseAnnotation } from '../names.ts'
import { type Deployment, deploymentSchema, serviceSchema } from '../objects.ts'
import { ownerOf } from '../ownership.ts'
import type { Place } from '../place.ts'
import { readObject } from '../reading.ts'
import type { KubernetesService } from '../settings.ts'
import { type Applier, applyDeployment } from './applying.ts'
import { creationOf, manifestOf, twinOf } from './creation.ts'
import { readManifests } from './manifest-files.ts'
import { renderManifests } from './manifests.ts'
import type { DeploymentReader } from './observe.ts'
import { deployOperations, type ServiceOrder, scaleOperations, stopOperations } from './patch.ts'

export interface ChangingParts {
  readonly reader: DeploymentReader
  readonly applier: Applier
  /** Where traffic is, as the router says it now. */
  observeTraffic(): Promise<Traffic>
  /** Of the run: a release of another one is not made from the manifests of this one. */
  readonly configuration: string
}

export interface Changing {
  readonly place: Place
  readonly parts: ChangingParts
  readonly color: Color
  readonly guard: Guard
}

type Deployed = readonly (readonly [KubernetesService, Deployment])[]

/** The Deployments of the ordered services, as they are then. */
export async function deployColor(changing: Changing, order: DeployOrder): Promise<Deployed> {
  const { place, parts } = changing
  const { manifests, services } = place.settings
  await demand(changing, `The deployment of ${order.release.version}`)
  if (manifests.length > 0 && order.release.configuration === parts.configuration) {
    return applyManifests(changing, order)
  }
  const deployed: (readonly [KubernetesService, Deployment])[] = []
  for (const service of services.filter(({ name }) => order.services.includes(name))) {
    deployed.push([service, await deployService(changing, service, serviceOrder(service, order))])
  }
  return deployed
}

async function deployService(
  changing: Changing,
  service: KubernetesService,
  order: ServiceOrder,
): Promise<Deployment> {
  const there = (await changing.parts.reader.known()).get(service.deployment[changing.color])
  const read = there ?? (await create(changing, service, order))
  if (there === undefined && read.metadata.annotations?.[releaseAnnotation] === order.release) return read
  return patch(changing, {
    name: `The deployment of ${order.version}`,
    read,
    edit: (deployment) => deployOperations(deployment, order),
  })
}

const serviceOrder = (
  { name, container }: KubernetesService,
  { release, size }: DeployOrder,
): ServiceOrder => ({
  service: name,
  image: release.images[name] ?? null,
  container,
  version: release.version,
  release: release.id,
  size,
})

/** Only to nothing: an autoscaler lets what has 0 instances rest, and takes it up again with the first that we start. */
export async function stopColor(changing: Changing): Promise<void> {
  await demand(changing, 'stop')
  for (const read of await deploymentsOf(changing)) {
    await patch(changing, { name: `Stopping ${changing.color}`, read, edit: stopOperations })
  }
}

export async function removeColor(changing: Changing): Promise<void> {
  await demand(changing, 'remove')
  for (const read of await deploymentsOf(changing)) await remove(changing, read)
}

async function deploymentsOf({ place, parts, color }: Changing): Promise<readonly Deployment[]> {
  const known = await parts.reader.known()
  return place.settings.services.flatMap(({ deployment }) => known.get(deployment[color]) ?? [])
}

/**
 * The API server cannot compare two objects in one change: the router is read right before, and whoever switches in between holds a
 * later fence, with which the change of the Deployment is refused.
 */
async function demand({ place, parts, color, guard }: Changing, name: string): Promise<void> {
  const allowed = allowedBy(guard, color)
  if (allowed === null) return
  const traffic = await parts.observeTraffic()
  assertAllowed({ allowed, traffic, name, color, observer: place.cluster.name })
}

interface Patch {
  /** For people. */
  readonly name: string
  readonly read: Deployment
  edit(deployment: Deployment): readonly PatchOperation[]
}

async function patch({ place, parts, guard }: Changing, { name, read, edit }: Patch): Promise<Deployment> {
  const object = { resource: 'deployments', name: read.metadata.name } as const
  const changed = await change(place.cluster, {
    object,
    shape: deploymentSchema,
    lease: guard.lease,
    name,
    read,
    edit,
  })
  parts.reader.learn(changed)
  return changed
}

/**
 * From the live one as it is now. No fence can be tested where there is no object yet: one that a former owner still makes carries
 * its lower fence, and is changed like any other.
 */
async function create(
  changing: Changing,
  service: KubernetesService,
  order: ServiceOrder,
): Promise<Deployment> {
  const { place, parts, color, guard } = changing
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
  const body = creationOf(twin, order, guard.lease.fence)
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
  const created = made ?? deploymentSchema.parse(answer.kind === 'answered' ? answer.body : null)
  parts.reader.learn(created)
  return created
}

interface Owned {
  readonly owner: string
  readonly name: string
  readonly liveName: string
  readonly manifest: string
}

const ownedText = ({ owner, name, liveName, manifest }: Owned): string =>
  `Deployment ${name} is not there, and is not made from ${liveName}: that one belongs to ${owner}, which takes away or puts back what it did not make itself. Nothing was changed. Commit this manifest where ${owner} finds it, and let it ignore the image and the replicas of both:\n\n${manifest}`

const removals = 5

/** Together with its pods, which are told to go. */
async function remove({ place, parts, guard }: Changing, read: Deployment): Promise<void> {
  const { cluster } = place
  const object = { resource: 'deployments', name: read.metadata.name } as const
  let there: Deployment | null = read
  for (let attempt = 1; there !== null; attempt += 1) {
    const { uid, resourceVersion } = there.metadata
    if (fenceOf(there.metadata) > guard.lease.fence) {
      throw new LeaseLost(`Deployment ${object.name} was not removed: a later owner has changed it.`)
    }
    const request = {
      method: 'DELETE',
      path: objectPath(cluster.namespace, object),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions: { uid, resourceVersion },
      },
    } as const
    const answer = await cluster.ask(request)
    if (answer.kind === 'answered' || answer.status === 404) break
    if (answer.status !== 409 || attempt === removals) {
      throw new ChangeFailed(`Deployment ${object.name} was not removed: ${refusalText(request, answer)}`)
    }
    there = await readObject(cluster, object, deploymentSchema)
  }
  parts.reader.forget(object.name)
}

async function applyManifests(changing: Changing, order: DeployOrder): Promise<Deployed> {
  const { place, parts, color, guard } = changing
  const { cluster, settings, surroundings } = place
  const rendered = renderManifests(await readManifests(settings.manifests), {
    settings,
    color,
    version: order.release.version,
    images: order.release.images,
    namespace: cluster.namespace,
    services: order.services,
  })
  for (const line of rendered.left) surroundings.output('manifests', `${line}\n`)
  for (const manifest of rendered.others) await parts.applier.apply(manifest)
  const deployed: (readonly [KubernetesService, Deployment])[] = []
  for (const { service, manifest } of rendered.deployments) {
    const ordered = serviceOrder(service, order)
    const applied = await applyDeployment(cluster, { manifest, order: ordered, lease: guard.lease })
    const own = deploymentSchema.parse(manifest).spec.replicas
    const size = { [service.name]: order.size?.[service.name] ?? own }
    const scaled = await patch(changing, {
      name: `The deployment of ${ordered.version}`,
      read: applied,
      edit: (read) => scaleOperations(read, { ...ordered, size }),
    })
    deployed.push([service, scaled])
  }
  return deployed
}
