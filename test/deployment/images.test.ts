import { describe, expect, test } from 'vitest'
import { foundRunning, releaseOf } from '../../src/deployment/release.ts'
import { withWorker } from './intents.ts'
import { operationIn } from './promises.ts'
import { kill, meanwhile, Simulation } from './simulation.ts'

const back = { mode: 'rollback', version: null } as const

const imagesOn = ({ place }: Simulation, color: 'blue' | 'green') => place.colors[color].release?.images

/** Every deployment finds something else under the tag `shop:latest`. */
const deployed = async (...versions: readonly string[]) => {
  const simulation = new Simulation()
  for (const version of versions) await simulation.job({ version, ...withWorker })
  return simulation
}

describe('a tag that has moved since', () => {
  test('does not change what a rollback brings back', async () => {
    const simulation = await deployed('good-1', 'good-2')
    const good = simulation.place.pulled[0]?.images
    expect(good).toMatchObject({ web: expect.stringMatching(/^shop@sha256:/) })
    await simulation.job({ ...back, ...withWorker })
    expect([simulation.place.live, imagesOn(simulation, 'blue')]).toEqual(['blue', good])
  })

  test('does not change what a removed color is deployed with again', async () => {
    const simulation = await deployed('good-1')
    const good = imagesOn(simulation, 'blue')
    await simulation.job({ version: 'good-2', oldColor: 'remove', ...withWorker })
    await simulation.job({ ...back, ...withWorker })
    expect(imagesOn(simulation, 'blue')).toEqual(good)
  })

  test('does not change what a stopped color takes traffic back with', async () => {
    const simulation = await deployed('good-1')
    const good = imagesOn(simulation, 'blue')
    const { end } = await simulation.run({ version: 'breaks-2', ...withWorker }, [
      meanwhile('after', 'switch to green', () =>
        simulation.place.set('blue', { presence: 'stopped', services: {} }),
      ),
    ])
    expect(end).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
    expect(imagesOn(simulation, 'blue')).toEqual(good)
  })

  test('makes another release of the same version, which a rollback leaves', async () => {
    const simulation = await deployed('good-1', 'good-1')
    const first = imagesOn(simulation, 'blue')
    expect(imagesOn(simulation, 'green')).not.toEqual(first)
    expect(await simulation.job({ ...back, ...withWorker })).toMatchObject({ result: 'rolled-back' })
    expect(imagesOn(simulation, 'blue')).toEqual(first)
  })
})

test('a release keeps the name that it was sent with, however often its images are found', () => {
  const release = releaseOf({ version: 'v1', images: { web: 'shop:1' }, configuration: 'c' })
  const pinned = foundRunning(release, { web: 'shop@sha256:a' })
  expect(pinned).toMatchObject({ orderedAs: release.id, images: { web: 'shop@sha256:a' } })
  expect(pinned.id).not.toBe(release.id)
  expect(foundRunning(pinned, { web: 'shop@sha256:a' })).toEqual(pinned)
  expect(foundRunning(release, {})).toEqual(release)
})

test('what was found running is at the target before the switch, and on the runner at once', async () => {
  const simulation = await deployed('good-1')
  const { step } = await simulation.run({ version: 'good-2' }, [kill('before', 'switch to green')])
  const { release } = operationIn(simulation.place.ledger.document) ?? {}
  expect(release?.images).toEqual(imagesOn(simulation, 'green'))
  expect(await simulation.post(step, 'failure')).toMatchObject({ result: 'failed', activeColor: 'blue' })
})

test('a release is the same one by what runs, not by when it was deployed', () => {
  const content = { version: 'v1', images: { web: 'shop@sha256:1' }, configuration: 'c' }
  expect(releaseOf(content)).toEqual(releaseOf({ ...content }))
  for (const change of [{ version: 'v2' }, { images: { web: 'shop@sha256:2' } }, { configuration: 'd' }])
    expect(releaseOf({ ...content, ...change }).id).not.toBe(releaseOf(content).id)
})
