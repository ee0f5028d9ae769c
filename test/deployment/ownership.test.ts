import { describe, expect, test } from 'vitest'
import { aHook, withHooks } from './intents.ts'
import type { Place } from './place.ts'
import { cancel, drop, freeze, kill, meanwhile, Simulation } from './simulation.ts'

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

const stranger = {
  nonce: 'x',
  run: '77',
  attempt: '1',
  job: 'ship',
  step: '',
  url: 'https://ci/77',
  actor: 'lisa',
}

/** Another owner comes by force. */
const takeOver = ({ ledger }: Place): void => {
  ledger.acquire(stranger, 60_000, { claim: 'break', unchangedMark: null })
}

describe('a lease broken by force', () => {
  const hooks = withHooks({ 'smoke-test': [aHook('try', 'runner')], 'after-switch': [aHook('look')] })

  test.each(['deploy green', 'write', 'switch to green', 'hook look', 'quiet blue'])(
    'at "%s" ends the run there: it asks and changes nothing more',
    async (call) => {
      const simulation = await Simulation.withLive()
      const { place } = simulation
      let before = ''
      const step = simulation.step({ version: 'good-2', ...hooks }, [
        meanwhile('before', call, () => {
          takeOver(place)
          before = place.snapshot()
        }),
      ])
      const end = await simulation.finish(step.runMain())
      expect(end).toMatchObject({
        result: 'failed',
        failure: { done: ['This run stopped at once and undid nothing.'] },
      })
      expect(place.snapshot()).toBe(before)
      const rest = step.main.calls.slice(step.main.calls.indexOf(call) + 1)
      const looks = ['renew', 'observe router', 'free', 'park', 'quiet blue', 'write']
      expect(rest.filter((each) => !looks.includes(each))).toEqual([])
    },
  )

  test('while the color is checked: the commands on the runner are not begun', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const step = simulation.step({ version: 'good-2', ...hooks }, [
      meanwhile('after', 'ready green', () => takeOver(place)),
    ])
    expect(await simulation.finish(step.runMain())).toMatchObject({ result: 'failed' })
    expect([place.hooksRun, place.live]).toEqual([[], 'blue'])
  })

  test('keeps post from undoing anything', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'good-2' }, [kill('after', 'switch to green')])
    takeOver(place)
    const before = place.snapshot()
    expect(await simulation.post(step, 'failure')).toBeNull()
    expect(place.snapshot()).toBe(before)
    expect(step.lines.at(-1)).toContain('run 77, job ship, started by lisa (https://ci/77) has taken over')
  })
})

describe('a run that comes while another one works', () => {
  test('waits `lock-wait` and names the owner', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const slow = simulation.step({ version: 'good-2', bake: 600_000 })
    const working = slow.runMain()
    await place.clock.advance(20_000)
    const { end } = await simulation.run({ version: 'good-3', lockWait: 30_000 })
    expect(end).toMatchObject({
      ok: false,
      failure: { cause: expect.stringContaining('run run-2, job deploy, started by mona holds shop') },
    })
    expect(await simulation.finish(working)).toMatchObject({ result: 'deployed' })
  })

  test('goes on when the other one has ended', async () => {
    const simulation = await Simulation.withLive()
    const [first, second] = [simulation.step({ version: 'good-2' }), simulation.step({ version: 'good-3' })]
    const ends = Promise.all([first.runMain(), second.runMain()])
    expect(await simulation.finish(ends)).toMatchObject([{ result: 'deployed' }, { result: 'deployed' }])
    expect(simulation.place.live).toBe('blue')
  })

  test.each([
    ['right', 0],
    ['an hour behind since', -3_600_000],
  ])("takes over from a dead one when the target's clock is %s", async (_, jump) => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    await simulation.run({ version: 'good-2' }, [kill('after', 'switch to green')])
    place.skew += jump
    const { step, end } = await simulation.run({ version: 'good-3' })
    expect(end).toMatchObject({ result: 'deployed', activeColor: 'green' })
    // The dead one's half-done switch was taken back first.
    expect(step.main.calls).toContain('switch to blue')
  })

  test("never takes over from a living one whose target's clock jumped, without ending it", async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const living = simulation.step({ version: 'good-2', bake: 120_000 })
    const working = living.runMain()
    await place.clock.advance(20_000)
    place.skew += 3_600_000
    const { end } = await simulation.run({ version: 'good-3' })
    expect(end).toMatchObject({ result: 'deployed' })
    expect(await simulation.finish(working)).toMatchObject({ ok: false })
    expect(place.colors[place.live ?? 'blue'].release?.version).toBe('good-3')
  })
})

