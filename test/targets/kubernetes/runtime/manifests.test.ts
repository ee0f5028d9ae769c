import { describe, expect, test } from 'vitest'
import { appliedDeployment, managersIn } from '../../../../src/targets/kubernetes/runtime/applying.ts'
import {
  type Manifest,
  type Rendering,
  renderManifests,
} from '../../../../src/targets/kubernetes/runtime/manifests.ts'
import { ChangeFailed } from '../../../../src/targets/target.ts'
import { serviceOf, settingsOf } from './stand.ts'

const rendering = (changes: Partial<Rendering> = {}): Rendering => ({
  settings: settingsOf(),
  color: 'green',
  version: '1.10',
  images: { web: 'shop:v2' },
  namespace: 'shop',
  services: ['web'],
  ...changes,
})

const deploymentText = `apiVersion: apps/v1
kind: Deployment
metadata: { name: "{app}-{color}" }
spec:
  selector: { matchLabels: { color: {color} } }
  template:
    metadata:
      labels: { color: {color} }
      annotations: { at: {version} }
    spec:
      containers: [{ name: web, image: {image} }]
`

const render = (text: string, changes: Partial<Rendering> = {}) =>
  renderManifests([{ path: 'k8s/app.yaml', text }], rendering(changes))

test('placeholders are filled in, quoted or not, and stay texts', () => {
  const { deployments, others, left } = render(deploymentText)
  expect(deployments).toMatchObject([
    {
      service: { name: 'web' },
      manifest: {
        metadata: { name: 'shop-green' },
        spec: {
          selector: { matchLabels: { color: 'green' } },
          template: {
            metadata: { labels: { color: 'green' }, annotations: { at: '1.10' } },
            spec: { containers: [{ name: 'web', image: 'shop:v2' }] },
          },
        },
      },
    },
  ])
  expect([others, left]).toEqual([[], []])
})

test('a version cannot become a part of the manifest', () => {
  const { deployments } = render(deploymentText, { version: '1" }\nkind: Secret # {color}' })
  expect(deployments[0]?.manifest).toMatchObject({
    kind: 'Deployment',
    spec: { template: { metadata: { annotations: { at: '1" }\nkind: Secret # {color}' } } } },
  })
})

describe('several services', () => {
  const two = settingsOf({
    services: [
      serviceOf({ name: 'web', deployment: { blue: 'web-blue', green: 'web-green' } }),
      serviceOf({ name: 'api', deployment: { blue: 'api-blue', green: 'api-green' }, kubeServices: ['api'] }),
    ],
  })
  const both = { settings: two, images: { web: 'web:v2', api: 'api:v2' } }
  const text = deploymentText.replace('{app}-', '{service}-')

  test('each get what names {service}', () => {
    const { deployments } = render(text, { ...both, services: ['web', 'api'] })
    expect(deployments.map(({ manifest }) => manifest)).toMatchObject([
      {
        metadata: { name: 'web-green' },
        spec: { template: { spec: { containers: [{ image: 'web:v2' }] } } },
      },
      {
        metadata: { name: 'api-green' },
        spec: { template: { spec: { containers: [{ image: 'api:v2' }] } } },
      },
    ])
  })

  test('start when they are told to', () => {
    const { deployments } = render(text, { ...both, services: ['api'] })
    expect(deployments.map(({ service }) => service.name)).toEqual(['api'])
  })

  test('are known by the name of their Deployment', () => {
    const { deployments } = render(deploymentText.replace('{app}-', 'api-'), { ...both, services: ['api'] })
    expect(deployments).toMatchObject([
      {
        service: { name: 'api' },
        manifest: { spec: { template: { spec: { containers: [{ image: 'api:v2' }] } } } },
      },
    ])
  })
})

test('the switch and the other color are left alone, and that is said', () => {
  const text = [
    deploymentText,
    deploymentText.replace('{app}-{color}', 'shop-blue'),
    'apiVersion: v1\nkind: Service\nmetadata: { name: shop }\nspec: { selector: { color: blue } }',
    'apiVersion: v1\nkind: Service\nmetadata: { name: "shop-{color}" }',
    'apiVersion: v1\nkind: List\nitems: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: shop } }]',
    '# nothing',
  ].join('\n---\n')
  const { others, left, deployments } = render(text)
  expect(deployments.map(({ manifest }) => manifest.metadata.name)).toEqual(['shop-green'])
  expect(others.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'Service shop-green',
    'ConfigMap shop',
  ])
  expect(left).toEqual([
    'Deployment shop-blue of k8s/app.yaml belongs to blue, so it is not applied.',
    'Service shop of k8s/app.yaml is what the switch changes, so it is not applied: what else is new of it, apply yourself.',
  ])
})

test('all that is wrong is said at once', () => {
  const files = [
    { path: 'a.yaml', text: 'a: [' },
    { path: 'b.yaml', text: 'kind: ConfigMap' },
    { path: 'c.yaml', text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: other }' },
    { path: 'd.yaml', text: deploymentText },
  ]
  const refuse = () => renderManifests(files, rendering({ images: { web: null } }))
  expect(refuse).toThrow(ChangeFailed)
  expect(refuse).toThrow(
    /a\.yaml: .+\nb\.yaml: a manifest needs .+\nc\.yaml: .+ is for namespace other, and the app's is shop\.\nd\.yaml: \{image\} is asked for, and service web has none\.\nNo manifest is Deployment shop-green/,
  )
})

test('what is applied carries its release, the fence and the version it was read in, and leaves the size alone', () => {
  const manifest: Manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop-green', annotations: { team: 'web' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { color: 'green' } },
      template: {
        metadata: { labels: { color: 'green' } },
        spec: { containers: [{ name: 'web', image: 'shop:dev' }] },
      },
    },
  }
  const order = {
    service: 'web',
    image: 'shop:v2',
    container: null,
    version: 'v2',
    release: 'r2',
    size: null,
  }
  const ours = { 'blue-green-action/version': 'v2', 'blue-green-action/release': 'r2' }
  const applied = appliedDeployment(manifest, order, { fence: 7, version: '90' })
  expect(applied).toMatchObject({
    metadata: {
      resourceVersion: '90',
      annotations: { team: 'web', ...ours, 'blue-green-action/fence': '7' },
    },
    spec: { template: { metadata: { annotations: ours }, spec: { containers: [{ image: 'shop:v2' }] } } },
  })
  expect(applied.spec).not.toHaveProperty('replicas')
})

test.each([
  ['Apply failed with 1 conflict: conflict with "helm" using apps/v1: .spec.paused', ['helm']],
  [
    'Apply failed with 2 conflicts: conflicts with "blue-green-action" using apps/v1:\n- .a\nconflicts with "kubectl-edit":\n- .b',
    ['blue-green-action', 'kubectl-edit'],
  ],
  ['Operation cannot be fulfilled on deployments.apps "a": the object has been modified', []],
])('whom fields belong to: %s', (message, managers) => {
  expect(managersIn(message)).toEqual(managers)
})
