import { describe, expect, test } from 'vitest'
import type { Intent } from '../../src/targets/intent.ts'
import { ChangeFailed } from '../../src/targets/target.ts'
import { aHook, withHooks } from './intents.ts'
import { named, type SwitchBehavior } from './place.ts'
import { operationIn } from './promises.ts'
import { cancel, drop, meanwhile, Simulation } from './simulation.ts'

const stateOf = ({ place }: Simulation) => operationIn(place.ledger.document)?.state

describe('a first deployment', () => {
  test('goes to blue, and says that there is no way back', async () => {
    const simulation = new Simulation()
    const { step, end } = await simulation.run({ version: 'good-1' })
    expect(end).toMatchObject({ result: 'deployed', activeColor: 'blue', previousColor: null })
    expect(step.lines.join('\n')).toContain(
      'no automatic way back after this switch: it is the first deployment',
    )
  })

  test('goes to the other color where the router names one that runs nowhere', async () => {
    const simulation = new Simulation()
    simulation.place.traffic = named('blue')
    expect(await simulation.job({ version: 'good-1' })).toMatchObject({
      result: 'deployed',
      activeColor: 'green',
      previousColor: null,
    })
  })

  test('that fails its checks leaves everybody where they were', async () => {
    const simulation = new Simulation()
    expect(await simulation.job({ version: 'sick-1' })).toMatchObject({
      ok: false,
      result: 'failed',
      switched: false,
    })
    expect([simulation.place.traffic.kind, simulation.place.colors.blue.presence]).toEqual([
      'nobody',
      'stopped',
    ])
  })

  test('that breaks in public stays, loudly', async () => {
    const simulation = new Simulation()
    expect(await simulation.job({ version: 'breaks-1' })).toMatchObject({
      ok: false,
      result: 'rollback-failed',
      activeColor: 'blue',
      failure: { cause: expect.stringContaining('it breaks under load') },
    })
    expect([simulation.place.colors.blue.presence, stateOf(simulation)]).toEqual(['running', 'failed'])
  })
})

interface Failing {
  readonly when: string
  readonly intent: Partial<Intent>
  readonly phase: string
  readonly cause: string
}

const beforeTheSwitch: readonly Failing[] = [
  {
    when: 'before-deploy fails',
    intent: withHooks({ 'before-deploy': [aHook('fail: build')] }),
    phase: 'deploy-inactive',
    cause: 'fail: build',
  },
  {
    when: 'deploying is refused',
    intent: { version: 'refused-2' },
    phase: 'deploy-inactive',
    cause: 'The image does not exist.',
  },
  {
    when: 'the migration fails',
    intent: withHooks({ migrate: [aHook('fail: migrate')] }),
    phase: 'deploy-inactive',
    cause: 'fail: migrate',
  },
  {
    when: 'the new color stays sick',
    intent: { version: 'sick-2' },
    phase: 'health',
    cause: 'it answers 500',
  },
  { when: 'the new color dies', intent: { version: 'dead-2' }, phase: 'health', cause: 'it exits at once' },
  {
    when: 'the smoke test fails',
    intent: withHooks({ 'smoke-test': [aHook('fail: smoke', 'runner')] }),
    phase: 'health',
    cause: 'fail: smoke',
  },
  {
    when: 'before-switch fails',
    intent: withHooks({ 'before-switch': [aHook('fail: warm')] }),
    phase: 'switch',
    cause: 'fail: warm',
  },
]

describe('before the switch', () => {
  test.each(beforeTheSwitch.map((its) => [its.when, its] as const))(
    'when %s, traffic never moves and the new color is stopped',
    async (_, { intent, phase, cause }) => {
      const simulation = await Simulation.withLive()
      const { place } = simulation
      const end = await simulation.job({ version: 'good-2', ...intent })
      expect(end).toMatchObject({
        ok: false,
        result: 'failed',
        switched: false,
        activeColor: 'blue',
        failure: { phase, cause: expect.stringContaining(cause), traffic: 'Traffic is on blue.' },
      })
      expect(place.colors.blue).toMatchObject({ presence: 'running', release: { version: 'good-1' } })
      expect(place.colors.green.presence).not.toBe('running')
      expect(stateOf(simulation)).toBe('undone')
    },
  )

  test('a color that fails the last check right before the switch gets no traffic', async () => {
    const simulation = await Simulation.withLive()
    const { end } = await simulation.run(
      { version: 'good-2', ...withHooks({ 'before-switch': [aHook('warm')] }) },
      [meanwhile('after', 'hook warm', () => simulation.place.sicken('green'))],
    )
    expect(end).toMatchObject({ result: 'failed', failure: { phase: 'switch' }, activeColor: 'blue' })
  })

  test('`on-failure: keep` leaves the new color for a look', async () => {
    const simulation = await Simulation.withLive()
    await simulation.job({ version: 'sick-2', onFailure: 'keep' })
    expect(simulation.place.colors.green.presence).toBe('running')
  })

  test('`skip-health-check` is said loudly', async () => {
    const simulation = await Simulation.withLive()
    const health = { successes: 2, interval: 1_000, timeout: 10_000, requestTimeout: 2_000, skip: true }
    const end = await simulation.job({ version: 'good-2', health })
    expect(end.notices).toEqual([expect.stringContaining('`skip-health-check`')])
  })
})

