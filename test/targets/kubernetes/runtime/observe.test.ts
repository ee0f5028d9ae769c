import { describe, expect, test } from 'vitest'
import { repositoryOf } from '../../../../src/targets/images.ts'
import { serviceSchema } from '../../../../src/targets/kubernetes/objects.ts'
import { describeColor } from '../../../../src/targets/kubernetes/runtime/observe.ts'
import { digestOf } from '../../../../src/targets/kubernetes/runtime/pods.ts'
import { portOf, serviceOf as portService } from '../../../../src/targets/kubernetes/runtime/ports.ts'
import { choosePod } from '../../../../src/targets/kubernetes/runtime/reaching.ts'
import { pinnedImage } from '../../../../src/targets/kubernetes/runtime/starting.ts'
import type { ColorState } from '../../../../src/targets/target.ts'
import { type DeploymentGiven, deploymentOf, podOf } from './objects.ts'
import { serviceOf } from './stand.ts'

const web = serviceOf()
const worker = serviceOf({
  name: 'worker',
  kubeServices: [],
  deployment: { blue: 'worker-blue', green: 'worker-green' },
  start: 'after-switch',
})
const version = (value: string) => ({ 'blue-green-action/version': value })

describe('a color', () => {
  test.each<[string, readonly DeploymentGiven[], ColorState]>([
    ['is absent without a Deployment', [], { presence: 'absent', version: null, detail: null }],
    [
      'is absent with a worker alone',
      [{ name: 'worker-green' }],
      { presence: 'absent', version: null, detail: null },
    ],
    [
      'runs, with its version and its size',
      [{ annotations: version('v2') }, { name: 'worker-green', replicas: 3 }],
      { presence: 'running', version: 'v2', detail: null, size: { web: 2, worker: 3 } },
    ],
    [
      'runs while one of its instances is lost',
      [{ status: { availableReplicas: 1 } }],
      { presence: 'running', version: null, detail: 'shop-green has 1 of 2 instances', size: { web: 2 } },
    ],
    [
      'starts while there is none',
      [{ status: { availableReplicas: 0 } }],
      { presence: 'starting', version: null, detail: 'shop-green has 0 of 2 instances', size: { web: 2 } },
    ],
    [
      'starts while a former release is there too',
      [{ status: { replicas: 3 } }],
      { presence: 'starting', version: null, detail: null, size: { web: 2 } },
    ],
    [
      'is stopped with no instances',
      [{ replicas: 0, annotations: version('v1') }],
      { presence: 'stopped', version: 'v1', detail: null, size: { web: 0 } },
    ],
    [
      'is stopping while some are left',
      [{ replicas: 0, status: { replicas: 1 } }],
      { presence: 'stopping', version: null, detail: null, size: { web: 0 } },
    ],
  ])('%s', (_, given, state) => {
    const deployments = new Map(given.map(deploymentOf).map((each) => [each.metadata.name, each]))
    expect(describeColor([web, worker], 'green', deployments)).toEqual(state)
  })

  test('starts while one of its services does not run', () => {
    const api = serviceOf({ name: 'api', deployment: { blue: 'api-blue', green: 'api-green' } })
    const deployments = new Map([['shop-green', deploymentOf()]])
    expect(describeColor([web, api], 'green', deployments)).toMatchObject({
      presence: 'starting',
      detail: 'api-green not running',
    })
  })
})

describe('the port of a pod', () => {
  const service = (...ports: readonly object[]) =>
    serviceSchema.parse({ metadata: { name: 'shop' }, spec: { ports } })
  const deployment = deploymentOf()
  const named = {
    ...deployment,
    spec: {
      ...deployment.spec,
      template: {
        ...deployment.spec.template,
        spec: {
          ...deployment.spec.template.spec,
          containers: [
            { name: 'proxy', ports: [{ name: 'admin', containerPort: 9901 }] },
            { name: 'web', ports: [{ name: 'web', containerPort: 3000 }] },
          ],
        },
      },
    },
  }

  test.each([
    ['the number that the Service names', deployment, service({ port: 80, targetPort: 8081 }), 8081],
    ['that of the Service itself', deployment, service({ port: 80 }), 80],
    ['what the pod calls so', named, service({ port: 80, targetPort: 'web' }), 3000],
    ['unknown where it calls nothing so', named, service({ port: 80, targetPort: 'none' }), null],
    [
      'that for http among several',
      deployment,
      service({ name: 'metrics', port: 9090 }, { name: 'http', port: 80, targetPort: 8080 }),
      8080,
    ],
    ['the first declared where no Service tells', deployment, null, 8080],
  ])('is %s', (_, given, from, port) => {
    expect(portOf(given, from)).toBe(port)
  })

  test('is told by the Service that users come through', () => {
    const ingress = {
      kind: 'ingress',
      name: 'shop',
      rule: null,
      backend: { blue: 'shop-blue', green: 'shop-green' },
    } as const
    expect(portService(web, { kind: 'service' }, 'green')).toBe('shop')
    expect(portService(worker, { kind: 'service' }, 'green')).toBeNull()
    expect(portService(serviceOf({ kubeServices: [] }), ingress, 'green')).toBe('shop-green')
  })
})

test('requests go to the same pod as long as it is there, then to one that is ready', () => {
  const [starting, ready, ended] = [
    podOf({ name: 'starting', ready: false }),
    podOf({ name: 'ready' }),
    podOf({ name: 'ended', status: { phase: 'Failed' } }),
  ]
  const chosen = (pods: Parameters<typeof choosePod>[0], current: string | null) =>
    choosePod(pods, current)?.metadata.name
  expect(chosen([starting, ready], 'starting')).toBe('starting')
  expect(chosen([starting, ready], 'gone')).toBe('ready')
  expect(chosen([ended, starting], 'ended')).toBe('starting')
  expect(chosen([ended], null)).toBeUndefined()
})

describe('what runs, by digest', () => {
  const digest = `sha256:${'ab'.repeat(32)}`
  const running = (imageID: string) =>
    podOf({ status: { containerStatuses: [{ name: 'web', ready: true, restartCount: 0, imageID }] } })

  test.each([
    ['registry.example:5000/shop:v2', `registry.example:5000/shop@${digest}`, digest],
    ['nginx', `docker.io/library/nginx@${digest}`, digest],
    ['acme/shop:v2', `docker-pullable://acme/shop@${digest}`, digest],
    // Loaded by hand: no registry knows it.
    ['shop:v2', digest, null],
    ['acme/shop:v2', `docker.io/other/shop@${digest}`, null],
    ['acme/shop:v2', '', null],
  ])('%s, told as %s', (image, id, found) => {
    expect(digestOf(running(id), 'web', image)).toBe(found)
  })

  test.each([
    ['registry.example:5000/shop', 'registry.example:5000/shop'],
    ['registry.example:5000/shop:v2', 'registry.example:5000/shop'],
    [`shop:v2@${digest}`, 'shop'],
  ])('%s is of %s', (image, repository) => {
    expect(repositoryOf(image)).toBe(repository)
  })

  test('is not told where a tag moved between two pods', () => {
    const other = `sha256:${'cd'.repeat(32)}`
    const one = running(`docker.io/acme/shop@${digest}`)
    expect(pinnedImage('acme/shop:v2', [one, one], 'web')).toBe(`acme/shop@${digest}`)
    expect(pinnedImage('acme/shop:v2', [one, running(`docker.io/acme/shop@${other}`)], 'web')).toBe(
      'acme/shop:v2',
    )
    expect(pinnedImage(`acme/shop@${other}`, [one], 'web')).toBe(`acme/shop@${other}`)
  })
})
