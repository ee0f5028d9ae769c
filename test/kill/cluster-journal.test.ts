import { describe, expect, test } from 'vitest'
import { changesIn, type Entry, notedIn } from './cluster-journal.ts'
import { ownershipFaults } from './owners.ts'

let version = 0

interface Given {
  readonly name: string
  readonly replicas: number
  readonly ready?: number
  readonly fence?: number
  /** The one that the controllers have heard of. */
  readonly generation?: number
  readonly observed?: number
}

function deployment({ name, replicas, ready = replicas, fence = 1, generation = 1, observed }: Given): Entry {
  version += 1
  return {
    type: 'MODIFIED',
    object: {
      kind: 'Deployment',
      metadata: {
        name,
        namespace: 'one',
        resourceVersion: String(version),
        generation,
        annotations: { 'blue-green-action/fence': String(fence), 'blue-green-action/version': 'v1' },
      },
      spec: { replicas },
      status: {
        observedGeneration: observed ?? generation,
        replicas,
        updatedReplicas: replicas,
        readyReplicas: ready,
      },
    },
  }
}

function service(color: string, fence = 1): Entry {
  version += 1
  return {
    type: 'MODIFIED',
    object: {
      kind: 'Service',
      metadata: {
        name: 'shop',
        namespace: 'one',
        resourceVersion: String(version),
        annotations: { 'blue-green-action/fence': String(fence) },
      },
      spec: { selector: { app: 'shop', color } },
    },
  }
}

function changesAfter(before: readonly Entry[], later: () => readonly Entry[]) {
  const began = version
  return changesIn([...before, ...later()], began)
}

const blueIsLive = () => [
  deployment({ name: 'shop-blue', replicas: 2 }),
  deployment({ name: 'shop-green', replicas: 0 }),
  service('blue'),
]

describe('the journal of a cluster', () => {
  test('tells what a deployment does, and nothing of what was there before', () => {
    const changes = changesAfter(blueIsLive(), () => [
      deployment({ name: 'shop-green', replicas: 2, ready: 0, generation: 2 }),
      deployment({ name: 'shop-green', replicas: 2, generation: 2 }),
      service('green'),
      deployment({ name: 'shop-blue', replicas: 0, generation: 2 }),
    ])
    expect(changes).toMatchObject([
      { command: 'deploy', color: 'green', named: 'blue' },
      { command: 'switch', color: 'green', named: 'blue', wasReady: true },
      { command: 'stop', color: 'blue', named: 'green' },
    ])
  })

  test('takes a fence for no change, and a color that bears a new one for as ready as it was', () => {
    const changes = changesAfter(blueIsLive(), () => [
      deployment({ name: 'shop-green', replicas: 2, generation: 2 }),
      deployment({ name: 'shop-blue', replicas: 2, fence: 2, generation: 2, observed: 1 }),
      deployment({ name: 'shop-green', replicas: 2, fence: 2, generation: 3, observed: 2 }),
      service('green', 2),
    ])
    expect(changes.map(({ command }) => command)).toEqual(['deploy', 'switch'])
    expect(changes.at(-1)?.wasReady).toBe(true)
  })

  test.each([
    ['that has too few pods', { ready: 1 }],
    ['whose new release nobody has heard of', { observed: 1 }],
    ['that was stopped', { replicas: 0 }],
  ])('sees users sent to a color %s', (_, given) => {
    const changes = changesAfter(blueIsLive(), () => [
      deployment({ name: 'shop-green', replicas: 2, generation: 2, ...given }),
      service('green'),
    ])
    expect(changes.at(-1)).toMatchObject({ command: 'switch', wasReady: false })
  })

  test('sees a color that was changed while the Service selected it', () => {
    const changes = changesAfter(blueIsLive(), () => [
      deployment({ name: 'shop-blue', replicas: 0, generation: 2 }),
    ])
    expect(changes).toMatchObject([{ command: 'stop', color: 'blue', named: 'blue' }])
  })

  test('sees a former owner that comes back', () => {
    const changes = changesAfter(blueIsLive(), () => [
      service('green', 2),
      deployment({ name: 'shop-blue', replicas: 0, fence: 1, generation: 2 }),
    ])
    expect(ownershipFaults(notedIn(changes))).toEqual(['fence 1 after 2'])
  })
})
