/** What we must be allowed to do in the namespace of the app, and no more. */
import { Document, visit } from 'yaml'
import { leaseName } from '../names.ts'
import type { KubernetesSettings } from '../settings.ts'

/** As in a Role: https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/role-v1/ */
export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  /** None: all of them. */
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

export interface Uses {
  /** Whether requests reach the idle color through the API server: not where each service has a `color-url`. */
  readonly forwards: boolean
  /** Whether Deployments are ever removed. */
  readonly removes: boolean
}

/** A list and a creation cannot be allowed for one name alone. */
export function rulesFor(settings: KubernetesSettings, { forwards, removes }: Uses): readonly Rule[] {
  const deployments = settings.services.flatMap(({ deployment }) => [deployment.blue, deployment.green])
  return [
    ...routingRules(settings),
    rule('apps', ['deployments'], ['list', 'watch', 'create']),
    rule('apps', ['deployments'], ['get', 'patch', ...(removes ? ['delete'] : [])], deployments),
    rule('', ['pods'], ['get', 'list', 'watch']),
    rule('', ['pods/log'], ['get']),
    ...(forwards ? [rule('', ['pods/portforward'], ['create', 'get'])] : []),
    rule('', ['services', 'events', 'resourcequotas'], ['list']),
    rule('discovery.k8s.io', ['endpointslices'], ['list', 'watch']),
    rule('autoscaling', ['horizontalpodautoscalers'], ['list']),
    rule('coordination.k8s.io', ['leases'], ['create']),
    rule('coordination.k8s.io', ['leases'], ['get', 'patch'], [leaseName(settings.app)]),
  ]
}

function routingRules({ router, services, previewService }: KubernetesSettings): readonly Rule[] {
  const preview = previewService === null ? [] : [previewService]
  const patched = [...services.flatMap(({ kubeServices }) => kubeServices), ...preview]
  const switched = (names: readonly string[]) =>
    names.length === 0 ? [] : [rule('', ['services'], ['get', 'patch'], names)]
  switch (router.kind) {
    case 'service':
      return switched(patched)
    case 'ingress':
      return [
        rule('networking.k8s.io', ['ingresses'], ['get', 'patch'], [router.name]),
        rule('', ['services'], ['get'], [router.backend.blue, router.backend.green]),
        ...switched(preview),
      ]
    case 'httproute':
      return [
        rule('gateway.networking.k8s.io', ['httproutes'], ['get', 'patch'], [router.name]),
        rule('', ['services'], ['get'], [router.backend.blue, router.backend.green]),
        ...switched(preview),
      ]
  }
}

const rule = (
  group: string,
  resources: readonly string[],
  verbs: readonly string[],
  names: readonly string[] = [],
): Rule => ({
  apiGroups: [group],
  resources,
  ...(names.length > 0 && { resourceNames: [...new Set(names)] }),
  verbs,
})

/** Help where it is allowed: without it less is found before anything is touched. */
export const isDispensable = ({ resource, verb }: Demand): boolean =>
  dispensable.has(resource) || (resource === 'services' && verb === 'list')

const dispensable: ReadonlySet<string> = new Set([
  'events',
  'resourcequotas',
  'horizontalpodautoscalers',
  'pods/log',
])

/** One thing to be allowed. */
export interface Demand {
  readonly group: string
  readonly resource: string
  readonly verb: string
  /** null: any. */
  readonly name: string | null
}

export const demandsOf = (rules: readonly Rule[]): readonly Demand[] =>
  rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) => (resourceNames ?? [null]).map((name) => ({ group, resource, verb, name }))),
      ),
    ),
  )

export const isGranted = (granted: readonly Rule[], { group, resource, verb, name }: Demand): boolean =>
  granted.some(
    ({ apiGroups, resources, resourceNames = [], verbs }) =>
      holds(apiGroups, group) &&
      (holds(resources, resource) || resources.includes(`*/${resource.split('/')[1]}`)) &&
      holds(verbs, verb) &&
      (resourceNames.length === 0 || (name !== null && resourceNames.includes(name))),
  )

const holds = (list: readonly string[], one: string): boolean => list.includes('*') || list.includes(one)

/** `patch services shop, create leases`: what is alike is said once. */
export function demandsText(demands: readonly Demand[]): string {
  const objects = [...new Set(demands.map(objectOf))]
  return objects
    .map((object) => {
      const verbs = demands.filter((demand) => objectOf(demand) === object).map(({ verb }) => verb)
      return `${verbs.join(' and ')} ${object}`
    })
    .join('; ')
}

const objectOf = ({ resource, name }: Demand): string => (name === null ? resource : `${resource} ${name}`)

export interface Account {
  readonly app: string
  readonly namespace: string
  /** As the API server calls us: `system:serviceaccount:ci:deployer`. */
  readonly user: string
}

/** A Role and whom it is for, ready to be applied. */
export function roleText({ app, namespace, user }: Account, rules: readonly Rule[]): string {
  const metadata = { name: `blue-green-${app}`, namespace }
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const [, home, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? []
  const subject =
    account === undefined
      ? { kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }
      : { kind: 'ServiceAccount', name: account, namespace: home }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name }
  const objects = [
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects: [subject] },
  ]
  return objects.map(textOf).join('---\n')
}

/** A rule on a line. */
function textOf(object: object): string {
  const document = new Document(object, { aliasDuplicateObjects: false })
  visit(document, {
    Map: (_, map, path) => {
      if (path.length > 2) map.flow = true
    },
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}
