/** The Deployment of a color that was never there, made from the live one. */
import { isDeepStrictEqual } from 'node:util'
import { stringify } from 'yaml'
import { isRecord } from '../../record.ts'
import { ChangeFailed, type Color } from '../../target.ts'
import { fenceAnnotation } from '../names.ts'
import type { Deployment } from '../objects.ts'
import { isOwnersKey } from '../ownership.ts'
import { textOf } from '../router/advice.ts'
import { mismatches } from '../router/colors.ts'
import { annotationsOf, containerOf, replicasFor, type ServiceOrder } from './patch.ts'
import { recoloring, type Texts, type Twins } from './recoloring.ts'

/**
 * With what the cluster alone writes left out; not yet with a release. Throws ChangeFailed where no label tells the colors apart,
 * as the pods of both would then be sent users.
 */
export function twinOf(live: Deployment, color: Color, twins: Twins): Deployment {
  const { metadata, spec } = live
  const change = recoloring(color, twins, spec.template.metadata?.labels ?? {})
  const { template } = spec
  const labels = change.labels(template.metadata?.labels)
  if (isDeepStrictEqual(labels, template.metadata?.labels ?? {})) throw new ChangeFailed(uncolored(live))
  const shared = twins.selectors.find((selector) => mismatches(selector, null, labels).length === 0)
  if (shared !== undefined) throw new ChangeFailed(shares(live, shared, labels))
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: twins.deployment[color],
      labels: change.labels(without(metadata.labels, isOwnersKey)),
      annotations: without(metadata.annotations, isOwnersAnnotation),
    } as Deployment['metadata'],
    spec: {
      ...spec,
      selector: change.selector(spec.selector),
      template: {
        ...template,
        metadata: {
          ...without(template.metadata, (key) => key === 'creationTimestamp'),
          labels,
        },
        spec: change.within(template.spec) as Deployment['spec']['template']['spec'],
      },
    },
    status: emptyStatus,
  }
}

const uncolored = ({ metadata, spec }: Deployment): string =>
  `No label of the pods of Deployment ${metadata.name} stands for its color, so that no other color can be made from it. They have: ${textOf(spec.template.metadata?.labels ?? {})}.`

const shares = ({ metadata }: Deployment, selector: Texts, labels: Texts): string =>
  `The other color cannot be made from Deployment ${metadata.name}: a Service selects ${textOf(selector)}, and would send users to its pods at once (${textOf(labels)}).`

const emptyStatus: Deployment['status'] = {
  observedGeneration: 0,
  replicas: 0,
  updatedReplicas: 0,
  readyReplicas: 0,
  availableReplicas: 0,
  conditions: [],
}

/** As it is sent: with its release, its size and the fence. */
export function creationOf(twin: Deployment, order: ServiceOrder, fence: number): unknown {
  const { status: _, ...sent } = twin
  const ours = annotationsOf(order)
  const { template } = twin.spec
  const containers = template.spec.containers.map((each) => ({ ...each }))
  if (order.image !== null) {
    const container = containers[containerOf(twin, order.container)]
    if (container !== undefined) container.image = order.image
  }
  return {
    ...sent,
    metadata: {
      ...twin.metadata,
      annotations: { ...twin.metadata.annotations, ...ours, [fenceAnnotation]: String(fence) },
    },
    spec: {
      ...twin.spec,
      replicas: replicasFor(twin, order),
      template: {
        ...template,
        metadata: { ...template.metadata, annotations: { ...template.metadata?.annotations, ...ours } },
        spec: { ...template.spec, containers },
      },
    },
  }
}

const isOwnersAnnotation = (key: string): boolean =>
  isOwnersKey(key) ||
  key === 'kubectl.kubernetes.io/last-applied-configuration' ||
  key === 'deployment.kubernetes.io/revision' ||
  key.startsWith('blue-green-action/')

const without = <Value>(
  texts: Readonly<Record<string, Value>> | undefined,
  isDropped: (key: string) => boolean,
): Record<string, Value> => Object.fromEntries(Object.entries(texts ?? {}).filter(([key]) => !isDropped(key)))

/** Ready to be committed; how many instances it has is left to us. */
export function manifestOf(twin: Deployment): string {
  const { status: _, spec, ...rest } = twin
  const { replicas: __, ...shown } = spec
  return stringify(tidied({ ...rest, spec: shown }), { lineWidth: 0 })
}

/** What is empty says nothing. */
function tidied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidied)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => each !== undefined && !(emptied.has(key) && isEmpty(each)))
      .map(([key, each]) => [key, tidied(each)]),
  )
}

/** Elsewhere an empty map means something: `emptyDir: {}`. */
const emptied: ReadonlySet<string> = new Set([
  'labels',
  'annotations',
  'ports',
  'initContainers',
  'securityContext',
])

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0)
