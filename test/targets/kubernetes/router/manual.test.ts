import { expect, it } from 'vitest'
import { manualBySettings } from '../../../../src/targets/kubernetes/router/manual.ts'
import type { KubernetesSettings } from '../../../../src/targets/kubernetes/settings.ts'
import { plainService, plainSettings } from '../plain-settings.ts'
import { backend } from './routes.ts'

const worker = { ...plainService, name: 'worker', kubeServices: [] }
const api = { ...plainService, name: 'api', kubeServices: ['api'] }

it.each<[string, Partial<KubernetesSettings>, readonly string[]]>([
  ['a Service', {}, [`kubectl patch service shop --type=merge -p '{"spec":{"selector":{"color":"green"}}}'`]],
  [
    'Services, by the key and the value of the settings, in their place',
    {
      services: [plainService, worker, api],
      selectorKey: 'example.com/slot',
      selectorValue: { blue: 'a', green: 'b' },
      context: 'prod',
      namespace: 'shop',
    },
    ['shop', 'api'].map(
      (name) =>
        `kubectl --context prod -n shop patch service ${name} --type=merge -p '{"spec":{"selector":{"example.com/slot":"b"}}}'`,
    ),
  ],
  [
    'an Ingress',
    { router: { kind: 'ingress', name: 'web', rule: null, backend } },
    ['kubectl edit ingress web # in the place of shop-blue: shop-green'],
  ],
  [
    'one rule of an Ingress',
    { router: { kind: 'ingress', name: 'web', rule: 'shop.example.com/api', backend } },
    ['kubectl edit ingress web # of shop.example.com/api alone, in the place of shop-blue: shop-green'],
  ],
  [
    'an HTTPRoute',
    { router: { kind: 'httproute', name: 'web', backend }, namespace: 'shop' },
    ['kubectl -n shop edit httproute web # in the place of shop-blue: shop-green'],
  ],
])('whoever has not seen the cluster is told how to move %s', (_, settings, commands) => {
  expect(manualBySettings({ ...plainSettings, ...settings }, 'green')).toEqual(commands)
})
