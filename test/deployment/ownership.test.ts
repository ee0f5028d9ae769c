import { describe, expect, test } from 'vitest'
import { drop, freeze, kill, meanwhile, Simulation } from './simulation.ts'

describe('a run that lost its lease', () => {
  test('stops at once and undoes nothing, whatever told it', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const slow = simulation.step({ version: 'good-2' }, [freeze('before', 'switch to green')])
    const end = slow.runMain()
    await place.clock.advance(120_000)
    const other = await simulation.job({ version: 'good-3' })
    const before = place.snapshot()
    const callsBefore = slow.main.calls.length
    slow.main.resume()
    expect(await simulation.finish(end)).toMatchObject({
      ok: false,
      result: 'failed',
      failure: { done: ['This run stopped at once and undid nothing.'] },
    })
    expect(other.result).toBe('deployed')
    expect(place.snapshot()).toBe(before)
    // The one call that was under way, a renewal, a last look at the router, and the lease that is not its own any more.
    const after = slow.main.calls.slice(callsBefore)
    expect(after.filter((call) => !['renew', 'observe router', 'free'].includes(call))).toEqual([])
  })
})

describe('a post step', () => {
  test('that stood still while another run took over leaves everything to it', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step: mine } = await simulation.run({ version: 'good-2' })
    const process = mine.postProcess([freeze('after', 'read')])
    const post = mine.runPost('failure', [], process)
    await place.clock.advance(1_000)
    const { end: other } = await simulation.run({ version: 'good-3' })
    const before = place.snapshot()
    process.resume()
    expect(await simulation.finish(post)).toBeNull()
    expect(other).toMatchObject({ result: 'deployed' })
    expect(place.snapshot()).toBe(before)
  })

  test('goes back on a disk that is full, whoever freed the lease', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'breaks-2' }, [
      meanwhile('before', 'switch to blue', () => {
        place.switchBehavior = 'fails'
      }),
    ])
    expect(place.live).toBe('green')
    place.switchBehavior = 'moves'
    place.ledger.takesWrites = false
    await simulation.post(step, 'failure')
    expect(place.live).toBe('blue')
  })

  test('asks again when one look at the router fails', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'good-2' }, [kill('after', 'switch to green')])
    await simulation.post(step, 'failure', [drop('before', 'observe router')])
    expect(place.live).toBe('blue')
  })

  test.each(['observe blue', 'ready blue'])(
    'does not take a connection lost at "%s" for a color that is gone',
    async (call) => {
      const simulation = await Simulation.withLive()
      const { place } = simulation
      const { step } = await simulation.run({ version: 'good-2' })
      await simulation.post(step, 'failure', [drop('before', call)])
      expect(place.colors.blue.presence).toBe('running')
      const next = await simulation.job({ mode: 'rollback', version: null })
      expect([next.ok, place.live]).toEqual([true, 'blue'])
    },
  )
})

describe('what a run says of itself', () => {
  test('is not "deployed" when somebody moved traffic back while it drained', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { end } = await simulation.run({ version: 'good-2' }, [
      meanwhile('after', 'quiet blue', () => {
        place.traffic = { kind: 'color', color: 'blue' }
      }),
    ])
    expect(end).toMatchObject({ ok: false, result: 'failed', activeColor: 'blue' })
  })
})
