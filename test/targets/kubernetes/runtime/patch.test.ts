import { describe, expect, test } from 'vitest'
import { deploymentSchema } from '../../../../src/targets/kubernetes/objects.ts'
import {
  containerOf,
  deployOperations,
  type ServiceOrder,
  stopOperations,
} from '../../../../src/targets/kubernetes/runtime/patch.ts'
import { deploymentOf } from './objects.ts'

const order = (changes: Partial<ServiceOrder> = {}): ServiceOrder => ({
  service: 'web',
  image: 'shop:v2',
  container: null,
  version: 'v2',
  release: 'r2',
  size: { web: 5 },
  ...changes,
})

const containers = '/spec/template/spec/containers/0'
const template = '/spec/template/metadata/annotations'

test('image, size and release are changed in one patch that tests what was there', () => {
  const deployment = deploymentOf({ annotations: { 'blue-green-action/version': 'v1' }, release: 'r1' })
  expect(deployOperations(deployment, order())).toEqual([
    { op: 'test', path: `${containers}/name`, value: 'web' },
    { op: 'test', path: `${containers}/image`, value: 'shop:v1' },
    { op: 'replace', path: `${containers}/image`, value: 'shop:v2' },
    { op: 'test', path: '/spec/replicas', value: 2 },
    { op: 'replace', path: '/spec/replicas', value: 5 },
    { op: 'test', path: '/metadata/annotations/blue-green-action~1version', value: 'v1' },
    { op: 'replace', path: '/metadata/annotations/blue-green-action~1version', value: 'v2' },
    { op: 'test', path: '/metadata/annotations/blue-green-action~1release', value: null },
    { op: 'add', path: '/metadata/annotations/blue-green-action~1release', value: 'r2' },
    { op: 'test', path: `${template}/blue-green-action~1version`, value: null },
    { op: 'add', path: `${template}/blue-green-action~1version`, value: 'v2' },
    { op: 'test', path: `${template}/blue-green-action~1release`, value: 'r1' },
    { op: 'replace', path: `${template}/blue-green-action~1release`, value: 'r2' },
  ])
})

test('a color that carries the release already is only started again, in pods of the same template', () => {
  const ours = { 'blue-green-action/version': 'v2', 'blue-green-action/release': 'r2' }
  const stopped = deploymentOf({ replicas: 0, annotations: ours })
  const deployment = {
    ...stopped,
    spec: {
      ...stopped.spec,
      template: { ...stopped.spec.template, metadata: { annotations: ours } },
    },
  }
  const changes = deployOperations(deployment, order({ image: 'shop:v1' })).filter(({ op }) => op !== 'test')
  expect(changes).toEqual([{ op: 'replace', path: '/spec/replicas', value: 5 }])
})

describe('size', () => {
  test.each<[string, number, ServiceOrder['size'], number | undefined]>([
    ['as the live color', 2, { web: 7 }, 7],
    ['its own where there is none', 2, null, undefined],
    ['its own where that service is not known', 2, { api: 7 }, undefined],
    ['never none', 0, null, 1],
    ['never none, whatever the live one has', 2, { web: 0 }, 1],
  ])('%s', (_, replicas, size, wanted) => {
    const written = deployOperations(deploymentOf({ replicas }), order({ size })).find(
      ({ op, path }) => op === 'replace' && path === '/spec/replicas',
    )
    expect(written).toEqual(
      wanted === undefined ? undefined : { op: 'replace', path: '/spec/replicas', value: wanted },
    )
  })
})

test('stopping takes all instances and nothing else', () => {
  expect(stopOperations(deploymentOf())).toEqual([
    { op: 'test', path: '/spec/replicas', value: 2 },
    { op: 'replace', path: '/spec/replicas', value: 0 },
  ])
})

describe('container', () => {
  const pair = deploymentSchema.parse({
    metadata: { name: 'shop-green' },
    spec: { selector: {}, template: { spec: { containers: [{ name: 'web' }, { name: 'proxy' }] } } },
  })

  test.each<[string | null, number | string]>([
    ['proxy', 1],
    [
      null,
      'Deployment shop-green has several containers: web, proxy. `kube-container` says whose image is the app',
    ],
    ['app', 'Deployment shop-green has no container app. It has: web, proxy. Correct `kube-container`.'],
  ])('%s of two', (name, expected) => {
    if (typeof expected === 'number') expect(containerOf(pair, name)).toBe(expected)
    else expect(() => containerOf(pair, name)).toThrow(expected)
  })
})
