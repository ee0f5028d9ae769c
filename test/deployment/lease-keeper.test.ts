import { describe, expect, test } from 'vitest'
import { LeaseKeeper } from '../../src/deployment/lease-keeper.ts'
import { ChangeFailed, type Lease, LeaseLost, type Ledger, type Owner } from '../../src/targets/target.ts'
import { fakeClock } from '../fake-clock.ts'
import { SimulatedLedger } from './simulated-ledger.ts'

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

describe('a lease that gets a new fence', () => {
  const owner = { nonce: 'n', run: '', attempt: '', job: '', step: '', url: '', actor: '' }
  const keeperOn = (ledger: SimulatedLedger, held: Lease) =>
    new LeaseKeeper({
      ledger: {
        ...ledger,
        read: async () => ledger.read(),
        acquire: async (by: Owner, options: Parameters<Ledger['acquire']>[1]) =>
          ledger.acquire(by, ttl, options),
      } as unknown as Ledger,
      lease: held,
      ttl,
      clock: fakeClock(),
      signal: new AbortController().signal,
      onLost: () => {},
      onMissed: () => {},
    })
  const acquireAs = (ledger: SimulatedLedger, nonce: string): Lease => {
    const taken = ledger.acquire({ ...owner, nonce }, ttl, { claim: 'break', unchangedMark: null })
    if (taken.kind === 'held') throw new Error('It is held.')
    return taken.lease
  }

  test('is ours under it, and under no other', async () => {
    const ledger = new SimulatedLedger(() => 0)
    const former = acquireAs(ledger, 'n')
    const keeper = keeperOn(ledger, former)
    await keeper.takeAnew(owner)
    expect(keeper.lease).toEqual({ fence: former.fence + 1, nonce: 'n' })
    expect([ledger.renew(former), ledger.renew(keeper.lease)]).toEqual(['lost', 'kept'])
  })

  test('was lost to somebody who has come and gone', async () => {
    const ledger = new SimulatedLedger(() => 0)
    const keeper = keeperOn(ledger, acquireAs(ledger, 'n'))
    ledger.free(acquireAs(ledger, 'other'))
    await expect(keeper.takeAnew(owner)).rejects.toThrow(LeaseLost)
    expect(ledger.view().status).toBe('free')
  })

  test('and is not there any more was lost to nobody', async () => {
    const held = acquireAs(new SimulatedLedger(() => 0), 'n')
    const keeper = keeperOn(new SimulatedLedger(() => 0), held)
    await expect(keeper.takeAnew(owner)).rejects.toThrow(ChangeFailed)
  })
})
