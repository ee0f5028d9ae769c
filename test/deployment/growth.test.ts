import { expect, test } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import { meanwhile, Simulation } from './simulation.ts'

/** The first release is live, and its color was asked for more instances a moment ago. */
async function growing(grows: 'waiting' | 'fatal') {
  const simulation = new Simulation()
  await simulation.job({ version: 'good-1' })
  const live = simulation.place.live as Color
  simulation.place.set(live, { grows })
  return { simulation, live }
}

test.each([
  ['are still to come', 'waiting'],
  ['can never come', 'fatal'],
] as const)('a color whose other instances %s takes traffic back', async (_, grows) => {
  const { simulation, live } = await growing(grows)
  expect(await simulation.job({ version: 'breaks-2' })).toMatchObject({
    result: 'rolled-back',
    activeColor: live,
  })
  expect(simulation.place.live).toBe(live)
})

test.each(['waiting', 'fatal'] as const)('a new release is not live with a part of it: %s', async (grows) => {
  const { simulation, live } = await growing('waiting')
  simulation.place.set(live, { grows: null })
  const idle = live === 'blue' ? 'green' : 'blue'
  const { end } = await simulation.run({ version: 'good-2' }, [
    meanwhile('after', `deploy ${idle}`, () => simulation.place.set(idle, { grows })),
  ])
  expect(end).toMatchObject({ ok: false, activeColor: live })
  expect(simulation.place.live).toBe(live)
})
