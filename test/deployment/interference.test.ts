import { describe, expect, test } from 'vitest'
import { parseDocument } from '../../src/deployment/document.ts'
import { aHook, withHooks } from './intents.ts'
import { mixed, named, unknown } from './place.ts'
import { operationIn } from './promises.ts'
import { drop, kill, lag, meanwhile, Simulation } from './simulation.ts'

const byHand = ['Or go back by hand:', 'route blue']

const stateOf = ({ place }: Simulation) => operationIn(place.ledger.document)?.state

describe('somebody else moves traffic', () => {
  test('to the new color before it was checked: nothing is moved or stopped', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { end } = await simulation.run({ version: 'good-2' }, [
      meanwhile('after', 'deploy green', () => {
        place.traffic = named('green')
      }),
    ])
    expect(end).toMatchObject({
      ok: false,
      result: 'rollback-failed',
      activeColor: 'green',
      failure: { cause: expect.stringContaining('somebody else moved traffic') },
    })
    expect(place.colors).toMatchObject({ blue: { presence: 'running' }, green: { presence: 'running' } })
  })

  test('to the new color right before we do: it is theirs, and nothing is moved or stopped', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step, end } = await simulation.run({ version: 'good-2' }, [
      meanwhile('before', 'switch to green', () => {
        place.traffic = named('green')
      }),
    ])
    expect(end).toMatchObject({
      result: 'rollback-failed',
      activeColor: 'green',
      headline: expect.stringContaining('somebody else moved traffic to the new color'),
      failure: { phase: 'switch', next: ['Find out who moved traffic, then deploy again.', ...byHand] },
    })
    await simulation.post(step, 'failure')
    expect(place.colors).toMatchObject({ blue: { presence: 'running' }, green: { presence: 'running' } })
    expect([place.live, place.ledger.view().status]).toEqual(['green', 'free'])
  })

  test('away from it in the bake: the bake ends, and both colors are left running', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { end } = await simulation.run(
      { version: 'good-2', ...withHooks({ 'after-switch': [aHook('tell')] }) },
      [
        meanwhile('after', 'hook tell', () => {
          place.traffic = named('blue')
        }),
      ],
    )
    expect(end).toMatchObject({ ok: false, activeColor: 'blue', failure: { phase: 'verify' } })
    expect(stateOf(simulation)).toBe('undone')
    expect(place.colors).toMatchObject({ blue: { presence: 'running' }, green: { presence: 'running' } })
  })

  test('away from it after it was watched: both colors are left running', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step, end } = await simulation.run({ version: 'good-2' })
    expect(end).toMatchObject({ result: 'deployed' })
    place.traffic = named('blue')
    await simulation.post(step, 'failure')
    expect([place.live, stateOf(simulation)]).toEqual(['blue', 'undone'])
    expect(place.colors).toMatchObject({ blue: { presence: 'running' }, green: { presence: 'running' } })
  })

  test('after it went back: traffic stays where they put it', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'breaks-2' }, [kill('before', 'diagnose green')])
    place.traffic = named('green')
    expect(await simulation.post(step, 'failure')).toMatchObject({
      result: 'rollback-failed',
      activeColor: 'green',
    })
    expect(place.colors.green.presence).toBe('running')
  })

  test('away and back again in between is not noticed, and harms nothing', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { end } = await simulation.run(
      { version: 'good-2', ...withHooks({ 'before-deploy': [aHook('build')] }) },
      [
        meanwhile('before', 'hook build', () => {
          place.traffic = named('green')
        }),
        meanwhile('after', 'hook build', () => {
          place.traffic = named('blue')
        }),
      ],
    )
    expect(end).toMatchObject({ result: 'deployed', activeColor: 'green' })
  })
})

test('a target that is silent for a moment in the bake ends nothing', async () => {
  const intent = { version: 'good-2', ...withHooks({ 'after-switch': [aHook('tell')] }) }
  const { calls } = (await (await Simulation.withLive()).run(intent)).step.main
  const look = calls.indexOf('ready green', calls.indexOf('hook tell')) + 1
  const { step, end } = await (await Simulation.withLive()).run(intent, [drop('before', look)])
  expect(step.lines.join('\n')).toContain('The connection was lost.')
  expect(end).toMatchObject({ result: 'deployed', activeColor: 'green' })
})

