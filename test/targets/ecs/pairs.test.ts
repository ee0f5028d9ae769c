import type { LoadBalancer } from '@aws-sdk/client-ecs'
import { expect, it } from 'vitest'
import { pairsOf } from '../../../src/targets/ecs/pairs.ts'
import { plainService } from './plain-settings.ts'

const group = (targetGroupArn: string, containerPort = 80, containerName = 'app'): LoadBalancer => ({
  targetGroupArn,
  containerName,
  containerPort,
})

const pairs = (blue: LoadBalancer[] | null, green: LoadBalancer[] | null) =>
  pairsOf(
    plainService,
    new Map(
      Object.entries({ 'shop-blue': blue, 'shop-green': green }).flatMap(([serviceName, loadBalancers]) =>
        loadBalancers === null ? [] : [[serviceName, { serviceName, loadBalancers }]],
      ),
    ),
  ).map(({ blue: one, green: other }) => `${one}=${other}`)

it.each<readonly [string, LoadBalancer[] | null, LoadBalancer[] | null, readonly string[]]>([
  ['the only one of each', [group('b')], [group('g')], ['b=g']],
  [
    'the same container and port, in whatever order',
    [group('b'), group('b-admin', 81)],
    [group('g-admin', 81), group('g')],
    ['b=g', 'b-admin=g-admin'],
  ],
  [
    'several before one port, in their order',
    [group('b1'), group('b2')],
    [group('g1'), group('g2')],
    ['b1=g1', 'b2=g2'],
  ],
  ['nothing that stands alone', [group('b'), group('b-admin', 81)], [group('g')], ['b=g']],
  ['nothing without the other service', [group('b')], null, []],
])('target groups stand for each other: %s', (_, blue, green, expected) => {
  expect(pairs(blue, green)).toEqual(expected)
})