describe('the switch', () => {
  test.each<[string, SwitchBehavior, string, string]>([
    ['is refused', 'fails', 'failed', 'blue'],
    ['says it failed and has moved traffic', 'fails-after-moving', 'rolled-back', 'blue'],
    ['comes apart', 'splits', 'rolled-back', 'blue'],
  ])('that %s ends on the old color', async (_, behavior, result, live) => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { end } = await simulation.run({ version: 'good-2' }, [
      meanwhile('before', 'switch to green', () => {
        place.switchBehavior = behavior
      }),
      meanwhile('before', 'switch to blue', () => {
        place.switchBehavior = 'moves'
      }),
    ])
    expect(end).toMatchObject({ ok: false, result, activeColor: live, failure: { phase: 'switch' } })
    expect(place.colors).toMatchObject({ blue: { presence: 'running' }, green: { presence: 'stopped' } })
  })

  test('that cannot be taken back is left open, with what a person would type', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step, end } = await simulation.run({ version: 'breaks-2' }, [
      meanwhile('before', 'switch to blue', () => {
        place.switchBehavior = 'fails'
      }),
    ])
    expect(end).toMatchObject({
      result: 'rollback-failed',
      activeColor: 'green',
      failure: {
        next: [
          'route blue',
          'Then run with `mode: unlock`, and `force: true` where the router stays unreadable.',
        ],
      },
    })
    place.switchBehavior = 'moves'
    expect(await simulation.post(step, 'failure')).toMatchObject({
      result: 'rolled-back',
      activeColor: 'blue',
    })
  })
})

describe('after the switch', () => {
  test.each([
    ['it breaks in public', { version: 'breaks-2' }, 'it breaks under load'],
    ['after-switch fails', withHooks({ 'after-switch': [aHook('fail: look')] }), 'fail: look'],
  ] as const)('when %s, traffic goes back', async (_, intent, cause) => {
    const simulation = await Simulation.withLive()
    const end = await simulation.job({ version: 'good-2', ...intent })
    expect(end).toMatchObject({
      ok: false,
      result: 'rolled-back',
      rolledBack: true,
      activeColor: 'blue',
      failure: { phase: 'verify', cause: expect.stringContaining(cause), traffic: 'Traffic is on blue.' },
    })
  })

  test.each([
    ['`no-rollback` is set', { noRollback: true }, false, '`no-rollback` is set'],
    ['the live color was sick before we began', {}, true, 'blue failed its checks before we began'],
  ] as const)(
    'when %s, nothing goes back on its own, and that is said before',
    async (_, intent, sick, said) => {
      const simulation = await Simulation.withLive()
      simulation.place.set('blue', { sick })
      const { step, end } = await simulation.run({ version: 'breaks-2', ...intent })
      expect(end).toMatchObject({ ok: false, result: 'rollback-failed', activeColor: 'green' })
      expect(step.lines.join('\n')).toContain(`no automatic way back after this switch: ${said}`)
      expect(simulation.place.colors.green.presence).toBe('running')
    },
  )

  test('a sick live color does not keep the fix from being shipped', async () => {
    const simulation = await Simulation.withLive()
    simulation.place.sicken('blue')
    expect(await simulation.job({ version: 'good-2' })).toMatchObject({
      result: 'deployed',
      activeColor: 'green',
    })
  })

  test('an old color that fell ill since keeps the new one live', async () => {
    const simulation = await Simulation.withLive()
    const { end } = await simulation.run({ version: 'breaks-2' }, [
      meanwhile('after', 'switch to green', () => simulation.place.sicken('blue')),
    ])
    expect(end).toMatchObject({ result: 'rollback-failed', activeColor: 'green' })
  })

  test('an old color that was stopped since is started again', async () => {
    const simulation = await Simulation.withLive()
    const { end } = await simulation.run({ version: 'breaks-2' }, [
      meanwhile('after', 'switch to green', () => simulation.place.set('blue', { presence: 'stopped' })),
    ])
    expect(end).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
    expect(simulation.place.colors.blue).toMatchObject({
      presence: 'running',
      release: { version: 'good-1' },
    })
  })
})

