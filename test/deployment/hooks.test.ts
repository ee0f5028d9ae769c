import { describe, expect, test } from 'vitest'
import { aHook, withHooks } from './intents.ts'
import { drop, kill, meanwhile, Simulation } from './simulation.ts'

const migrating = withHooks({ migrate: [aHook('migrate')] })
const telling = withHooks({ 'on-rollback': [aHook('tell', 'runner')] })

const timesRun = ({ place }: Simulation, command: string) =>
  place.hooksRun.filter((each) => each === command).length

describe('the hooks of a deployment', () => {
  test('run in their order, after-cleanup once the old color is retired', async () => {
    const simulation = await Simulation.withLive()
    const names = [
      'before-deploy',
      'migrate',
      'smoke-test',
      'before-switch',
      'after-switch',
      'after-cleanup',
    ] as const
    const hooks = withHooks(Object.fromEntries(names.map((name) => [name, [aHook(name)]])))
    const { step } = await simulation.run({ version: 'good-2', ...hooks })
    expect(simulation.place.hooksRun).toEqual(names.slice(0, -1))
    await simulation.post(step, 'success')
    expect(simulation.place.hooksRun).toEqual(names)
  })
})

describe('a migration that was started and never heard of again', () => {
  const interrupted = async () => {
    const simulation = await Simulation.withLive()
    const { step } = await simulation.run({ version: 'good-2', ...migrating }, [
      kill('after', 'hook migrate'),
    ])
    await simulation.post(step, 'failure')
    return simulation
  }

  test('stops the next one', async () => {
    const simulation = await interrupted()
    expect(await simulation.job({ version: 'good-3', ...migrating })).toMatchObject({
      ok: false,
      failure: {
        cause: expect.stringContaining('The migration of good-2'),
        next: [expect.stringContaining('`migrate-rerun: true`')],
      },
    })
    expect([timesRun(simulation, 'migrate'), simulation.place.live]).toEqual([1, 'blue'])
  })

  test('does not, with `migrate-rerun`, and is then forgotten', async () => {
    const simulation = await interrupted()
    const again = await simulation.job({ version: 'good-3', ...migrating, migrateRerun: true })
    const later = await simulation.job({ version: 'good-4', ...migrating })
    expect([again.result, later.result, timesRun(simulation, 'migrate')]).toEqual(['deployed', 'deployed', 3])
  })

  test('does not stop a deployment that migrates nothing, and is not forgotten by it', async () => {
    const simulation = await interrupted()
    expect(await simulation.job({ version: 'good-3' })).toMatchObject({ result: 'deployed' })
    expect(await simulation.job({ version: 'good-4', ...migrating })).toMatchObject({ ok: false })
  })

  test('also stops it when only the answer was lost', async () => {
    const simulation = await Simulation.withLive()
    const { step } = await simulation.run({ version: 'good-2', ...migrating }, [
      drop('after', 'hook migrate'),
    ])
    await simulation.post(step, 'failure')
    expect(await simulation.job({ version: 'good-3', ...migrating })).toMatchObject({
      ok: false,
      failure: { cause: expect.stringContaining('The migration of good-2') },
    })
    expect(timesRun(simulation, 'migrate')).toBe(1)
  })

  test('is remembered also when the next run closes what was open', async () => {
    const simulation = await Simulation.withLive()
    await simulation.run({ version: 'good-2', ...migrating }, [kill('after', 'hook migrate')])
    expect(await simulation.job({ version: 'good-3', ...migrating })).toMatchObject({ ok: false })
    expect(timesRun(simulation, 'migrate')).toBe(1)
  })
})

describe('on-rollback', () => {
  test('runs once traffic is back', async () => {
    const simulation = await Simulation.withLive()
    await simulation.job({ version: 'breaks-2', ...telling })
    expect(simulation.place.hooksRun).toEqual(['tell'])
  })

  test('does not run where traffic never moved', async () => {
    const simulation = await Simulation.withLive()
    await simulation.job({ version: 'sick-2', ...telling })
    expect(simulation.place.hooksRun).toEqual([])
  })

  test.each(['before', 'after'] as const)('is not run again by post when main died %s it', async (when) => {
    const simulation = await Simulation.withLive()
    const { step } = await simulation.run({ version: 'breaks-2', ...telling }, [kill(when, 'runner tell')])
    expect(await simulation.post(step, 'failure')).toMatchObject({ activeColor: 'blue' })
    expect(timesRun(simulation, 'tell')).toBe(when === 'before' ? 0 : 1)
  })

  test('that fails is never in the way', async () => {
    const simulation = await Simulation.withLive()
    const failing = withHooks({ 'on-rollback': [aHook('fail: tell', 'runner')] })
    expect(await simulation.job({ version: 'breaks-2', ...failing })).toMatchObject({
      result: 'rolled-back',
      activeColor: 'blue',
    })
  })
})

describe('after-cleanup', () => {
  test('runs once, though the ledger never answers that the deployment is closed', async () => {
    const simulation = await Simulation.withLive()
    const { place } = simulation
    const { step } = await simulation.run({
      version: 'good-2',
      ...withHooks({ 'after-cleanup': [aHook('tidy')] }),
    })
    await simulation.post(step, 'success', [
      meanwhile('after', 'hook tidy', () => {
        place.ledger.takesWrites = false
      }),
    ])
    place.ledger.takesWrites = true
    expect(await simulation.job({ mode: 'unlock', version: null })).toMatchObject({ activeColor: 'green' })
    expect(await simulation.job({ mode: 'cleanup', version: null })).toMatchObject({ activeColor: 'green' })
    expect(timesRun(simulation, 'tidy')).toBe(1)
  })
})