test('a platform that says nothing of the old color is no reason to give it up', async () => {
  const simulation = await Simulation.withLive()
  const { place } = simulation
  const { step } = await simulation.run({ version: 'good-2' })
  place.isMute = true
  await simulation.post(step, 'failure')
  expect(stateOf(simulation)).toBe('open')
  expect(place.colors).toMatchObject({ blue: { presence: 'running' }, green: { presence: 'running' } })
  place.isMute = false
  await simulation.post(step, 'failure')
  expect(place.live).toBe('blue')
})

describe('a verified switch that comes apart', () => {
  test('is brought together on the new color before the old one is retired', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'good-2' })
    place.traffic = mixed
    expect(await simulation.post(step, 'success')).toMatchObject({ result: 'deployed', activeColor: 'green' })
    expect(place.colors).toMatchObject({ blue: { presence: 'stopped' }, green: { presence: 'running' } })
  })
})

describe('a switch that came apart with no way back', () => {
  test.each([
    ['goes on to the new color when that passes its checks', false, 'color'],
    ['is left as it is when that does not', true, 'mixed'],
  ] as const)('%s', async (_, sick, kind) => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'good-2', noRollback: true }, [
      meanwhile('before', 'switch to green', () => {
        place.switchBehavior = 'splits'
      }),
      kill('after', 'switch to green'),
    ])
    place.traffic = mixed
    place.switchBehavior = 'moves'
    place.set('green', { sick })
    expect(await simulation.post(step, 'failure')).toMatchObject({ result: 'rollback-failed' })
    expect([place.traffic.kind, stateOf(simulation)]).toEqual([kind, 'failed'])
    expect(place.colors).toMatchObject({ blue: { presence: 'running' }, green: { presence: 'running' } })
  })
})

describe('a router that cannot be read', () => {
  test.each([
    ['unknown', unknown, 'look at the router'],
    ['nobody', { kind: 'nobody' } as const, 'route blue'],
  ] as const)(
    '(%s) leaves all as it is, until `unlock` with `force` closes it',
    async (_, traffic, repair) => {
      const simulation = await Simulation.withLive()
      const { place } = simulation
      const { step } = await simulation.run({ version: 'good-2' })
      place.traffic = traffic
      const untouched = JSON.stringify(place.colors)

      const post = await simulation.post(step, 'failure')
      expect(post).toMatchObject({ ok: false, result: 'rollback-failed' })
      expect(post).toMatchObject({ failure: { next: expect.arrayContaining([repair]) } })
      expect(stateOf(simulation)).toBe('open')

      expect(await simulation.job({ version: 'good-3' })).toMatchObject({
        ok: false,
        failure: { done: ['Nothing new was begun.'] },
      })
      expect(await simulation.job({ mode: 'unlock', version: null })).toMatchObject({ ok: false })
      expect(stateOf(simulation)).toBe('open')

      expect(await simulation.job({ mode: 'unlock', version: null, force: true })).toMatchObject({
        ok: false,
      })
      expect([stateOf(simulation), JSON.stringify(place.colors)]).toEqual(['failed', untouched])
    },
  )

  test('for a moment is asked again', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({ version: 'good-2' })
    place.traffic = unknown
    const post = step.runPost('failure')
    await place.clock.advance(3_000)
    place.traffic = named('green')
    expect(await simulation.finish(post)).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
  })

  test('stops nothing in cleanup, which says how to go on', async () => {
    const simulation = await Simulation.withLive()
    simulation.place.traffic = unknown
    expect(await simulation.job({ mode: 'cleanup', version: null })).toMatchObject({
      ok: false,
      failure: { next: ['look at the router', expect.stringContaining('`mode: cleanup`')] },
    })
    expect(simulation.place.colors.blue.presence).toBe('running')
  })

  test.each([
    ['mixed', mixed, 'put both right'],
    ['unknown', unknown, 'look at the router'],
  ] as const)('(%s) begins nothing', async (_, traffic, repair) => {
    const simulation = await Simulation.withLive()
    simulation.place.traffic = traffic
    const before = simulation.place.snapshot()
    const end = await simulation.job({ version: 'good-2' })
    expect(end).toMatchObject({
      ok: false,
      failure: { done: ['Nothing was changed.'], next: [repair] },
    })
    expect(simulation.place.snapshot()).toBe(before)
  })
})

