import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Deployment, deploymentSchema } from '../../../../src/targets/kubernetes/objects.ts'
import { ownerOf } from '../../../../src/targets/kubernetes/ownership.ts'
import { creationOf, manifestOf, twinOf } from '../../../../src/targets/kubernetes/runtime/creation.ts'
import type { Twins } from '../../../../src/targets/kubernetes/runtime/recoloring.ts'
import { ChangeFailed } from '../../../../src/targets/target.ts'

const twins: Twins = {
  deployment: { blue: 'shop-blue', green: 'shop-green' },
  selectorKey: null,
  selectorValue: { blue: 'blue', green: 'green' },
  selectors: [],
}
const order = {
  service: 'web',
  image: 'shop:v2',
  container: null,
  version: 'v2',
  release: 'r2',
  size: { web: 3 },
}

/** As the API server answers it. */
const live = (
  changes: { labels?: object; annotations?: object; pod?: object; podLabels?: object } = {},
): Deployment =>
  deploymentSchema.parse({
    metadata: {
      name: 'shop-blue',
      namespace: 'shop',
      uid: 'u1',
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: '2026-11-21T10:00:00Z',
      labels: { app: 'shop', color: 'blue', ...changes.labels },
      annotations: { 'deployment.kubernetes.io/revision': '3', team: 'web', ...changes.annotations },
      managedFields: [{ manager: 'kubectl', operation: 'Update' }],
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'shop', color: 'blue' } },
      strategy: { type: 'RollingUpdate' },
      template: {
        metadata: { creationTimestamp: null, labels: { app: 'shop', color: 'blue', ...changes.podLabels } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'shop:v1',
              env: [{ name: 'COLOR', value: 'blue' }],
              volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
            },
          ],
          volumes: [{ name: 'cache', emptyDir: {} }],
          ...changes.pod,
        },
      },
    },
    status: { observedGeneration: 3, replicas: 2 },
  })

const made = (deployment: Deployment, given: Twins = twins) =>
  creationOf(twinOf(deployment, 'green', given), order, 7)

describe('a color made from the live one', () => {
  test('is that in everything but its name, its labels, its release and its size', () => {
    expect(made(live())).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'shop-green',
        labels: { app: 'shop', color: 'green' },
        annotations: {
          team: 'web',
          'blue-green-action/fence': '7',
          'blue-green-action/version': 'v2',
          'blue-green-action/release': 'r2',
        },
      },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'shop', color: 'green' } },
        strategy: { type: 'RollingUpdate' },
        template: {
          metadata: {
            labels: { app: 'shop', color: 'green' },
            annotations: { 'blue-green-action/version': 'v2', 'blue-green-action/release': 'r2' },
          },
          spec: {
            containers: [
              {
                name: 'web',
                image: 'shop:v2',
                ports: [],
                env: [{ name: 'COLOR', value: 'blue' }],
                volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
              },
            ],
            initContainers: [],
            volumes: [{ name: 'cache', emptyDir: {} }],
          },
        },
      },
    })
  })

  test('keeps away from the other color, and spreads over nodes by its own', () => {
    const affinity = (mine: string, theirs: string) => ({
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              podAffinityTerm: { topologyKey: 'host', labelSelector: { matchLabels: { color: mine } } },
            },
          ],
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'host',
              labelSelector: {
                matchExpressions: [
                  { key: 'color', operator: 'In', values: [theirs] },
                  { key: 'app', operator: 'Exists' },
                ],
              },
            },
          ],
        },
      },
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', labelSelector: { matchLabels: { app: 'shop', color: mine } } },
      ],
      nodeSelector: { pool: 'blue' },
    })
    expect(made(live({ pod: affinity('blue', 'green') }))).toMatchObject({
      spec: { template: { spec: { ...affinity('green', 'blue'), nodeSelector: { pool: 'blue' } } } },
    })
  })

  test.each<[string, Partial<Twins>, Record<string, string>, Record<string, string>]>([
    ['a value that names app and color', {}, { slot: 'shop-blue-web' }, { slot: 'shop-green-web' }],
    ['the name of the Deployment', {}, { app: 'shop-blue' }, { app: 'shop-green' }],
    ['no word that merely contains a color', {}, { team: 'bluebird' }, { team: 'bluebird' }],
    [
      'values of any kind',
      { selectorKey: 'version', selectorValue: { blue: 'v1', green: 'v2' } },
      { version: 'v1', api: 'v1' },
      { version: 'v2', api: 'v1' },
    ],
    [
      'names of any kind',
      { deployment: { blue: 'shop', green: 'shop-canary' }, selectors: [{ run: 'shop' }] },
      { run: 'shop' },
      { run: 'shop-canary' },
    ],
    [
      'another label that is selected, where the name is that of the app',
      { deployment: { blue: 'shop', green: 'shop-green' }, selectors: [{ app: 'shop', color: 'blue' }] },
      { app: 'shop', color: 'blue' },
      { app: 'shop', color: 'green' },
    ],
  ])('knows by %s', (_, changes, podLabels, changed) => {
    expect(made(live({ podLabels }), { ...twins, ...changes })).toMatchObject({
      spec: { template: { metadata: { labels: changed } } },
    })
  })

  test('cannot be made where nothing tells the colors apart', () => {
    const all = { ...twins, selectors: [{ app: 'shop' }] }
    expect(() => twinOf(live(), 'green', all)).toThrow(
      'a Service selects app=shop, and would send users to its pods at once (app=shop, color=green)',
    )
    const plain = { ...twins, selectorKey: 'slot', deployment: { blue: 'a', green: 'b' } }
    const deployment = live({ podLabels: { color: 'none' } })
    expect(() => twinOf(deployment, 'green', plain)).toThrow(ChangeFailed)
    expect(() => twinOf(deployment, 'green', plain)).toThrow('They have: app=shop, color=none.')
  })
})

