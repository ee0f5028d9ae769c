import { describe, expect, test } from 'vitest'
import type { Intent } from '../../src/targets/intent.ts'
import { aHook, aRelease, withHooks, withWorker } from './intents.ts'
import { named, worker } from './place.ts'
import { drop, kill, meanwhile, Simulation } from './simulation.ts'

const worked = { version: 'good-2', ...withWorker }

const withLive = async (): Promise<Simulation> => {
  const simulation = new Simulation()
  await simulation.job({ version: 'good-1', ...withWorker })
  return simulation
}

const workers = ({ place }: Simulation) => [
  place.colors.blue.services[worker],
  place.colors.green.services[worker],
]

const stopBlue = ({ place }: Simulation) => place.set('blue', { presence: 'stopped', services: {} })

describe('a service that starts after the switch', () => {
  test('is at work once users are on its release, before the hook and the bake', async () => {
    const simulation = await withLive()
    const seen: Record<string, unknown> = {}
    const { end } = await simulation.run(
      { ...worked, ...withHooks({ 'before-switch': [aHook('warm')], 'after-switch': [aHook('tell')] }) },
      [
        meanwhile('before', 'hook warm', () => {
          seen.before = workers(simulation)
        }),
        meanwhile('before', 'hook tell', () => {
          seen.after = workers(simulation)
        }),
      ],
    )
    expect(end).toMatchObject({ result: 'deployed', activeColor: 'green' })
    expect(seen).toEqual({ before: ['good-1', undefined], after: ['good-1', 'good-2'] })
  })

  test('never starts for a release that does not get that far', async () => {
    const simulation = await withLive()
    const end = await simulation.job({ ...worked, version: 'sick-2', onFailure: 'keep' })
    expect(end).toMatchObject({ ok: false, result: 'failed' })
    expect([simulation.place.colors.green.presence, workers(simulation)[1]]).toEqual(['running', undefined])
  })

  test('that does not get ready takes traffic back', async () => {
    const simulation = await withLive()
    expect(await simulation.job({ ...worked, version: 'idles-2' })).toMatchObject({
      ok: false,
      result: 'rolled-back',
      activeColor: 'blue',
      failure: { phase: 'verify', cause: 'green did not come up whole: the worker exits' },
    })
    expect(workers(simulation)).toEqual(['good-1', undefined])
  })

  test('is waited for without requests where health checks are skipped', async () => {
    const simulation = await withLive()
    const health = { successes: 2, interval: 1_000, timeout: 10_000, requestTimeout: 2_000, skip: true }
    expect(await simulation.job({ ...worked, version: 'idles-2', health, bake: 0 })).toMatchObject({
      ok: false,
      failure: { cause: 'green did not come up whole: the worker exits' },
    })
  })

  test('that is lost in the bake takes traffic back', async () => {
    const simulation = await withLive()
    const { end } = await simulation.run({ ...worked, ...withHooks({ 'after-switch': [aHook('tell')] }) }, [
      meanwhile('after', 'hook tell', () => simulation.place.set('green', { services: { web: 'good-2' } })),
    ])
    expect(end).toMatchObject({
      result: 'rolled-back',
      failure: { cause: 'green lost an instance while it was watched: worker does not run' },
    })
  })

  test('is missed, and said to be, where a first deployment fails with no way back', async () => {
    const simulation = new Simulation()
    const { step, end } = await simulation.run({ ...worked, version: 'breaks-1' })
    expect(end).toMatchObject({ result: 'rollback-failed', activeColor: 'blue' })
    expect(step.lines.join('\n')).toContain('worker would have started at the end of the switch')
  })

  test('comes with a rollback to a release that has to be deployed again', async () => {
    const simulation = await withLive()
    await simulation.job(worked)
    expect(workers(simulation)).toEqual([undefined, 'good-2'])
    const end = await simulation.job({ mode: 'rollback', version: null, ...withWorker })
    expect(end).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
    expect(workers(simulation)).toEqual(['good-1', undefined])
  })

  test('comes with a rollback to a color that ran without it', async () => {
    const simulation = await withLive()
    await simulation.job({ ...worked, oldColor: 'keep' })
    simulation.place.set('blue', { services: { web: 'good-1' } })
    await simulation.job({ mode: 'rollback', version: null, ...withWorker })
    expect([simulation.place.live, workers(simulation)[0]]).toEqual(['blue', 'good-1'])
  })

  test.each<[string, Partial<Intent>]>([
    ['by main', { version: 'breaks-2', ...withWorker }],
    ['by post', worked],
  ])('starts again with an old color that was stopped since (%s)', async (_, changes) => {
    const simulation = await withLive()
    const { step, end } = await simulation.run(changes, [
      meanwhile('after', 'switch to green', () => stopBlue(simulation)),
    ])
    if (end !== 'died' && end.ok) {
      stopBlue(simulation)
      await simulation.post(step, 'failure')
    }
    expect(simulation.place.live).toBe('blue')
    expect(workers(simulation)).toEqual(['good-1', undefined])
  })

  test('that cannot be started again leaves traffic back, with a warning', async () => {
    const simulation = new Simulation()
    const { place } = simulation
    const release = aRelease('good-0')
    place.set('blue', { presence: 'running', release, services: { web: 'good-0' } })
    place.traffic = named('blue')
    const { step, end } = await simulation.run({ ...worked, version: 'breaks-2' })
    expect(end).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
    expect(step.lines).toContain(
      'Traffic is back on blue, and worker could not be started there: worker does not run, and what ran there is not recorded',
    )
  })

  test('is started again by post, whatever main died of in between', async () => {
    const simulation = await withLive()
    const { step } = await simulation.run({ ...worked, version: 'breaks-2' }, [
      meanwhile('after', 'switch to green', () => stopBlue(simulation)),
      kill('after', 'switch to blue'),
    ])
    expect(workers(simulation)[0]).toBeUndefined()
    await simulation.post(step, 'failure', [drop('before', 'ready blue')])
    expect([simulation.place.live, ...workers(simulation)]).toEqual(['blue', 'good-1', undefined])
  })
})

test('a dry run says what starts after the switch', async () => {
  const simulation = await withLive()
  const end = await simulation.job({ ...worked, dryRun: true })
  expect(end.plan).toContain('Start worker on green.')
})
