/** Where things are in the API, and the names of what is ours there. */

const kinds = {
  services: { version: 'v1', kind: 'Service' },
  pods: { version: 'v1', kind: 'Pod' },
  events: { version: 'v1', kind: 'Event' },
  configmaps: { version: 'v1', kind: 'ConfigMap' },
  deployments: { version: 'apps/v1', kind: 'Deployment' },
  replicasets: { version: 'apps/v1', kind: 'ReplicaSet' },
  endpointslices: { version: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
  leases: { version: 'coordination.k8s.io/v1', kind: 'Lease' },
  horizontalpodautoscalers: { version: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  ingresses: { version: 'networking.k8s.io/v1', kind: 'Ingress' },
  httproutes: { version: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
} as const

/** As rules of a Role name them. */
export type Resource = keyof typeof kinds

export interface ObjectName {
  readonly resource: Resource
  readonly name: string
}

export const kindOf = (resource: Resource): string => kinds[resource].kind

/** As manifests name it: `apps/v1`. */
export const apiVersionOf = (resource: Resource): string => kinds[resource].version

/** As rules of a Role name it: `apps`, and nothing for the core. */
export const groupOf = (resource: Resource): string => {
  const [group, version] = kinds[resource].version.split('/')
  return version === undefined ? '' : (group ?? '')
}

/** For people: `Service shop`. */
export const titleOf = ({ resource, name }: ObjectName): string => `${kindOf(resource)} ${name}`

/** Of an API group that may not be there, such as the Gateway API. */
export const groupPath = (resource: Resource): string =>
  `${groupOf(resource) === '' ? '/api' : '/apis'}/${apiVersionOf(resource)}`

export type Query = Readonly<Record<string, string>>

const withQuery = (path: string, query: Query): string => {
  const text = new URLSearchParams(query).toString()
  return text === '' ? path : `${path}?${text}`
}

/** Of all objects of a kind in a namespace. */
export const listPath = (namespace: string, resource: Resource, query: Query = {}): string =>
  withQuery(`${groupPath(resource)}/namespaces/${encodeURIComponent(namespace)}/${resource}`, query)

export const objectPath = (
  namespace: string,
  { resource, name }: ObjectName,
  { subresource, query = {} }: { readonly subresource?: string; readonly query?: Query } = {},
): string => {
  const path = `${listPath(namespace, resource)}/${encodeURIComponent(name)}`
  return withQuery(subresource === undefined ? path : `${path}/${subresource}`, query)
}

export const namespacesPath = '/api/v1/namespaces'
export const rulesReviewPath = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews'

/** `app=shop,color=blue` */
export const labelSelector = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

/** Which owner changed an object last: a lower one is refused by the API server itself. */
export const fenceAnnotation = 'blue-green-action/fence'
/** On the Deployment of a color: the version that it was given, and the id of that release. */
export const versionAnnotation = 'blue-green-action/version'
export const releaseAnnotation = 'blue-green-action/release'

export const leaseName = (app: string): string => `blue-green-${app}`

/** Label of an EndpointSlice: the Service that it belongs to. */
export const serviceNameLabel = 'kubernetes.io/service-name'

/** https://www.rfc-editor.org/rfc/rfc6901 */
export const pointer = (...keys: readonly (string | number)[]): string =>
  keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