describe('a ledger that takes no writes', () => {
  test('begins nothing new', async () => {
    const simulation = await Simulation.withLive()
    simulation.place.ledger.takesWrites = false
    const before = simulation.place.snapshot()
    expect(await simulation.job({ version: 'good-2' })).toMatchObject({ ok: false })
    expect(simulation.place.snapshot()).toBe(before)
  })

  test.each(['deploy green', 'switch to green', 'hook look'])(
    'from "%s" on does not keep traffic from going back',
    async (call) => {
      const simulation = await Simulation.withLive()
      const { place } = simulation
      const { end } = await simulation.run(
        { version: 'good-2', ...withHooks({ 'after-switch': [aHook('look')] }) },
        [
          meanwhile('before', call, () => {
            place.ledger.takesWrites = false
          }),
        ],
      )
      expect(end).toMatchObject({ ok: false })
      expect([place.live, place.colors.blue.presence]).toEqual(['blue', 'running'])
    },
  )

  test('for two renewals is asked once more before the next change, which is made when it takes them again', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const step = simulation.step({ version: 'good-2', bake: 44_000, goesBackOn: [] })
    const working = step.runMain()
    await place.clock.advance(20_000)
    place.ledger.takesWrites = false
    await place.clock.advance(27_000)
    place.ledger.takesWrites = true
    expect(await simulation.finish(working)).toMatchObject({ ok: true, result: 'deployed' })
    expect(step.lines.filter((line) => line.includes('could not be renewed'))).toHaveLength(2)
    expect(place.colors.blue.presence).toBe('stopped')
  })

  test('and cannot be read either: post goes by the copy on the runner, and the history is not lost', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'good-2' }, [kill('after', 'switch to green')])
    place.ledger.isReadable = false
    const end = await simulation.post(step, 'failure')
    expect(end).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
    expect(step.lines.join('\n')).toContain('going by the copy kept on the runner')
    place.ledger.isReadable = true
    expect(await simulation.job({ version: 'good-3' })).toMatchObject({ result: 'deployed' })
    expect(await simulation.job({ mode: 'rollback', version: null })).toMatchObject({ version: 'good-1' })
  })

  test('and cannot be read, while another run has taken over: post changes nothing', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'good-2' }, [kill('after', 'switch to green')])
    takeOver(place)
    place.ledger.isReadable = false
    const before = place.snapshot()
    expect(await simulation.post(step, 'failure')).toMatchObject({ ok: false })
    expect(place.snapshot()).toBe(before)
  })
})

describe('a post step', () => {
  test('that is cut short names who closes what it left, and not itself', async () => {
    const simulation = await Simulation.withLive()
    const { step } = await simulation.run({ version: 'good-2' }, [kill('after', 'switch to green')])
    expect(await simulation.post(step, 'failure', [cancel('before', 'switch to blue')])).toMatchObject({
      ok: false,
      failure: { next: ['Run with `mode: unlock`; without it, the next run closes it.'] },
    })
  })

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

  test.each([
    ['before', 'read'],
    ['before', 'acquire'],
    ['after', 'acquire'],
    ['before', 'observe router'],
    ['before', 'observe blue'],
    ['before', 'ready blue'],
    ['after', 'write'],
    ['before', 'switch to blue'],
    ['after', 'switch to blue'],
    ['after', 'stop green'],
  ] as const)('goes back although the connection was lost once, %s "%s"', async (when, call) => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'good-2' }, [kill('after', 'switch to green')])
    expect(await simulation.post(step, 'failure', [drop(when, call)])).toMatchObject({
      result: 'rolled-back',
      activeColor: 'blue',
    })
    expect(place.live).toBe('blue')
    // The history has outlived it too.
    expect(await simulation.job({ mode: 'rollback', version: 'good-1' })).toMatchObject({
      result: 'unchanged',
    })
    expect(await simulation.job({ version: 'good-3' })).toMatchObject({ result: 'deployed' })
    expect(await simulation.job({ mode: 'rollback', version: null })).toMatchObject({ version: 'good-1' })
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
