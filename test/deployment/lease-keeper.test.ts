import { describe, expect, test } from 'vitest'
import { LeaseKeeper } from '../../src/deployment/lease-keeper.ts'
import { ChangeFailed, type Lease, LeaseLost, type Ledger } from '../../src/targets/target.ts'
import { fakeClock } from '../fake-clock.ts'

const lease: Lease = { fence: 1, nonce: 'n' }
const ttl = 60_000

/** A keeper whose renewals are answered as `answer` says. */
function begin(answer: () => Promise<'kept' | 'lost'>) {
  const clock = fakeClock()
  const run = new AbortController()
  const said: string[] = []
  const seen = { renewals: 0 }
  const renew = () => {
    seen.renewals += 1
    return answer()
  }
  const keeper = new LeaseKeeper({
    ledger: { renew } as unknown as Ledger,
    lease,
    ttl,
    clock,
    signal: run.signal,
    onLost: (reason) => run.abort(reason),
    onMissed: (text) => said.push(text),
  })
  keeper.start()
  return { clock, run, said, seen, keeper }
}

const missed = async () => {
  throw new ChangeFailed('No space left on device')
}

describe('a lease', () => {
  test('is renewed four times in its time, until it is given up', async () => {
    const { clock, seen, keeper } = begin(async () => 'kept')
    await clock.advance(ttl)
    expect(seen.renewals).toBe(4)
    await keeper.ensureKept()
    await keeper.stop()
    await clock.advance(ttl)
    expect(seen.renewals).toBe(4)
  })

  test('missed once still allows a change, and is told of', async () => {
    const { clock, said, keeper } = begin(missed)
    await clock.advance(ttl / 4)
    await keeper.ensureKept()
    expect(said).toEqual([expect.stringContaining('No space left on device')])
  })

  test('missed twice allows none, and renewed again it does', async () => {
    let answer: () => Promise<'kept'> = missed
    const { clock, keeper } = begin(() => answer())
    await clock.advance(ttl / 2)
    await expect(keeper.ensureKept()).rejects.toThrow(/no new change is started/)
    answer = async () => 'kept'
    await clock.advance(ttl / 4)
    await keeper.ensureKept()
  })

  test('not renewed while the process stood still is renewed before the next change', async () => {
    let answer: () => Promise<'kept'> = missed
    const { clock, keeper, seen } = begin(() => answer())
    await clock.advance(ttl / 2)
    answer = async () => 'kept'
    await keeper.ensureKept()
    expect(seen.renewals).toBe(3)
  })

  test('whose renewal hangs counts as missed', async () => {
    const { clock, keeper } = begin(() => new Promise(() => {}))
    await clock.advance((3 / 4) * ttl)
    const asked = expect(keeper.ensureKept()).rejects.toThrow(/no new change is started/)
    await clock.advance(ttl / 4)
    await asked
  })

  test('found to belong to another run right before a change ends the run', async () => {
    let answer: () => Promise<'kept' | 'lost'> = missed
    const { clock, keeper } = begin(() => answer())
    await clock.advance(ttl / 2)
    answer = async () => 'lost'
    await expect(keeper.ensureKept()).rejects.toThrow(LeaseLost)
  })

  test('that belongs to another run ends the run', async () => {
    const { clock, run, seen } = begin(async () => 'lost')
    await clock.advance(ttl)
    expect(run.signal.reason).toBeInstanceOf(LeaseLost)
    expect(seen.renewals).toBe(1)
  })
})