describe('unlock', () => {
  test('without anything open gives the lease free', async () => {
    const simulation = await Simulation.withLive()
    expect(await simulation.job({ mode: 'unlock', version: null })).toMatchObject({
      ok: true,
      result: 'unchanged',
    })
    expect(simulation.place.ledger.view().status).toBe('free')
  })

  test('leaves a verified release live and the old color as it is', async () => {
    const simulation = await Simulation.withLive()
    await simulation.run({ version: 'good-2' })
    expect(await simulation.job({ mode: 'unlock', version: null })).toMatchObject({
      ok: true,
      activeColor: 'green',
    })
    expect([stateOf(simulation), simulation.place.colors.blue.presence]).toEqual(['committed', 'running'])
  })
})

describe('looking', () => {
  test.each([
    ['status', { mode: 'status', version: null }],
    ['a dry run', { version: 'good-3', dryRun: true }],
  ] as const)('%s closes and changes nothing', async (_, intent) => {
    const simulation = await Simulation.withLive()
    await simulation.run({ version: 'good-2' })
    const before = simulation.place.snapshot()
    const end = await simulation.job(intent)
    expect(end).toMatchObject({ ok: true, result: 'unchanged' })
    expect(end.plan.length).toBeGreaterThan(2)
    expect(simulation.place.snapshot()).toBe(before)
  })
})

test('a document that cannot be read is replaced by `unlock` with `force` alone', async () => {
  const simulation = await Simulation.withLive()
  const { place } = simulation
  place.ledger.document = '{"schema":1,'
  expect(await simulation.job({ version: 'good-2' })).toMatchObject({ ok: false })
  expect(await simulation.job({ mode: 'unlock', version: null })).toMatchObject({ ok: false })
  expect(place.live).toBe('blue')
  expect(await simulation.job({ mode: 'unlock', version: null, force: true })).toMatchObject({ ok: true })
  expect(await simulation.job({ version: 'good-2' })).toMatchObject({ result: 'deployed' })
  expect(parseDocument(place.ledger.document).kind).toBe('document')
})

describe('a change goes on although its connection was lost', () => {
  test.each(['good-2', 'breaks-2'])('a switch to %s is waited for, and taken back', async (version) => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step, end } = await simulation.run({ version }, [lag('switch to green')])
    expect(end).toMatchObject({ ok: false, result: 'rolled-back', activeColor: 'blue' })
    expect(place.applied.map(({ change, color }) => `${change} ${color}`)).toContain('switch green')
    expect([place.live, place.colors.green.presence, stateOf(simulation)]).toEqual([
      'blue',
      'stopped',
      'undone',
    ])
    expect(await simulation.post(step, 'failure')).toBeNull()
    expect(place.ledger.view().status).toBe('free')
  })

  test('and somebody else has come and gone: nothing more is changed', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const other = { nonce: 'other', run: '', attempt: '', job: '', step: '', url: '', actor: '' }
    const { end } = await simulation.run({ version: 'good-2' }, [
      meanwhile('before', 'switch to green', () => {
        const { ledger } = place
        const taken = ledger.acquire(other, 60_000, { claim: 'break', unchangedMark: null })
        if (taken.kind === 'acquired') ledger.free(taken.lease)
      }),
      drop('before', 'switch to green'),
    ])
    const before = place.applied.at(-1)
    expect(end).toMatchObject({
      ok: false,
      failure: { done: ['This run stopped at once and undid nothing.'] },
    })
    expect([place.live, place.applied.at(-1)]).toEqual(['blue', before])
    expect(place.ledger.view().status).toBe('free')
  })
})
