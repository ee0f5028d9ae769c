import { describe, expect, it } from 'vitest'
import { serviceSchema } from '../../../../src/targets/kubernetes/objects.ts'
import { judge, type Look } from '../../../../src/targets/kubernetes/preflight/judge.ts'
import { plainService, plainSettings } from '../plain-settings.ts'
import { deploymentOf } from './objects.ts'

const backend = { blue: 'web-blue', green: 'web-green' }
const settings = {
  ...plainSettings,
  services: [{ ...plainService, kubeServices: [] }],
  router: { kind: 'ingress', name: 'shop', rule: null, backend },
} as const
const blue = { app: 'shop', color: 'blue' }
const green = { app: 'shop', color: 'green' }
const deployments = [deploymentOf('shop-blue'), deploymentOf('shop-green')]

const serviceOf = (name: string, selector: object, ports: readonly object[] = [{ port: 80 }]) =>
  serviceSchema.parse({ metadata: { name }, spec: { selector, ports } })

const judged = (changes: Partial<Look>) =>
  judge({
    settings,
    name: 'context prod, namespace shop',
    traffic: { kind: 'color', color: 'blue' },
    services: [serviceOf('web-blue', blue), serviceOf('web-green', green)],
    deployments,
    autoscalers: [],
    quotas: [],
    ...changes,
  })
const problemsOf = (changes: Partial<Look>) => judged(changes).problems.map(({ what }) => what)

it('nothing is said of Services that lead to their colors', () => {
  expect(judged({})).toEqual({ problems: [], remarks: [] })
})

describe('the Service of a color', () => {
  it('must not select the pods of the other one', () => {
    expect(problemsOf({ services: [serviceOf('web-blue', blue), serviceOf('web-green', blue)] })).toEqual([
      'Service web-green, which is to lead to green, selects app=shop, color=blue, which the pods of shop-blue have.',
    ])
  })

  it('must not select the pods of both', () => {
    expect(
      problemsOf({ services: [serviceOf('web-blue', { app: 'shop' }), serviceOf('web-green', green)] }),
    ).toEqual([
      'Service web-blue, which is to lead to blue, selects app=shop, which the pods of shop-green have.',
    ])
  })

  it('must select pods of ours, as far as there are any', () => {
    const services = [serviceOf('web-blue', blue), serviceOf('web-green', { app: 'web', color: 'green' })]
    expect(problemsOf({ services })).toEqual([
      'Service web-green, which is to lead to green, selects app=web, color=green, which no pods of ours have.',
    ])
    expect(problemsOf({ services, deployments: [deploymentOf('shop-blue')] })).toEqual([])
  })

  it('may be given its endpoints by others', () => {
    expect(problemsOf({ services: [serviceOf('web-blue', {}), serviceOf('web-green', {})] })).toEqual([])
  })

  it('may lead to one of several services of the app', () => {
    const worker = { ...plainService, name: 'worker', deployment: { blue: 'w-blue', green: 'w-green' } }
    const both = { ...settings, services: [worker, ...settings.services] }
    const workers = ['blue', 'green'].map((color) =>
      deploymentOf(`w-${color}`, { labels: { app: 'w', color } }),
    )
    expect(problemsOf({ settings: both, deployments: [...deployments, ...workers] })).toEqual([])
  })

  it('should have the ports that the other one has', () => {
    const services = [
      serviceOf('web-blue', blue, [{ port: 80 }, { name: 'metrics', port: 90 }]),
      serviceOf('web-green', green, [{ port: 8080 }]),
    ]
    expect(judged({ services })).toEqual({
      problems: [],
      remarks: [
        'Service web-green has no port 80, 90, metrics, as web-blue has: what leads there by that port finds nobody after a switch to green.',
        'Service web-blue has no port 8080, as web-green has: what leads there by that port finds nobody after a switch to blue.',
      ],
    })
    const named = [serviceOf('web-blue', blue), serviceOf('web-green', green, [{ name: 'http', port: 80 }])]
    const router = { kind: 'httproute', name: 'shop', backend } as const
    // A route goes by numbers alone.
    expect(judged({ services: named, settings: { ...settings, router } }).remarks).toEqual([])
    expect(judged({ services: named }).remarks).toHaveLength(1)
  })
})
