import { afterEach, describe, expect, it } from 'vitest'
import { serviceSchema } from '../../../../src/targets/kubernetes/objects.ts'
import { portOf, serviceOf } from '../../../../src/targets/kubernetes/runtime/ports.ts'
import { choosePod, reaching } from '../../../../src/targets/kubernetes/runtime/reaching.ts'
import { ChangeFailed } from '../../../../src/targets/target.ts'
import { fakeClock } from '../../../fake-clock.ts'
import { answered, clusterWith, placeOf } from '../fake-cluster.ts'
import { plainService } from '../plain-settings.ts'
import { deploymentOf as deploymentWith } from '../preflight/objects.ts'
import { deploymentOf, podOf } from './objects.ts'

type PodGiven = NonNullable<Parameters<typeof podOf>[0]>

const podIn = (name: string, phase: string, more: PodGiven = {}) => {
  const pod = podOf({ name, ...more })
  return { ...pod, status: { ...pod.status, phase } }
}

describe('of the pods of a color the one is chosen that', () => {
  const ready = podIn('ready', 'Running')
  const starting = podIn('starting', 'Running', { ready: false })
  const pending = podIn('pending', 'Pending', { ready: false })

  it.each([
    ['is led to already', [ready, starting], 'starting', 'starting'],
    ['is ready', [starting, ready], null, 'ready'],
    ['is ready, after the former one is gone', [starting, ready], 'former', 'ready'],
    ['is ready, after the former one has ended', [podIn('former', 'Failed'), ready], 'former', 'ready'],
    ['runs at all', [pending, starting], null, 'starting'],
    ['does not exist, where none runs', [pending, podIn('done', 'Succeeded')], null, null],
    ['does not exist, where there is none', [], 'former', null],
  ])('%s', (_, pods, current, chosen) => {
    expect(choosePod(pods, current)?.metadata.name ?? null).toBe(chosen)
  })
})

const http = { name: 'http', containerPort: 8080 }
const serviceWith = (...ports: readonly object[]) =>
  serviceSchema.parse({ metadata: { name: 'shop' }, spec: { ports } })
const withPorts = (...ports: readonly object[]) => deploymentWith('shop-green', { container: { ports } })

describe('the port of a pod is', () => {
  it.each([
    ['what the Service sends to', [http], serviceWith({ port: 80, targetPort: 3000 }), 3000],
    ['the Service’s own, where it names no other', [http], serviceWith({ port: 9000 }), 9000],
    ['the one that the container calls so', [http], serviceWith({ port: 80, targetPort: 'http' }), 8080],
    ['unknown, where no container calls one so', [http], serviceWith({ port: 80, targetPort: 'web' }), null],
    [
      'the one called http of several',
      [http],
      serviceWith({ name: 'metrics', port: 90 }, { name: 'http', port: 80, targetPort: 8080 }),
      8080,
    ],
    [
      'the first of several otherwise',
      [http],
      serviceWith({ name: 'web', port: 80 }, { name: 'metrics', port: 90 }),
      80,
    ],
    [
      'never one of UDP',
      [http],
      serviceWith({ port: 53, protocol: 'UDP' }, { port: 80, protocol: 'TCP', targetPort: 81 }),
      81,
    ],
    ['that of the container, where there is no Service', [http], null, 8080],
    ['that of the container, where the Service has none', [http], serviceWith(), 8080],
    ['unknown, where nobody names one', [], null, null],
  ])('%s', (_, declared, service, port) => {
    expect(portOf(withPorts(...declared), service)).toBe(port)
  })
})

it('the port is told by the Service that users come through, or by that of the color', () => {
  const backend = { blue: 'shop-blue-web', green: 'shop-green-web' }
  const ingress = { kind: 'ingress', name: 'shop', rule: null, backend } as const
  const worker = { ...plainService, kubeServices: [] }
  expect(serviceOf(plainService, { kind: 'service' }, 'green')).toBe('shop')
  expect(serviceOf(worker, { kind: 'service' }, 'green')).toBeNull()
  expect(serviceOf(worker, ingress, 'green')).toBe('shop-green-web')
  expect(serviceOf(worker, ingress, 'blue')).toBe('shop-blue-web')
})

describe('the way to a color', () => {
  const ending = new AbortController()
  afterEach(() => ending.abort())

  function waysOf(port = serviceWith({ port: 80, targetPort: 8080 })) {
    const open: string[] = []
    let broken = false
    const asked: string[] = []
    const cluster = clusterWith({
      ask: async ({ path }) => {
        asked.push(path)
        return answered(port)
      },
      forward: async (pod, to) => {
        if (broken) throw new Error('no way')
        const way = `${pod}:${to}`
        open.push(way)
        return { url: `http://${way}`, close: async () => void open.splice(open.indexOf(way), 1) }
      },
    })
    const ways = reaching(placeOf(cluster, { clock: fakeClock(), signal: ending.signal }))
    const deployment = deploymentOf()
    return {
      ways,
      open,
      asked,
      breakDown: (is: boolean) => {
        broken = is
      },
      reach: async (...pods: readonly ReturnType<typeof podOf>[]) => {
        const [reach] = await ways.reach('green', plainService, { deployment, pods })
        return reach?.kind === 'url' ? reach.url : null
      },
    }
  }
  const [a, b] = [podOf({ name: 'a' }), podOf({ name: 'b' })]

  it('stays with a pod for as long as it is there, and leads to another one then', async () => {
    const { reach, open, asked, ways } = waysOf()
    expect(await reach(a, b)).toBe('http://a:8080')
    expect(await reach(b, a)).toBe('http://a:8080')
    expect(await reach(b)).toBe('http://b:8080')
    expect(open).toEqual(['b:8080'])
    expect(asked).toHaveLength(1)
    await ways.closeAll()
    expect(open).toEqual([])
  })

  it('that could not be opened is tried again', async () => {
    const { reach, breakDown } = waysOf()
    breakDown(true)
    await expect(reach(a)).rejects.toThrow('no way')
    breakDown(false)
    expect(await reach(a)).toBe('http://a:8080')
  })

  it('is there as soon as a pod runs', async () => {
    const { reach } = waysOf()
    await expect(reach()).rejects.toThrow(ChangeFailed)
    await expect(reach(podIn('a', 'Pending'))).rejects.toThrow('No pod of Deployment shop-green runs yet.')
  })

  it('is none where nobody tells a port', async () => {
    const { reach, open } = waysOf(serviceWith({ port: 80, targetPort: 'web' }))
    expect(await reach(a)).toBeNull()
    expect(open).toEqual([])
  })
})
