import { expect, it } from 'vitest'
import { systemClock } from '../../../../src/clock.ts'
import type { ApiAnswer, ApiRequest, Cluster } from '../../../../src/targets/kubernetes/api/cluster.ts'
import { newLease } from '../../../../src/targets/kubernetes/ledger/lease.ts'
import { kubernetesLedger } from '../../../../src/targets/kubernetes/ledger/ledger.ts'
import { TargetUnreachable } from '../../../../src/targets/target.ts'
import { own, owner } from '../../../contract/stand.ts'

/** A Lease, and a connection that breaks: changes fail at once then, and reading is repeated until it is over. */
class BreakingCluster implements Partial<Cluster> {
  readonly name = 'context test, namespace shop'
  readonly namespace = 'shop'
  requests = 0
  isBroken = false

  ask = async ({ method }: ApiRequest): Promise<ApiAnswer> => {
    this.requests += 1
    if (method === 'GET') this.isBroken = false
    else if (this.isBroken) throw new TargetUnreachable('nobody answers')
    const lease = newLease('blue-green-shop', { fence: 1, owner: owner('a'), ttl: 60_000, time: Date.now() })
    const { metadata, ...rest } = lease as { readonly metadata: object }
    const body = { ...rest, metadata: { ...metadata, resourceVersion: String(this.requests) } }
    return { kind: 'answered', body, serverTime: Date.now() }
  }
}

it('is read again when a change had no answer, before the next one is tried', async () => {
  const cluster = new BreakingCluster()
  const ledger = kubernetesLedger({
    cluster: cluster as Partial<Cluster> as Cluster,
    app: 'shop',
    leaseTtl: 60_000,
    clock: systemClock,
    stamp: async () => {},
    highestFence: async () => 0,
  })
  await ledger.read()
  cluster.isBroken = true
  await expect(ledger.acquire(owner('a'), own)).rejects.toThrow(TargetUnreachable)
  await expect(ledger.acquire(owner('a'), own)).resolves.toMatchObject({ kind: 'acquired' })
})
