import { describe, expect, it } from 'vitest'
import { differencesBetween } from '../../../../src/targets/kubernetes/preflight/parity.ts'
import { deploymentOf } from './objects.ts'

type Container = Readonly<Record<string, unknown>>

const web = (changes: Container = {}): Container => ({ name: 'web', image: 'shop:1', ...changes })
const between = (blue: readonly Container[], green: readonly Container[]) =>
  differencesBetween(
    deploymentOf('shop-blue', { containers: blue }),
    deploymentOf('shop-green', { containers: green }),
  )

const env = (...names: readonly string[]) => ({
  env: names.map((name) => ({ name, value: `secret of ${name}` })),
})
const probe = (path: string) => ({ httpGet: { path, port: 80 } })

describe('two Deployments differ', () => {
  it.each<[string, Container, Container, readonly string[]]>([
    ['in nothing', web(), web(), []],
    ['in nothing but their release', web({ image: 'shop:1' }), web({ image: 'shop:2' }), []],
    [
      'in nothing but the values of their environment',
      web(env('A')),
      web({ env: [{ name: 'A', value: 'x' }] }),
      [],
    ],
    ['in nothing but the order of it', web(env('A', 'B')), web(env('B', 'A')), []],
    ['in nothing where one says that there is nothing', web({ args: null, envFrom: undefined }), web(), []],
    [
      'in nothing but the order of keys',
      web({ resources: { a: 1, b: 2 } }),
      web({ resources: { b: 2, a: 1 } }),
      [],
    ],
    [
      'in their environment',
      web(env('A', 'B', 'C')),
      web(env('C', 'D')),
      [
        'container web: environment variable A, B only in shop-blue',
        'container web: environment variable D only in shop-green',
      ],
    ],
    [
      'in their ports',
      web({ ports: [{ containerPort: 8080 }, { containerPort: 9090 }] }),
      web({ ports: [{ containerPort: 8080 }] }),
      ['container web: port 9090 only in shop-blue'],
    ],
    [
      'in the rest',
      web({
        envFrom: [{ secretRef: { name: 'a' } }],
        resources: { limits: { memory: '1Gi' } },
        readinessProbe: probe('/a'),
        livenessProbe: probe('/a'),
        command: ['a'],
        args: ['a'],
      }),
      web({ envFrom: [], resources: {}, readinessProbe: probe('/b'), command: ['b'], args: ['a', 'b'] }),
      ['envFrom', 'resources', 'readinessProbe', 'livenessProbe', 'command', 'args'].map(
        (field) => `container web: ${field} is not the same`,
      ),
    ],
  ])('%s', (_, blue, green, expected) => {
    const differences = between([blue], [green])
    expect(differences).toEqual(expected)
    expect(differences.join()).not.toContain('secret')
  })

  it('in their containers, of which those of one name are compared in whatever order', () => {
    const proxy = { name: 'proxy', image: 'envoy:1' }
    const job = { name: 'job', image: 'job:1' }
    expect(between([web(env('A')), proxy], [job, web()])).toEqual([
      'container proxy only in shop-blue',
      'container job only in shop-green',
      'container web: environment variable A only in shop-blue',
    ])
  })
})
