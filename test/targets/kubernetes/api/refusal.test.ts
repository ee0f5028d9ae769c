import { describe, expect, it } from 'vitest'
import { permissionFor, refusalText } from '../../../../src/targets/kubernetes/api/refusal.ts'

const shop = '/namespaces/shop'

describe('what a request needs', () => {
  it.each([
    ['GET', `/api/v1${shop}/services/web`, 'get', '', 'services'],
    ['GET', `/api/v1${shop}/services?labelSelector=a%3Db`, 'list', '', 'services'],
    ['GET', `/api/v1${shop}/pods?watch=true`, 'watch', '', 'pods'],
    ['GET', `/api/v1${shop}/pods/web-1/log?tailLines=50`, 'get', '', 'pods/log'],
    ['PATCH', `/apis/apps/v1${shop}/deployments/web`, 'patch', 'apps', 'deployments'],
    ['POST', `/apis/coordination.k8s.io/v1${shop}/leases`, 'create', 'coordination.k8s.io', 'leases'],
    ['PUT', `/apis/apps/v1${shop}/deployments/web/scale`, 'update', 'apps', 'deployments/scale'],
    ['DELETE', `/apis/apps/v1${shop}/deployments/web`, 'delete', 'apps', 'deployments'],
    ['GET', '/api/v1/namespaces', 'list', '', 'namespaces'],
    ['GET', '/api/v1/namespaces/shop', 'get', '', 'namespaces'],
  ] as const)('%s %s', (method, path, verb, group, resource) => {
    expect(permissionFor({ method, path })).toEqual({ verb, group, resource })
  })

  it('is nothing where there is no resource', () => {
    expect(permissionFor({ method: 'GET', path: '/readyz' })).toBeNull()
  })
})

describe('a refusal', () => {
  const request = { method: 'PATCH', path: `/apis/apps/v1${shop}/deployments/web` } as const
  const textOf = (status: number, reason: string, message: string) =>
    refusalText(request, { kind: 'refused', status, reason, message, serverTime: 0 })

  it('for lack of a right names the rule to add', () => {
    const said = 'deployments.apps "web" is forbidden: User "ci" cannot patch resource "deployments"'
    expect(textOf(403, 'Forbidden', said)).toBe(
      `${said}. Add to the rules of its Role: - { apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"] }`,
    )
  })

  it.each([
    [403, 'Forbidden', 'pods "web" is forbidden: exceeded quota: small'],
    [409, 'Conflict', 'the object has been modified'],
  ])('%i says what the server says', (status, reason, message) => {
    expect(textOf(status, reason, message)).toBe(message)
  })

  it('of who we are speaks of credentials', () => {
    expect(textOf(401, 'Unauthorized', 'Unauthorized')).toMatch(/credentials of the kubeconfig have expired/)
  })
})
