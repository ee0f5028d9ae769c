/** The fence of a new owner on everything that a former one may still be about to change. */
import { z } from 'zod'
import { ChangeRefused, type Lease, LeaseLost } from '../target.ts'
import { change, fenceOf } from './guarding.ts'
import type { ObjectName } from './names.ts'
import { metadataSchema } from './objects.ts'
import type { Stamped } from './observed.ts'
import type { Place } from './place.ts'
import { readObject, readObjects } from './reading.ts'
import type { KubernetesSettings } from './settings.ts'

const shape = z.object({
  metadata: metadataSchema,
  status: z.object({ observedGeneration: z.number().default(0) }).prefault({}),
})

/**
 * A patch that a former owner has sent and that arrives later is refused then. What does not exist is left out. Throws LeaseLost
 * where an even later owner has been.
 */
export async function stamp(place: Place, lease: Lease, stamped?: Stamped): Promise<void> {
  const name = 'Taking over the lease'
  const changes = (await findGuarded(place)).map(async (found) => {
    const after = await change(place.cluster, { ...found, shape, lease, name, edit: () => [] })
    if (found.object.resource === 'deployments') stamped?.learn(found.read, after)
  })
  const errors = (await Promise.allSettled(changes)).flatMap((result) =>
    // What was refused has been deleted in the meantime: nothing else is demanded of it here.
    result.status === 'rejected' && !(result.reason instanceof ChangeRefused) ? [result.reason] : [],
  )
  if (errors.length > 0) throw errors.find((error) => error instanceof LeaseLost) ?? errors[0]
}

/** For a ledger that begins anew beside objects with fences: its first must be greater than these. */
export async function highestFence(place: Place): Promise<number> {
  return Math.max(0, ...(await findGuarded(place)).map(({ read }) => fenceOf(read.metadata)))
}

interface Found {
  readonly object: ObjectName
  readonly read: z.output<typeof shape>
}

async function findGuarded({ cluster, settings }: Place): Promise<readonly Found[]> {
  const deployments = new Set(settings.services.flatMap(({ deployment }) => Object.values(deployment)))
  const [routing, inNamespace] = await Promise.all([
    Promise.all(
      routingObjects(settings).map(async (object) => ({
        object,
        read: await readObject(cluster, object, shape),
      })),
    ),
    readObjects(cluster, { resource: 'deployments' }, shape),
  ])
  return [
    ...routing.flatMap(({ object, read }) => (read === null ? [] : [{ object, read }])),
    ...inNamespace.flatMap((read) => {
      const { name } = read.metadata
      return deployments.has(name) ? [{ object: { resource: 'deployments', name } as const, read }] : []
    }),
  ]
}

/** What the router changes: an ingress and a route lead to Services that stay as they are. */
function routingObjects({ router, services, previewService }: KubernetesSettings): readonly ObjectName[] {
  switch (router.kind) {
    case 'service': {
      const routed = services.flatMap(({ kubeServices }) => kubeServices)
      const names = new Set(previewService === null ? routed : [...routed, previewService])
      return [...names].map((name) => ({ resource: 'services', name }))
    }
    case 'ingress':
      return [{ resource: 'ingresses', name: router.name }]
    case 'httproute':
      return [{ resource: 'httproutes', name: router.name }]
  }
}
