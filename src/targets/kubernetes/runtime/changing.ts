/** Changes of a color's Deployments, each under the fence of the lease. */
import { allowedBy, assertAllowed } from '../../../host/guarding.ts'
import type { Color, DeployOrder, Guard, Traffic } from '../../target.ts'
import { change, type PatchOperation } from '../guarding.ts'
import { releaseAnnotation } from '../names.ts'
import { type Deployment, deploymentSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import type { KubernetesService } from '../settings.ts'
import { type Applier, applyDeployment } from './applying.ts'
import { createDeployment } from './creating.ts'
import { readManifests } from './manifest-files.ts'
import { renderManifests } from './manifests.ts'
import type { DeploymentReader } from './observe.ts'
import { deployOperations, type ServiceOrder, scaleOperations, stopOperations } from './patch.ts'
import { removeDeployment } from './removing.ts'

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

async function create(
  { place, parts, color, guard }: Changing,
  service: KubernetesService,
  order: ServiceOrder,
): Promise<Deployment> {
  const created = await createDeployment({ place, color, fence: guard.lease.fence }, service, order)
  parts.reader.learn(created)
  return created
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
  const { place, parts, guard } = changing
  for (const read of await deploymentsOf(changing)) {
    await removeDeployment(place.cluster, read, guard.lease.fence)
    parts.reader.forget(read.metadata.name)
  }
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
