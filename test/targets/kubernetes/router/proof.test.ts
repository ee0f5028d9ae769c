import { describe, expect, it } from 'vitest'
import { type EndpointSlice, endpointSliceSchema } from '../../../../src/targets/kubernetes/objects.ts'
import {
  confirmEndpoints,
  describeDifference,
  differenceOf,
  readyAddresses,
} from '../../../../src/targets/kubernetes/router/proof.ts'
import { ChangeFailed } from '../../../../src/targets/target.ts'
import { fakeClock } from '../../../fake-clock.ts'
import { answered, clusterWith, placeOf } from '../fake-cluster.ts'
import { podOf } from '../runtime/objects.ts'

const pod = (name: string, ips: readonly string[], more: { ready?: boolean; deleted?: boolean } = {}) => {
  const { ready = true, ...rest } = more
  return podOf({
    name,
    ...rest,
    status: {
      podIP: ips[0],
      podIPs: ips.map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  })
}

const slice = (addressType: string, ...endpoints: readonly object[]): EndpointSlice =>
  endpointSliceSchema.parse({ metadata: { name: `shop-${addressType}` }, addressType, endpoints })

const said = (...given: Parameters<typeof differenceOf>) => {
  const difference = differenceOf(...given)
  return difference && describeDifference(difference)
}

describe('the endpoints of a Service', () => {
  it.each([
    ['are the ready pods', [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'])], ['10.0.0.2', '10.0.0.1'], null],
    ['are nobody, as nobody is ready', [pod('a', ['10.0.0.1'], { ready: false })], [], null],
    ['lack a pod', [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'])], ['10.0.0.1'], 'b not yet'],
    ['are still those of before', [pod('a', ['10.0.0.1'])], ['10.0.0.9'], 'a not yet, and 10.0.0.9 still'],
    [
      'may have a pod that is not ready',
      [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'], { ready: false })],
      ['10.0.0.1', '10.0.0.2'],
      null,
    ],
    [
      'need not have a pod on its way out',
      [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'], { deleted: true })],
      ['10.0.0.1'],
      null,
    ],
    [
      'may have a pod on its way out',
      [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'], { deleted: true })],
      ['10.0.0.1', '10.0.0.2'],
      null,
    ],
    ['of two address families', [pod('a', ['10.0.0.1', 'fd00::1'])], ['10.0.0.1', 'fd00::1'], null],
    ['of one family, of pods of two', [pod('a', ['10.0.0.1', 'fd00::1'])], ['fd00::1'], null],
    ['wait for a pod without an address', [pod('a', [])], [], 'a not yet'],
  ])('%s', (_, pods, addresses, expected) => {
    expect(said(pods, addresses)).toBe(expected)
  })

  it('are the ready addresses of all of its slices, each once', () => {
    expect(
      readyAddresses([
        slice(
          'IPv4',
          { addresses: ['10.0.0.1'], conditions: { ready: true } },
          { addresses: ['10.0.0.2'], conditions: { ready: false, serving: true, terminating: true } },
          // Whoever does not say is ready.
          { addresses: ['10.0.0.3'], conditions: { ready: null } },
          { addresses: ['10.0.0.4'] },
        ),
        slice('IPv4', { addresses: ['10.0.0.1'] }),
        slice('IPv6', { addresses: ['fd00::1'], conditions: { ready: true } }),
        endpointSliceSchema.parse({ metadata: { name: 'none' }, addressType: 'IPv4', endpoints: null }),
      ]),
    ).toEqual(['10.0.0.1', '10.0.0.3', '10.0.0.4', 'fd00::1'])
  })
})

describe('after a change of the selector', () => {
  /** What the cluster has, one look after the other; the last one stays. */
  const placeWith = (looks: readonly { addresses: readonly string[]; pods: readonly unknown[] }[]) => {
    const clock = fakeClock()
    const counts = { endpointslices: 0, pods: 0 }
    const ask = async ({ path }: { path: string }) => {
      const kind = path.includes('/endpointslices?') ? 'endpointslices' : 'pods'
      const look = looks[Math.min(kind === 'pods' ? counts.pods + 1 : counts[kind], looks.length - 1)]
      counts[kind] += 1
      const items =
        kind === 'pods'
          ? look?.pods
          : [slice('IPv4', ...(look?.addresses ?? []).map((one) => ({ addresses: [one] })))]
      return answered({ metadata: {}, items })
    }
    return { place: placeOf(clusterWith({ ask }), { clock }), clock, counts }
  }
  const [a, b] = [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'])]
  const expected = { name: 'shop', selector: { app: 'shop', color: 'green' }, pods: [a] }

  it('the endpoints are waited for, and pods that came meanwhile belong to them', async () => {
    const { place, clock, counts } = placeWith([
      { addresses: ['10.0.0.9'], pods: [] },
      { addresses: ['10.0.0.1', '10.0.0.2'], pods: [a, b] },
    ])
    const done = confirmEndpoints(place, [expected])
    await clock.advance(100)
    await done
    expect(counts).toEqual({ endpointslices: 2, pods: 1 })
  })

  it('they are read once where they have followed', async () => {
    const { place, clock, counts } = placeWith([{ addresses: ['10.0.0.1'], pods: [] }])
    const done = confirmEndpoints(place, [expected])
    await clock.advance(100)
    await done
    expect(counts).toEqual({ endpointslices: 1, pods: 0 })
  })

  it('it is said in what they have not followed', async () => {
    const { place, clock } = placeWith([{ addresses: ['10.0.0.9'], pods: [a] }])
    const done = confirmEndpoints(place, [expected]).catch((error: unknown) => error)
    await clock.advance(121_000)
    const error = await done
    expect(error).toBeInstanceOf(ChangeFailed)
    expect(error).toHaveProperty(
      'message',
      'The endpoints have not followed the selectors within 120 s: Service shop: a not yet, and 10.0.0.9 still',
    )
  })
})
