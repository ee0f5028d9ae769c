import { describe, expect, test } from 'vitest'
import type { Aws } from '../../../../src/aws/aws.ts'
import { type Generation, textOf } from '../../../../src/targets/ecs/ledger/generation.ts'
import { ecsLedger } from '../../../../src/targets/ecs/ledger/ledger.ts'
import { type Owner, TargetUnreachable } from '../../../../src/targets/target.ts'
import { fakeClock } from '../../../fake-clock.ts'

const owner: Owner = { nonce: 'ours', run: '1', attempt: '1', job: 'deploy', step: '', url: '', actor: 'me' }
const ttl = 60_000

interface Given {
  /** Since the lease was renewed. */
  readonly silence: number
  /** Between an answer and the moment in which it is heard. */
  readonly delay: number
  readonly status?: Generation['status']
  /** Once it was written to the lease. */
  readonly successor?: boolean
  /** Answers with what was there before a write. */
  readonly outdated?: number
  readonly cluster?: string
}

const lease = { fence: 3, nonce: 'ours' }

function ledgerWith(given: Given) {
  const { silence, delay, status = 'held', successor = false, cluster = 'prod' } = given
  const clock = fakeClock()
  const began = clock.now()
  let heard = began
  let modified = began - silence
  const head = textOf({ cluster: 'prod', status, owner, ttl, document: null })
  let isSucceeded = false
  let [version, outdated] = [1, 0]
  const aws = {
    now: () => heard,
    ask: async (action: string) => {
      heard = clock.now()
      if (action === 'ssm:PutParameter') {
        modified = heard
        isSucceeded = successor
        version += 1
        outdated = given.outdated ?? 0
      }
      if (delay > 0) await clock.advance(delay)
      const shown = outdated > 0 ? version - 1 : version
      if (action === 'ssm:GetParameters') outdated -= 1
      const own = { Name: '/lock/3', Value: head, Version: shown, LastModifiedDate: new Date(modified) }
      const found = [own, ...(isSucceeded ? [{ ...own, Name: '/lock/4' }] : [])]
      return action === 'ssm:PutParameter' ? { Version: version } : { Parameters: found }
    },
  } as unknown as Aws
  const { signal } = new AbortController()
  const ledger = ecsLedger({ aws, path: '/lock', cluster, leaseTtl: ttl, clock, signal })
  return { clock, ledger }
}

async function demandAfter(silence: number, delay: number, status?: Generation['status']) {
  const { clock, ledger } = ledgerWith({ silence, delay, ...(status && { status }) })
  const { until } = await ledger.demand({ lease, color: 'any' }, 'The change')
  return Math.round(until - clock.monotonic())
}

describe('the time in which a change may be sent', () => {
  test('ends before the lease does', async () => {
    expect(await demandAfter(10_000, 0)).toBe(45_000)
  })

  test('is that of a lease renewed, when there was little left', async () => {
    expect(await demandAfter(50_000, 0)).toBe(55_000)
  })

  test('is over where the process stood still before it heard the answer', async () => {
    expect(await demandAfter(0, 65_000)).toBeLessThan(0)
  })

  test('does not depend on when a lease was parked', async () => {
    expect(await demandAfter(600_000, 0, 'parked')).toBe(55_000)
  })
})

test('the lock of another cluster is neither read nor taken', async () => {
  const { ledger } = ledgerWith({ silence: 0, delay: 0, status: 'parked', cluster: 'staging' })
  const said =
    /that of cluster prod, and this run is for cluster staging[\s\S]*`lock-parameter: \/blue-green\/\{app\}\/staging`/
  await expect(ledger.read()).rejects.toThrow(said)
  const claiming = { claim: 'open', unchangedMark: null } as const
  await expect(ledger.acquire({ ...owner, nonce: 'theirs' }, claiming)).rejects.toThrow(said)
})

describe('what is written to the lease', () => {
  test('is kept, where it was heard in time', async () => {
    const { ledger } = ledgerWith({ silence: 0, delay: 0, successor: true })
    expect(await ledger.write(lease, '{}')).toBe('kept')
  })

  test('is lost where the process stood still and another owner has come', async () => {
    const { ledger } = ledgerWith({ silence: 0, delay: 65_000, successor: true })
    expect(await ledger.write(lease, '{}')).toBe('lost')
    expect(await ledger.free(lease)).toBe('lost')
  })

  test('is not made from what was there before, which AWS may show for a moment', async () => {
    const { clock, ledger } = ledgerWith({ silence: 0, delay: 0, outdated: 2 })
    expect(await ledger.renew(lease)).toBe('kept')
    const writing = ledger.write(lease, '{}')
    await clock.advance(2_000)
    expect(await writing).toBe('kept')
  })

  test('is not made from what was there before, and fails where AWS shows nothing else', async () => {
    const { clock, ledger } = ledgerWith({ silence: 0, delay: 0, outdated: 100 })
    expect(await ledger.renew(lease)).toBe('kept')
    const writing = expect(ledger.write(lease, '{}')).rejects.toThrow(TargetUnreachable)
    await clock.advance(10_000)
    await writing
  })

  test('is kept where the process stood still and nobody has come', async () => {
    const { ledger } = ledgerWith({ silence: 0, delay: 65_000 })
    expect(await ledger.write(lease, '{}')).toBe('kept')
    expect(await ledger.free(lease)).toBe('kept')
  })
})
