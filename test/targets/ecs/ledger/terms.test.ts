import { describe, expect, test } from 'vitest'
import type { Aws } from '../../../../src/aws/aws.ts'
import { type Generation, textOf } from '../../../../src/targets/ecs/ledger/generation.ts'
import { ecsLedger } from '../../../../src/targets/ecs/ledger/ledger.ts'
import type { Owner } from '../../../../src/targets/target.ts'
import { fakeClock } from '../../../fake-clock.ts'

const owner: Owner = { nonce: 'ours', run: '1', attempt: '1', job: 'deploy', step: '', url: '', actor: 'me' }
const ttl = 60_000

/** Answers after it was asked for a while, and says of itself when that was. */
function demandAfter(silence: number, delay: number, status: Generation['status'] = 'held') {
  const clock = fakeClock()
  const began = clock.now()
  let heard = began
  let modified = began - silence
  const head = textOf({ status, owner, ttl, document: null })
  const aws = {
    now: () => heard,
    ask: async (action: string) => {
      heard = clock.now()
      if (action === 'ssm:PutParameter') modified = heard
      await clock.advance(delay)
      const own = { Name: '/lock/3', Value: head, Version: 1, LastModifiedDate: new Date(modified) }
      return action === 'ssm:GetParameters' ? { Parameters: [own] } : { Version: 2 }
    },
  } as unknown as Aws
  const { signal } = new AbortController()
  const ledger = ecsLedger({ aws, path: '/lock', leaseTtl: ttl, clock, signal })
  const lease = { fence: 3, nonce: 'ours' }
  return ledger
    .demand({ lease, color: 'any' }, 'The change')
    .then(({ until }) => Math.round(until - clock.monotonic()))
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