describe('whose it is', () => {
  const managedBy = (manager: string) => ({ labels: { 'app.kubernetes.io/managed-by': manager } })

  test.each<[string, Parameters<typeof live>[0], string | null]>([
    ['nobody', {}, null],
    ['somebody harmless', managedBy('kustomize'), null],
    ['Helm, by its label', managedBy('Helm'), 'Helm'],
    ['Helm, by its annotation', { annotations: { 'meta.helm.sh/release-name': 'shop' } }, 'Helm'],
    ['Argo CD', { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps' } }, 'Argo CD'],
    ['Argo CD, by its label', { labels: { 'argocd.argoproj.io/instance': 'shop' } }, 'Argo CD'],
    ['Flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } }, 'Flux'],
  ])('%s', (_, changes, owner) => {
    expect(ownerOf(live(changes))).toBe(owner)
  })

  test('its marks are not taken over', () => {
    const marks = {
      labels: {
        'app.kubernetes.io/managed-by': 'Helm',
        'helm.sh/chart': 'shop-1',
        'kustomize.toolkit.fluxcd.io/name': 'shop',
      },
      annotations: {
        'meta.helm.sh/release-name': 'shop',
        'argocd.argoproj.io/tracking-id': 'shop:apps',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
        'blue-green-action/fence': '3',
      },
    }
    expect(twinOf(live(marks), 'green', twins).metadata).toEqual({
      name: 'shop-green',
      labels: { app: 'shop', color: 'green' },
      annotations: { team: 'web' },
    })
  })
})

test('the manifest to commit leaves the number of instances to us', () => {
  const text = manifestOf(twinOf(live(), 'green', twins))
  expect(text).toContain('kind: Deployment\nmetadata:\n  name: shop-green\n')
  expect(parse(text)).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'shop-green',
      labels: { app: 'shop', color: 'green' },
      annotations: { team: 'web' },
    },
    spec: {
      selector: { matchLabels: { app: 'shop', color: 'green' } },
      strategy: { type: 'RollingUpdate' },
      template: {
        metadata: { labels: { app: 'shop', color: 'green' } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'shop:v1',
              env: [{ name: 'COLOR', value: 'blue' }],
              volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
            },
          ],
          volumes: [{ name: 'cache', emptyDir: {} }],
        },
      },
    },
  })
})

describe('whatever labels there are', () => {
  const word = fc.stringMatching(/^[a-z]{1,6}$/).filter((each) => !['blue', 'green'].includes(each))
  /** Of the live color in some way, or of none. */
  const value = fc.oneof(
    word,
    fc.constantFrom('blue', 'shop-blue', 'blue.web', 'shop-blue_1'),
    fc.tuple(word, fc.constantFrom('-', '_', '.'), word).map((parts) => parts.join('')),
  )
  const labels = fc.dictionary(word, value, { maxKeys: 5 })
  const expressions = fc.array(fc.record({ key: word, operator: fc.constant('In'), values: fc.array(value) }))
  const term = fc.record({
    topologyKey: word,
    labelSelector: fc.record({ matchLabels: labels, matchExpressions: expressions }),
  })
  const pod = fc.record({
    affinity: fc.record({
      podAffinity: fc.record({
        requiredDuringSchedulingIgnoredDuringExecution: fc.array(term, { maxLength: 3 }),
      }),
      podAntiAffinity: fc.record({
        preferredDuringSchedulingIgnoredDuringExecution: fc.array(
          fc.record({ weight: fc.nat(100), podAffinityTerm: term }),
        ),
      }),
    }),
    topologySpreadConstraints: fc.array(term, { maxLength: 3 }),
  })
  const given = fc.record({ pod, podLabels: labels, labels })

  test('none of the live color is left in what selects pods', () => {
    fc.assert(
      fc.property(given, (changes) => {
        const { metadata, spec } = twinOf(live(changes), 'green', twins)
        const { affinity, topologySpreadConstraints } = spec.template.spec
        const selecting = [
          metadata.labels,
          spec.selector,
          spec.template.metadata?.labels,
          affinity,
          topologySpreadConstraints,
        ]
        expect(JSON.stringify(selecting)).not.toMatch(/(?<![a-z])blue(?![a-z])/)
      }),
    )
  })

  test('made once more from what was made, it is the live one again', () => {
    fc.assert(
      fc.property(given, (changes) => {
        const first = twinOf(live(changes), 'green', twins)
        const back = twinOf(twinOf(first, 'blue', twins), 'green', twins)
        expect(back).toEqual(first)
      }),
    )
  })

  test('what selects its pods selects no live one', () => {
    fc.assert(
      fc.property(given, (changes) => {
        const before = live(changes)
        const { spec } = twinOf(before, 'green', twins)
        const selected = (pods: object) =>
          Object.entries(spec.selector.matchLabels ?? {}).every(
            ([key, each]) => Reflect.get(pods, key) === each,
          )
        expect(selected({ ...before.spec.template.metadata?.labels, color: 'blue' })).toBe(false)
      }),
    )
  })
})