describe('once it is verified, trouble is a warning', () => {
  test('retiring', async () => {
    const simulation = await Simulation.withLive()
    const { step, end } = await simulation.run({ version: 'good-2', goesBackOn: [] }, [
      meanwhile('before', 'stop blue', () => {
        throw new ChangeFailed('The platform says no.')
      }),
    ])
    expect(end).toMatchObject({ ok: true, result: 'deployed', activeColor: 'green' })
    expect(step.lines.join('\n')).toContain('blue could not be stopped')
    expect(stateOf(simulation)).toBe('committed')
  })

  test('retiring, when an answer is lost: it is asked once more', async () => {
    const simulation = await Simulation.withLive()
    const { end } = await simulation.run({ version: 'good-2', goesBackOn: [] }, [drop('before', 'stop blue')])
    expect(end).toMatchObject({ ok: true, result: 'deployed', activeColor: 'green' })
    expect(simulation.place.colors.blue.presence).toBe('stopped')
  })

  test('after-cleanup', async () => {
    const simulation = await Simulation.withLive()
    const { step, end } = await simulation.run({
      version: 'good-2',
      goesBackOn: [],
      ...withHooks({ 'after-cleanup': [aHook('fail: tidy')] }),
    })
    expect(end).toMatchObject({ ok: true, result: 'deployed' })
    expect(step.lines.join('\n')).toContain('after-cleanup failed')
  })

  test('draining', async () => {
    const simulation = await Simulation.withLive()
    const { end } = await simulation.run({ version: 'good-2' }, [
      { at: 'quiet blue', when: 'before', blow: { kind: 'drop' } },
    ])
    expect(end).toMatchObject({ ok: true, result: 'deployed', activeColor: 'green' })
  })
})

describe('a read of the router that is lost before a phase', () => {
  test.each([0, 1, 2, 3])('is repeated, and a good release stays (phase %d)', async (phase) => {
    const { step } = await (await Simulation.withLive()).run({ version: 'good-2' })
    const reads = step.main.calls.flatMap((call, index) => (call === 'observe router' ? [index + 1] : []))
    const simulation = await Simulation.withLive()
    const { end } = await simulation.run({ version: 'good-2' }, [drop('before', reads[phase + 1] ?? 0)])
    expect(end).toMatchObject({ result: 'deployed', activeColor: 'green' })
  })
})

describe('the old color', () => {
  test.each([
    ['stop', 'stopped'],
    ['keep', 'running'],
    ['remove', 'absent'],
  ] as const)(
    'stays warm to the end of the job, and then `old-color: %s` makes it %s',
    async (oldColor, presence) => {
      const simulation = await Simulation.withLive()
      const { step } = await simulation.run({ version: 'good-2', oldColor })
      expect(simulation.place.colors.blue.presence).toBe('running')
      expect(await simulation.post(step, 'success')).toMatchObject({ result: 'deployed', ok: true })
      expect(simulation.place.colors.blue.presence).toBe(presence)
    },
  )

  test.each([
    [false, 'if a later step fails, traffic goes back to it'],
    [true, 'blue stays warm until the job has ended, then it is stopped.'],
  ])('is promised as a way back only where there is one (no-rollback: %s)', async (noRollback, words) => {
    const simulation = await Simulation.withLive()
    const { step } = await simulation.run({ version: 'good-2', noRollback })
    expect(step.lines).toContainEqual(expect.stringContaining(words))
  })

  test.each([
    ['failure', 'rolled-back', 'blue'],
    ['cancelled', 'rolled-back', 'blue'],
    ['success', 'deployed', 'green'],
  ] as const)('takes traffic back when the job ended with %s: %s', async (status, result, live) => {
    const simulation = await Simulation.withLive()
    const { step } = await simulation.run({ version: 'good-2' })
    expect(await simulation.post(step, status)).toMatchObject({ result, activeColor: live })
    expect(simulation.place.live).toBe(live)
  })

  test('is retired by main where no later step is asked', async () => {
    const simulation = await Simulation.withLive()
    const { step } = await simulation.run({ version: 'good-2', goesBackOn: [] })
    expect(simulation.place.colors.blue.presence).toBe('stopped')
    expect(await simulation.post(step, 'failure')).toBeNull()
    expect(simulation.place.live).toBe('green')
  })

  test('is retired by `cleanup` when the runner was lost', async () => {
    const simulation = await Simulation.withLive()
    await simulation.run({ version: 'good-2' })
    const end = await simulation.job({ mode: 'cleanup', version: null })
    expect(end).toMatchObject({ ok: true, activeColor: 'green' })
    expect(simulation.place.colors.blue.presence).toBe('stopped')
  })
})

describe('a run that is cancelled', () => {
  test.each(['deploy green', 'ready green', 'switch to green', 'quiet blue'])(
    'at "%s" leaves it to its post step',
    async (call) => {
      const simulation = await Simulation.withLive()
      const { step, end } = await simulation.run({ version: 'good-2' }, [cancel('after', call)])
      expect(end).toMatchObject({ ok: false, result: 'failed' })
      await simulation.post(step, 'cancelled')
      expect(simulation.place.live).toBe('blue')
      expect(simulation.place.colors).toMatchObject({
        blue: { presence: 'running' },
        green: { presence: 'stopped' },
      })
    },
  )
})
