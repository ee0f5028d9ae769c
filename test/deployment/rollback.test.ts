import { describe, expect, test } from 'vitest'
import { kill, meanwhile, Simulation } from './simulation.ts'

const back = { mode: 'rollback', version: null } as const

const deployed = async (...versions: readonly string[]) => {
  const simulation = new Simulation()
  for (const version of versions) await simulation.job({ version })
  return simulation
}

const liveVersion = ({ place }: Simulation) =>
  place.live === null ? null : place.colors[place.live].release?.version

describe('a rollback', () => {
  test('goes to the last good release, and pressed twice stays there', async () => {
    const simulation = await deployed('good-1', 'good-2', 'good-3')
    expect(await simulation.job(back)).toMatchObject({ ok: true, result: 'rolled-back', version: 'good-2' })
    const before = simulation.place.snapshot()
    expect(await simulation.job(back)).toMatchObject({ ok: true, result: 'unchanged' })
    expect([simulation.place.snapshot(), liveVersion(simulation)]).toEqual([before, 'good-2'])
  })

  test('deploys a removed color anew', async () => {
    const simulation = await deployed('good-1')
    await simulation.job({ version: 'good-2', oldColor: 'remove' })
    expect(simulation.place.colors.blue.presence).toBe('absent')
    expect(await simulation.job(back)).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
    expect(liveVersion(simulation)).toBe('good-1')
  })

  test('uses a color that still runs as it is', async () => {
    const simulation = await deployed('good-1')
    await simulation.job({ version: 'good-2', oldColor: 'keep' })
    const { step } = await simulation.run(back)
    expect(step.main.calls).not.toContain('deploy blue')
    expect(liveVersion(simulation)).toBe('good-1')
  })

  test('goes to a release that is named, and to what really is that release', async () => {
    const simulation = await deployed('good-1')
    await simulation.job({ version: 'good-2', oldColor: 'keep' })
    // Dies when it has written down that good-3 goes to blue, and before anything is deployed there.
    const { step } = await simulation.run({ version: 'good-3', onFailure: 'keep' }, [
      kill('before', 'deploy blue'),
    ])
    await simulation.post(step, 'failure')
    expect(await simulation.job({ ...back, version: 'good-3' })).toMatchObject({ result: 'rolled-back' })
    expect(liveVersion(simulation)).toBe('good-3')
  })

  test('is never undone by a later step of the job', async () => {
    const simulation = await deployed('good-1', 'good-2')
    await simulation.job(back, 'failure')
    expect(liveVersion(simulation)).toBe('good-1')
  })

  test('to a release that is sick now changes nothing', async () => {
    const simulation = await deployed('good-1')
    await simulation.job({ version: 'good-2', oldColor: 'keep' })
    simulation.place.sicken('blue')
    expect(await simulation.job(back)).toMatchObject({ ok: false, activeColor: 'green' })
  })

  test('after a deployment that took itself back changes nothing', async () => {
    const simulation = await deployed('good-1', 'good-2')
    await simulation.job({ version: 'breaks-3' })
    expect(await simulation.job(back)).toMatchObject({ ok: true, result: 'unchanged', activeColor: 'green' })
  })

  test('that first closes a half-done switch stops there', async () => {
    const simulation = await deployed('good-1')
    await simulation.run({ version: 'good-2' }, [kill('after', 'switch to green')])
    expect(await simulation.job(back)).toMatchObject({ ok: true, result: 'unchanged', activeColor: 'blue' })
  })

  test('without a history is refused before anything is touched', async () => {
    const simulation = await deployed('good-1')
    const before = simulation.place.snapshot()
    expect(await simulation.job(back)).toMatchObject({
      ok: false,
      failure: { done: ['Nothing was changed.'], cause: 'The history holds no other release that was good.' },
    })
    expect(simulation.place.snapshot()).toBe(before)
  })
})

describe('two uses in one job', () => {
  test('are closed newest first, and each post step closes its own alone', async () => {
    const simulation = await deployed('good-1')
    const { step: first } = await simulation.run({ version: 'good-2' })
    const { step: second } = await simulation.run({ version: 'good-3' })
    expect(await simulation.post(second, 'failure')).toMatchObject({
      result: 'rolled-back',
      activeColor: 'green',
    })
    const before = simulation.place.snapshot()
    expect(await simulation.post(first, 'failure')).toBeNull()
    expect([simulation.place.snapshot(), liveVersion(simulation)]).toEqual([before, 'good-2'])
  })
})

test('a post step of a main that never began anything does nothing', async () => {
  const simulation = await deployed('good-1')
  const { step } = await simulation.run({ version: 'good-2' }, [kill('before', 'acquire')])
  const before = simulation.place.snapshot()
  expect(await simulation.post(step, 'failure')).toBeNull()
  expect(simulation.place.snapshot()).toBe(before)
})

test('a main that could not be told it holds the lease gives it back in post', async () => {
  const simulation = await deployed('good-1')
  const { step } = await simulation.run({ version: 'good-2' }, [kill('after', 'acquire')])
  expect(simulation.place.ledger.view().status).toBe('held')
  expect(await simulation.post(step, 'failure')).toBeNull()
  expect(simulation.place.ledger.view().status).toBe('free')
})

test('a moved router is not run over by the switch', async () => {
  const simulation = await deployed('good-1')
  const { place } = simulation
  const { end } = await simulation.run({ version: 'good-2' }, [
    meanwhile('before', 'switch to green', () => {
      place.traffic = { kind: 'nobody' }
    }),
  ])
  expect(end).toMatchObject({ ok: false })
  expect(place.traffic).toEqual({ kind: 'nobody' })
})
