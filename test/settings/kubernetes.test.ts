import { describe, expect, it } from 'vitest'
import type { KubernetesSettings } from '../../src/targets/kubernetes/settings.ts'
import { plainSettings } from '../targets/kubernetes/plain-settings.ts'
import { kubeconfigText, plainKubernetes as plain, settingsOf } from './reading.ts'

type Inputs = Readonly<Record<string, string>>

function kubernetesOf(...given: Parameters<typeof settingsOf>): KubernetesSettings {
  const settings = settingsOf(...given)
  if (settings.target !== 'kubernetes') throw new Error(`Read as target ${settings.target}.`)
  return settings.kubernetes
}

describe('Kubernetes', () => {
  it('needs little, and has every default', () => {
    expect(kubernetesOf(plain)).toEqual(plainSettings)
  })

  it('takes all of its settings', () => {
    const file = `target: kubernetes
app: shop
kube-context: staging
namespace: shop-prod
selector-key: app.example.com/slot
selector-value: "{app}-{color}"
kube-deployment: { blue: "{service}", green: "{service}-canary" }
kube-container: app
kube-overlap: 5s
preview-service: "{app}-preview"
kubectl-version: 1.34.2
router: service
services:
  web: { image: "web:1", url: "https://shop.example.com", kube-service: [web, "{app}-{service}"] }
  api: { image: "api:1", kube-service: "api, api-internal", kube-deployment: "api-{color}", kube-container: main }
  worker: { image: "worker:1", start: after-switch }
`
    const given = [{ config: 'shop.yml', kubeconfig: kubeconfigText }, file] as const
    const service = { container: 'app', url: null, start: 'before-switch' }
    expect(kubernetesOf(...given)).toEqual({
      app: 'shop',
      kubeconfig: { kind: 'text', text: kubeconfigText.trim() },
      context: 'staging',
      namespace: 'shop-prod',
      kubectlVersion: 'v1.34.2',
      router: { kind: 'service' },
      selectorKey: 'app.example.com/slot',
      selectorValue: { blue: 'shop-blue', green: 'shop-green' },
      overlap: 5000,
      previewService: 'shop-preview',
      manifests: [],
      services: [
        {
          ...service,
          name: 'web',
          kubeServices: ['web', 'shop-web'],
          deployment: { blue: 'web', green: 'web-canary' },
          url: 'https://shop.example.com',
        },
        {
          ...service,
          name: 'api',
          kubeServices: ['api', 'api-internal'],
          deployment: { blue: 'api-blue', green: 'api-green' },
          container: 'main',
        },
        {
          ...service,
          name: 'worker',
          kubeServices: [],
          deployment: { blue: 'worker', green: 'worker-canary' },
          start: 'after-switch',
        },
      ],
    })
    expect(
      settingsOf(...given).intent.services.map(({ name, image, start }) => [name, image, start]),
    ).toEqual([
      ['web', 'web:1', 'before-switch'],
      ['api', 'api:1', 'before-switch'],
      ['worker', 'worker:1', 'after-switch'],
    ])
  })

  it('gives several services the Service that all of them are called after, but for those without', () => {
    const services = '{ web: { image: a:1 }, worker: { image: b:1, kube-service: none } }'
    const changes = { services, image: '', url: '', 'kube-service': '{app}-{service}' }
    const found = kubernetesOf({ ...plain, ...changes, 'kube-deployment': '{service}-{color}' })
    expect(found.services.map(({ kubeServices }) => kubeServices)).toEqual([['shop-web'], []])
  })

  it('gives the only service what is said for all, by whatever name', () => {
    expect(kubernetesOf({ ...plain, services: 'web: { kube-container: app }' }).services).toEqual([
      { ...plainSettings.services[0], name: 'web', container: 'app' },
    ])
  })

  it.each<[string, KubernetesSettings['router']]>([
    ['service', { kind: 'service' }],
    [
      '{ ingress: "{app}" }',
      { kind: 'ingress', name: 'shop', rule: null, backend: { blue: 'shop-blue', green: 'shop-green' } },
    ],
    [
      '{ ingress: web, rule: shop.example.com/api, service: "web-{color}" }',
      {
        kind: 'ingress',
        name: 'web',
        rule: 'shop.example.com/api',
        backend: { blue: 'web-blue', green: 'web-green' },
      },
    ],
    [
      '{ httproute: web, backend: { blue: web, green: web-b } }',
      { kind: 'httproute', name: 'web', backend: { blue: 'web', green: 'web-b' } },
    ],
  ])('takes the router %s', (router, expected) => {
    expect(kubernetesOf({ ...plain, router }).router).toEqual(expected)
  })

  it('switches no selector where each color has a Service of its own', () => {
    const [service] = kubernetesOf({ ...plain, router: '{ ingress: web }' }).services
    expect(service?.kubeServices).toEqual([])
  })

  it.each([
    ['k8s', ['k8s']],
    ['k8s/{color}.yml', ['k8s/{color}.yml']],
    ['a.yml\nb', ['a.yml', 'b']],
    ['[a.yml, b]', ['a.yml', 'b']],
    ['- a.yml\n- b', ['a.yml', 'b']],
  ])('takes the manifests %j, and needs no image then', (given, manifests) => {
    expect(kubernetesOf({ ...plain, image: '', manifests: given })).toEqual({ ...plainSettings, manifests })
  })

  it('asks a path or a text for the way to the cluster', () => {
    expect(kubernetesOf({ ...plain, kubeconfig: 'ci/kubeconfig' }).kubeconfig).toEqual({
      kind: 'path',
      path: 'ci/kubeconfig',
    })
    const json = JSON.stringify({
      clusters: [{ name: 'a' }],
      contexts: [{ name: 'a' }],
      users: [{ name: 'a' }],
      'current-context': 'a',
    })
    expect(kubernetesOf({ ...plain, kubeconfig: json }).kubeconfig).toEqual({ kind: 'text', text: json })
  })
})

describe('the configuration revision of an app on Kubernetes', () => {
  const revisionOf = (changes: Inputs) => settingsOf({ ...plain, ...changes }).intent.configuration

  it('changes with what is sent to run a release', () => {
    const revisions = [
      {},
      { namespace: 'other' },
      { manifests: 'k8s' },
      { 'kube-deployment': 'web-{color}' },
      { 'kube-container': 'app' },
      { services: 'web: {}' },
    ].map((changes) => revisionOf(changes))
    expect(new Set(revisions).size).toBe(revisions.length)
  })

  it('stays when only the way to reach, route or check it changes', () => {
    const changes = [
      { kubeconfig: kubeconfigText },
      { 'selector-key': 'slot' },
      { 'kube-service': 'web' },
      { 'preview-service': 'preview' },
      { version: '2', image: 'a:b' },
      { bake: '1s' },
    ]
    expect(changes.map((one) => revisionOf(one))).toEqual(changes.map(() => revisionOf({})))
  })
})

describe('the secrets of a kubeconfig', () => {
  it('are what lets in, and no name', () => {
    const { secrets } = settingsOf({ ...plain, kubeconfig: kubeconfigText })
    expect(secrets.toSorted()).toEqual(['abc-def-ghi', 'cHJpdmF0ZSBrZXk=', 'xyz-uvw'])
  })

  it('are none where its path was given', () => {
    expect(settingsOf({ ...plain, kubeconfig: '/home/ann/config' }).secrets).toEqual([])
  })
})
