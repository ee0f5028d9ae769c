import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/clock.ts'
import type { Cluster } from '../../../../src/targets/kubernetes/api/cluster.ts'
import { kubernetesLedger } from '../../../../src/targets/kubernetes/ledger/ledger.ts'
import { ChangeFailed, type Lease, type Target, TargetUnreachable } from '../../../../src/targets/target.ts'
import { lacksKubernetes } from '../../../bed/kubernetes/lacks-kubernetes.ts'
import type { Namespace } from '../../../bed/kubernetes/namespace.ts'
import { describeLedger } from '../../../contract/ledger.ts'
import { breaking, leaseOf, open, own, owner, type Stand } from '../../../contract/stand.ts'
import { bedForFile, openClusterWith } from '../cluster-place.ts'

interface Options {
  readonly leaseTtl?: number
  readonly stamped?: Lease[]
  readonly highestFence?: number
}

const ledgerOf = (cluster: Cluster, { leaseTtl = 60_000, stamped = [], highestFence = 0 }: Options = {}) =>
  kubernetesLedger({
    cluster,
    app: 'shop',
    leaseTtl,
    clock: systemClock,
    stamp: async (lease) => void stamped.push(lease),
    highestFence: async () => highestFence,
  })

const rules = (...verbs: readonly string[]) => [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs },
]

