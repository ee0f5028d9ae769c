/** The Deployment of a color that was never there, made from the live one. */
import { isDeepStrictEqual } from 'node:util'
import { stringify } from 'yaml'
import { ChangeFailed, type Color, otherColor, type PerColor } from '../../target.ts'
import { fenceAnnotation } from '../names.ts'
import type { Deployment } from '../objects.ts'
import { isOwnersKey } from '../ownership.ts'
import { textOf } from '../router/advice.ts'
import { mismatches } from '../router/colors.ts'
import { annotationsOf, containerOf, replicasFor, type ServiceOrder } from './patch.ts'

export interface Twins {
  /** Names of the two Deployments. */
  readonly deployment: PerColor<string>
  /** null: every label with such a value stands for the color. */
  readonly selectorKey: string | null
  readonly selectorValue: PerColor<string>
  /** Of the Services that lead to the live one. */
  readonly selectors: readonly Texts[]
}

type Texts = Readonly<Record<string, string>>

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
  if (!isObject(value)) return value
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

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Labels, and whatever selects by labels, said of the other color. What stands for the live color stands for the new one then, and
 * the other way round: pods that keep away from the other color still do. Nothing else of the pod is touched.
 */
function recoloring(
  color: Color,
  { deployment, selectorKey, selectorValue, selectors }: Twins,
  ofPods: Texts,
) {
  const from = otherColor(color)
  const pairs = new Map([
    [from as string, color as string],
    [color, from],
  ])

  const labels = (texts: Texts | undefined): Record<string, string> =>
    Object.fromEntries(Object.entries(texts ?? {}).map(([key, value]) => [key, recolored(key, value)]))

  function byValue(key: string, value: string): string {
    for (const one of [color, from]) {
      if (value === selectorValue[one] && (selectorKey === null || selectorKey === key))
        return selectorValue[otherColor(one)]
    }
    return value.replace(words, (word) => pairs.get(word) ?? word)
  }

  const isTold = Object.entries(ofPods).some(
    ([key, value]) =>
      byValue(key, value) !== value &&
      (selectors.length === 0 || selectors.some((selector) => Object.hasOwn(selector, key))),
  )

  /** The name of a Deployment may be that of the app as well: it stands for the color where no other label that is selected does. */
  function recolored(key: string, value: string): string {
    const said = byValue(key, value)
    for (const one of [color, from]) {
      if (value === deployment[one] && (said !== value || !isTold)) return deployment[otherColor(one)]
    }
    return said
  }

  function selector<Selector>(given: Selector): Selector {
    if (!isObject(given)) return given
    const { matchLabels, matchExpressions } = given as { matchLabels?: Texts; matchExpressions?: unknown }
    return {
      ...given,
      ...(matchLabels && { matchLabels: labels(matchLabels) }),
      ...(Array.isArray(matchExpressions) && { matchExpressions: matchExpressions.map(expression) }),
    }
  }

  function expression(given: unknown): unknown {
    if (!isObject(given) || !Array.isArray(given.values)) return given
    return { ...given, values: given.values.map((value) => recolored(String(given.key), String(value))) }
  }

  /** Affinity and spread constraints, wherever they stand. */
  function within(value: unknown, key = ''): unknown {
    if (key === 'labelSelector') return selector(value)
    if (Array.isArray(value)) return value.map((each) => within(each))
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, unselecting.has(name) ? each : within(each, name)]),
    )
  }

  return { labels, selector, within }
}

const words = /(?<![A-Za-z0-9])(blue|green)(?![A-Za-z0-9])/g

/** In a volume claim a selector chooses volumes, not pods. */
const unselecting: ReadonlySet<string> = new Set([
  'containers',
  'initContainers',
  'ephemeralContainers',
  'volumes',
])
