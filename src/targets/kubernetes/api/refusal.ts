/** What a refusal of the API means to people. */
import type { ApiAnswer, ApiRequest } from './cluster.ts'

type Refused = Extract<ApiAnswer, { kind: 'refused' }>

/** What is asked of RBAC for a request: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-verb-resource */
export interface Permission {
  readonly verb: string
  /** Empty: the core. */
  readonly group: string
  /** With its subresource: `pods/log`. */
  readonly resource: string
}

const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

/** null for what is no resource, as `/readyz`. */
export function permissionFor({ method, path }: Pick<ApiRequest, 'method' | 'path'>): Permission | null {
  const { pathname, searchParams } = new URL(path, 'http://localhost')
  const match =
    /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/[^/]+(?=\/))?\/(?<kind>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<sub>[^/]+))?)?$/.exec(
      pathname,
    )
  const { group = '', kind = '', name, sub } = match?.groups ?? {}
  if (match === null) return null
  const reading = name !== undefined ? 'get' : searchParams.get('watch') === 'true' ? 'watch' : 'list'
  return {
    verb: method === 'GET' ? reading : verbs[method],
    group,
    resource: sub === undefined ? kind : `${kind}/${sub}`,
  }
}

export const ruleText = ({ verb, group, resource }: Permission): string =>
  `- { apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"] }`

/** With what to do about it, where that is known. */
export function refusalText(request: Pick<ApiRequest, 'method' | 'path'>, refused: Refused): string {
  const { status, reason, message } = refused
  const said = message || `${status} ${reason}`.trim()
  if (status === 401)
    return `The API server does not know who we are (${said}): the credentials of the kubeconfig have expired, or are those of another cluster.`
  const permission = permissionFor(request)
  // A quota or a policy answers 403 as well.
  if (status === 403 && permission !== null && / cannot /.test(message))
    return `${said.replace(/\.$/, '')}. Add to the rules of its Role: ${ruleText(permission)}`
  return said
}