describe.skipIf(lacksKubernetes())('a ledger in a cluster', { timeout: 120_000 }, () => {
  const bed = bedForFile()
  const patch = ({ kubectl }: Namespace, text: string) =>
    kubectl('patch', 'lease', 'blue-green-shop', '--type=merge', '--patch', text)

  /** No more than the ledger itself. */
  async function openStand(): Promise<Stand> {
    const stack = new AsyncDisposableStack()
    const namespace = stack.use(await bed().namespace())
    const another = async (options: Options = {}): Promise<Target> => {
      const cluster = stack.use(await openClusterWith(bed(), namespace.kubeconfig))
      return { ledger: ledgerOf(cluster, options) } as Partial<Target> as Target
    }
    return {
      target: await another(),
      documentLimit: 200 * 1024,
      briefLease: 3_000,
      another,
      elapse: (time: number) => sleep(time),
      breakLedger: async () => void (await patch(namespace, '{"spec":{"holderIdentity":"somebody"}}')),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    } as Partial<Stand> as Stand
  }
  describe('passes the contract', () => describeLedger(openStand))

  async function place() {
    const stack = new AsyncDisposableStack()
    const namespace = stack.use(await bed().namespace())
    const open = async (kubeconfig = namespace.kubeconfig) =>
      stack.use(await openClusterWith(bed(), kubeconfig))
    return { namespace, open, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }

  it('asks little', async () => {
    await using at = await place()
    const cluster = await at.open()
    const ledger = ledgerOf(cluster)
    const requests = async (work: () => Promise<unknown>) => {
      const before = cluster.requests
      await work()
      return cluster.requests - before
    }
    let lease: Lease = { fence: 0, nonce: '' }
    const acquire = async () => {
      lease = leaseOf(await ledger.acquire(owner('a'), open))
    }
    expect(await requests(acquire)).toBe(2)
    expect(await requests(() => ledger.renew(lease))).toBe(1)
    expect(await requests(() => ledger.write(lease, '{}'))).toBe(1)
    expect(await requests(() => ledger.free(lease))).toBe(1)
    // What was just written needs no look.
    expect(await requests(acquire)).toBe(1)
  })

  it('keeps a renewal and a write that cross each other', async () => {
    await using at = await place()
    const ledger = ledgerOf(await at.open())
    const lease = leaseOf(await ledger.acquire(owner('a'), open))
    const documents = Array.from({ length: 5 }, (_, number) => `${number}`)
    const answers = await Promise.all(
      documents.flatMap((document) => [ledger.write(lease, document), ledger.renew(lease)]),
    )
    expect(new Set(answers)).toEqual(new Set(['kept']))
    expect((await ledger.read()).document).toBe('4')
  })

  it('stamps what a former owner may still change, and only then', async () => {
    await using at = await place()
    const stamped: Lease[] = []
    const ledger = ledgerOf(await at.open(), { stamped })
    const first = leaseOf(await ledger.acquire(owner('a'), open))
    await ledger.free(first)
    const second = leaseOf(await ledger.acquire(owner('b'), open))
    expect(stamped).toEqual([])
    const broken = leaseOf(await ledger.acquire(owner('c'), breaking))
    await ledger.park(broken)
    const parked = leaseOf(await ledger.acquire(owner('d'), open))
    const again = leaseOf(await ledger.acquire(owner('d'), own))
    expect(stamped).toEqual([broken, parked, again])
    expect(second.fence).toBeLessThan(broken.fence)
  })

  it('goes on from the highest fence when somebody has deleted it', async () => {
    await using at = await place()
    const cluster = await at.open()
    const lease = leaseOf(await ledgerOf(cluster).acquire(owner('a'), open))
    await at.namespace.kubectl('delete', 'lease', 'blue-green-shop')
    await expect(ledgerOf(cluster).renew(lease)).rejects.toThrow('Lease blue-green-shop')
    await expect(ledgerOf(cluster).renew(lease)).rejects.toThrow('is gone')
    const next = leaseOf(await ledgerOf(cluster, { highestFence: 41 }).acquire(owner('b'), open))
    expect(next.fence).toBe(42)
  })

  it('that was edited into something else says how to look at it', async () => {
    await using at = await place()
    const ledger = ledgerOf(await at.open())
    const lease = leaseOf(await ledger.acquire(owner('a'), open))
    await patch(at.namespace, '{"metadata":{"annotations":{"blue-green-action/status":"mine"}}}')
    const look = `kubectl get lease blue-green-shop --namespace=${at.namespace.name} --output=yaml`
    for (const work of [
      () => ledger.read(),
      () => ledger.renew(lease),
      () => ledger.acquire(owner('b'), breaking),
    ]) {
      await expect(work()).rejects.toThrow(ChangeFailed)
      await expect(work()).rejects.toThrow(look)
    }
  })

  it('takes no document that does not fit', async () => {
    await using at = await place()
    const ledger = ledgerOf(await at.open())
    const lease = leaseOf(await ledger.acquire(owner('a'), open))
    await expect(ledger.write(lease, 'é'.repeat(102_401))).rejects.toThrow(ChangeFailed)
    expect(await ledger.write(lease, 'é'.repeat(102_400))).toBe('kept')
    // What others have put there counts as well.
    const text = JSON.stringify({ metadata: { annotations: { other: 'x'.repeat(100_000) } } })
    await ledger.write(lease, '')
    await patch(at.namespace, text)
    await expect(ledger.write(lease, 'x'.repeat(200_000))).rejects.toThrow(/was not changed.*annotations/)
    expect(await ledger.renew(lease)).toBe('kept')
  })

  it('without the right to write says which, and is readable to its owner', async () => {
    await using at = await place()
    const reader = await at.open(await at.namespace.grant(rules('get')))
    const refused = ledgerOf(reader).acquire(owner('a'), open)
    await expect(refused).rejects.toThrow(ChangeFailed)
    await expect(refused).rejects.toThrow('resources: ["leases"], verbs: ["create"]')
    const ledger = ledgerOf(await at.open())
    const lease = leaseOf(await ledger.acquire(owner('a'), open))
    await ledger.write(lease, 'mine')
    expect(await ledgerOf(reader).acquire(owner('a'), own)).toEqual({
      kind: 'acquired',
      lease,
      document: 'mine',
      degraded: true,
    })
    await expect(ledgerOf(reader).acquire(owner('b'), breaking)).rejects.toThrow('verbs: ["patch"]')
    await expect(ledgerOf(reader).renew(lease)).rejects.toThrow(ChangeFailed)
    const nobody = await at.open(await at.namespace.grant([]))
    await expect(ledgerOf(nobody).read()).rejects.toThrow('verbs: ["get"]')
  })

  it('needs no more than three rights', async () => {
    await using at = await place()
    const cluster = await at.open(await at.namespace.grant(rules('get', 'create', 'patch')))
    const ledger = ledgerOf(cluster)
    const lease = leaseOf(await ledger.acquire(owner('a'), open))
    expect([await ledger.renew(lease), await ledger.write(lease, ''), await ledger.free(lease)]).toEqual([
      'kept',
      'kept',
      'kept',
    ])
  })

  it('is unknown while the API server is away, and the same when it is back', async () => {
    await using at = await place()
    const ledger = ledgerOf(await at.open())
    const lease = leaseOf(await ledger.acquire(owner('a'), open))
    await bed().apiServer.kill()
    await expect(ledger.renew(lease)).rejects.toThrow(TargetUnreachable)
    await expect(ledger.read()).rejects.toThrow(TargetUnreachable)
    await bed().apiServer.start()
    await expect.poll(() => ledger.renew(lease).catch(() => null), { timeout: 30_000 }).toBe('kept')
    expect((await ledger.read()).lease).toMatchObject({ status: 'held', fence: lease.fence })
  })
})
