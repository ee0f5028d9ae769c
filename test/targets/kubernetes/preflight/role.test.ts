import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { parseReview } from '../../../../src/targets/kubernetes/preflight/review.ts'
import {
  type Demand,
  demandsOf,
  demandsText,
  isGranted,
  type Rule,
  roleText,
  rulesFor,
} from '../../../../src/targets/kubernetes/preflight/role.ts'
import { plainSettings } from '../plain-settings.ts'

const uses = { forwards: true, removes: false }
const plain = rulesFor(plainSettings, uses)

describe('what we must be allowed', () => {
  it('is granted by itself', () => {
    expect(demandsOf(plain).filter((demand) => !isGranted(plain, demand))).toEqual([])
  })

  it('changes nothing but what is named', () => {
    const changes = demandsOf(plain).filter(({ verb }) => ['patch', 'update', 'delete'].includes(verb))
    expect(demandsText(changes)).toBe(
      'patch services shop; patch deployments shop-blue; patch deployments shop-green; patch leases blue-green-shop',
    )
  })

  it('grows with what is used', () => {
    const text = (...given: Parameters<typeof rulesFor>) => demandsText(demandsOf(rulesFor(...given)))
    expect(text(plainSettings, { ...uses, removes: true })).toContain('delete deployments shop-blue')
    expect(text(plainSettings, { ...uses, forwards: false })).not.toContain('portforward')
    expect(text({ ...plainSettings, previewService: 'preview' }, uses)).toContain('patch services preview')
    const backend = { blue: 'a', green: 'b' }
    const ingress = { kind: 'ingress', name: 'web', rule: null, backend } as const
    expect(text({ ...plainSettings, router: ingress }, uses)).toContain(
      'get and patch ingresses web; get services a',
    )
    expect(text({ ...plainSettings, router: { ...ingress, kind: 'httproute' } }, uses)).toContain(
      'get and patch httproutes web',
    )
  })
})

describe('a grant', () => {
  const patch: Demand = { group: 'apps', resource: 'deployments', verb: 'patch', name: 'shop-blue' }
  const log: Demand = { group: '', resource: 'pods/log', verb: 'get', name: null }
  const rule = (changes: Partial<Rule>): Rule => ({
    apiGroups: ['apps'],
    resources: ['deployments'],
    verbs: ['patch'],
    ...changes,
  })

  it.each<[Partial<Rule>, boolean]>([
    [{}, true],
    [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, true],
    [{ resourceNames: ['shop-blue'] }, true],
    [{ resourceNames: ['shop-green'] }, false],
    [{ resourceNames: [] }, true],
    [{ apiGroups: [''] }, false],
    [{ verbs: ['get'] }, false],
    [{ resources: ['deployments/scale'] }, false],
  ])('by %j', (changes, granted) => {
    expect(isGranted([rule(changes)], patch)).toBe(granted)
  })

  it('is not for all where it is for one by name', () => {
    expect(isGranted([rule({ resourceNames: ['shop-blue'] })], { ...patch, name: null })).toBe(false)
  })

  it('of a part of objects', () => {
    expect(isGranted([rule({ apiGroups: [''], resources: ['*/log'], verbs: ['get'] })], log)).toBe(true)
    expect(isGranted([rule({ apiGroups: [''], resources: ['pods'], verbs: ['get'] })], log)).toBe(false)
  })
})

describe('the answer about rules', () => {
  const nodes = 'node authorizer does not support user rule resolution'
  it.each<[string, object, boolean]>([
    ['is whole', { incomplete: false }, false],
    ['is whole but for nodes', { incomplete: true, evaluationError: nodes }, false],
    [
      'is not whole where others decide',
      {
        incomplete: true,
        evaluationError: `[${nodes}, webhook authorizer does not support user rule resolution]`,
      },
      true,
    ],
  ])('%s', (_, status, isPartial) => {
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]
    expect(parseReview({ status: { ...status, resourceRules: rules, nonResourceRules: [] } })).toEqual({
      granted: [{ ...rules[0], resourceNames: [] }],
      isPartial,
    })
  })
})

it('the Role is for whoever the API server takes us for', () => {
  const objects = (user: string) =>
    parseAllDocuments(roleText({ app: 'shop', namespace: 'prod', user }, plain)).map((document) =>
      document.toJS(),
    )
  const [role, binding] = objects('system:serviceaccount:ci:deployer')
  expect(role).toMatchObject({
    kind: 'Role',
    metadata: { name: 'blue-green-shop', namespace: 'prod' },
    rules: plain,
  })
  expect(binding).toMatchObject({
    roleRef: { kind: 'Role', name: 'blue-green-shop' },
    subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'ci' }],
  })
  expect(objects('ann@example.com')[1].subjects).toEqual([
    { kind: 'User', name: 'ann@example.com', apiGroup: 'rbac.authorization.k8s.io' },
  ])
})
