/** Manifests, applied by the server: https://kubernetes.io/docs/reference/using-api/server-side-apply */
import { z } from 'zod'
import { ChangeFailed, type Lease, LeaseLost } from '../../target.ts'
import type { ApiAnswer, Cluster } from '../api/cluster.ts'
import { refusalText } from '../api/refusal.ts'
import { fenceOf } from '../guarding.ts'
import { fenceAnnotation, objectPath } from '../names.ts'
import { type Deployment, deploymentSchema } from '../objects.ts'
import { readObject } from '../reading.ts'
import type { Manifest } from './manifests.ts'
import { annotationsOf, containerOf, type ServiceOrder } from './patch.ts'

const fieldManager = 'blue-green-action'

export interface DeploymentApplication {
  readonly manifest: Manifest
  readonly order: ServiceOrder
  readonly lease: Lease
}

const attempts = 5

/**
 * How many instances there are is left out: whoever scales would own that too, and every other apply would be in conflict. An
 * apply tests no annotation; it tests the version of the object in which the fence was read.
 */
export async function applyDeployment(
  cluster: Cluster,
  { manifest, order, lease }: DeploymentApplication,
): Promise<Deployment> {
  const { name } = manifest.metadata
  for (let attempt = 1; ; attempt += 1) {
    const there = await readObject(cluster, { resource: 'deployments', name }, deploymentSchema)
    const fence = there === null ? 0 : fenceOf(there.metadata)
    if (fence > lease.fence) {
      throw new LeaseLost(
        `Deployment ${name} was not applied: a later owner has changed it. Its fence is ${fence}, and ours ${lease.fence}.`,
      )
    }
    const version = there?.metadata.resourceVersion
    const path = objectPath(cluster.namespace, { resource: 'deployments', name })
    const answer = await applyAt(
      cluster,
      path,
      appliedDeployment(manifest, order, { fence: lease.fence, version }),
    )
    if (answer.kind === 'answered') return deploymentSchema.parse(answer.body)
    if (!hasMoved(answer) || attempt === attempts) throw notApplied(path, manifest, answer)
  }
}

interface Marks {
  readonly fence: number
  /** Of the object as it was read; undefined: there was none. */
  readonly version: string | undefined
}

/** Throws ChangeFailed where it lacks the container. */
export function appliedDeployment(
  manifest: Manifest,
  order: ServiceOrder,
  { fence, version }: Marks,
): Manifest {
  const { metadata, spec } = deploymentSchema.parse(manifest)
  const { replicas: _, ...left } = spec
  const containers = spec.template.spec.containers.map((each) => ({ ...each }))
  const container =
    order.image === null
      ? undefined
      : containers[containerOf({ ...deploymentSchema.parse(manifest) }, order.container)]
  if (container !== undefined && order.image !== null) container.image = order.image
  const ours = annotationsOf(order)
  return {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      annotations: { ...metadata.annotations, ...ours, [fenceAnnotation]: String(fence) },
      ...(version !== undefined && { resourceVersion: version }),
    },
    spec: {
      ...left,
      template: {
        ...spec.template,
        metadata: {
          ...spec.template.metadata,
          annotations: { ...spec.template.metadata?.annotations, ...ours },
        },
        spec: { ...spec.template.spec, containers },
      },
    },
  }
}

export interface Applier {
  /** Anything of the namespace. Throws ChangeFailed with what the API server says. */
  apply(manifest: Manifest): Promise<void>
}

export function applier(cluster: Cluster): Applier {
  const groups = new Map<string, Promise<ReadonlyMap<string, KindOfGroup>>>()
  const kindsOf = (apiVersion: string) => {
    const kinds = groups.get(apiVersion) ?? readKinds(cluster, apiVersion)
    groups.set(apiVersion, kinds)
    return kinds
  }
  return {
    apply: async (manifest) => {
      const { apiVersion, kind, metadata } = manifest
      const found = (await kindsOf(apiVersion)).get(kind)
      if (found === undefined)
        throw new ChangeFailed(`The cluster (${cluster.name}) knows no ${kind} of ${apiVersion}.`)
      if (!found.namespaced) {
        throw new ChangeFailed(`${kind} ${metadata.name} belongs to no namespace: apply it yourself, once.`)
      }
      const namespace = encodeURIComponent(cluster.namespace)
      const path = `${groupPathOf(apiVersion)}/namespaces/${namespace}/${found.name}/${encodeURIComponent(metadata.name)}`
      const answer = await applyAt(cluster, path, manifest)
      if (answer.kind === 'refused') throw notApplied(path, manifest, answer)
    },
  }
}

type Refused = Extract<ApiAnswer, { kind: 'refused' }>

/** What we wrote in another way before is ours as well; what others wrote is not taken from them. */
async function applyAt(cluster: Cluster, path: string, body: Manifest): Promise<ApiAnswer> {
  const send = (force: boolean) =>
    cluster.ask({
      method: 'PATCH',
      path: `${path}?fieldManager=${fieldManager}&force=${force}`,
      body,
      patch: 'apply',
    })
  const answer = await send(false)
  const others = answer.kind === 'refused' && answer.status === 409 ? managersIn(answer.message) : []
  return others.length > 0 && others.every((each) => each === fieldManager) ? send(true) : answer
}

/** `conflict with "helm" using apps/v1: .spec.paused`, and `conflicts with "helm":` before a list of fields. */
export const managersIn = (message: string): readonly string[] => [
  ...new Set([...message.matchAll(/conflicts? with "([^"]+)"/g)].map(([, name = '']) => name)),
]

/** Somebody wrote to it after it was read. */
const hasMoved = ({ status, message }: Refused): boolean => status === 409 && managersIn(message).length === 0

function notApplied(path: string, { kind, metadata }: Manifest, answer: Refused): ChangeFailed {
  const what = `${kind} ${metadata.name} was not applied: ${refusalText({ method: 'PATCH', path }, answer)}`
  const managers = managersIn(answer.message)
  if (managers.length === 0) return new ChangeFailed(what)
  return new ChangeFailed(
    `${what}\nThese fields belong to ${managers.join(', ')}. Leave them out of the manifest, or take them over once: kubectl apply --server-side --force-conflicts --field-manager=${fieldManager} -f FILE`,
  )
}

const groupPathOf = (apiVersion: string): string =>
  `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}`

interface KindOfGroup {
  /** As paths have it: `configmaps`. */
  readonly name: string
  readonly namespaced: boolean
}

const kindsShape = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
})

async function readKinds(cluster: Cluster, apiVersion: string): Promise<ReadonlyMap<string, KindOfGroup>> {
  const request = { method: 'GET', path: groupPathOf(apiVersion) } as const
  const answer = await cluster.ask(request)
  if (answer.kind === 'refused') {
    throw new ChangeFailed(
      `The cluster (${cluster.name}) does not offer ${apiVersion}: ${refusalText(request, answer)}`,
    )
  }
  const { resources } = kindsShape.parse(answer.body)
  // A slash stands before a part of an object, such as its status.
  return new Map(resources.filter(({ name }) => !name.includes('/')).map((each) => [each.kind, each]))
}
