import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ApiAnswer, WatchEvent } from '../../../../src/targets/kubernetes/api/cluster.ts'
import { deploymentSchema } from '../../../../src/targets/kubernetes/objects.ts'
import { follow } from '../../../../src/targets/kubernetes/runtime/following.ts'
import { type FakeClock, fakeClock } from '../../../fake-clock.ts'
import { answered, clusterWith, fakeWatches, placeOf, refused } from '../fake-cluster.ts'

const objectOf = (name: string, version: number, { generation = 1, uid = name } = {}) => ({
  metadata: { name, uid, generation, resourceVersion: String(version) },
  spec: { selector: {}, template: { spec: { containers: [] } } },
})
type Given = ReturnType<typeof objectOf>

const event = (type: WatchEvent['type'], object: unknown): WatchEvent => ({ type, object })
const listed = (version: number, ...items: readonly Given[]) =>
  answered({ metadata: { resourceVersion: String(version) }, items })
const gone = event('ERROR', { kind: 'Status', code: 410, message: 'too old resource version' })

let clock: FakeClock
let ending: AbortController
beforeEach(() => {
  clock = fakeClock()
  ending = new AbortController()
})
afterEach(() => ending.abort())

const settled = async () => {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn()
}

/** Answers to its lists come in this order; the last one stays. */
function followed(
  lists: readonly (ApiAnswer | Promise<ApiAnswer>)[],
  known?: { item: Given; version: string },
) {
  const { watches, watch } = fakeWatches()
  const asked: string[] = []
  const cluster = clusterWith({
    ask: async ({ path }) => {
      const answer = lists[Math.min(asked.length, lists.length - 1)]
      asked.push(path)
      if (answer === undefined) throw new Error('Nothing is listed here.')
      return answer
    },
    watch,
  })
  const following = follow(
    placeOf(cluster, { clock, signal: ending.signal }),
    {
      resource: 'deployments',
      query: { fieldSelector: 'metadata.name=shop' },
      shape: deploymentSchema,
      known: known && { item: deploymentSchema.parse(known.item), version: known.version },
    },
    ending.signal,
  )
  return {
    following,
    asked,
    watches,
    seen: () => following.items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`),
    from: () =>
      watches.map(({ request }) => new URL(request.path, 'http://api').searchParams.get('resourceVersion')),
    learn: (given: Given) => following.learn(deploymentSchema.parse(given)),
  }
}

describe('objects that are followed', () => {
  it('are listed, and then kept as they change', async () => {
    const { following, seen, watches, asked, from } = followed([listed(10, objectOf('a', 8))])
    await following.begun
    await settled()
    expect(asked).toEqual(['/apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dshop'])
    expect(seen()).toEqual(['a 8'])
    watches[0]?.send(event('ADDED', objectOf('b', 11)), event('MODIFIED', objectOf('a', 12)))
    await settled()
    expect(seen()).toEqual(['a 12', 'b 11'])
    watches[0]?.send(event('DELETED', objectOf('a', 13)))
    await settled()
    expect(seen()).toEqual(['b 11'])
    expect(from()).toEqual(['10'])
  })

  it('go on from the last event or bookmark when the server ends the watch', async () => {
    const { watches, from, asked, following } = followed([listed(10)])
    await settled()
    watches[0]?.send(event('ADDED', objectOf('a', 11)))
    watches[0]?.end()
    await settled()
    watches[1]?.send(event('BOOKMARK', { kind: 'Deployment', metadata: { resourceVersion: '40' } }))
    watches[1]?.end()
    await settled()
    expect(from()).toEqual(['10', '11', '40'])
    expect(asked).toHaveLength(1)
    expect(following.items).toHaveLength(1)
  })

  it('are listed anew at once when the server has forgotten where we were', async () => {
    const { watches, from, seen, following } = followed([
      listed(10, objectOf('a', 8), objectOf('b', 9)),
      listed(90, objectOf('b', 80)),
    ])
    await settled()
    watches[0]?.send(gone)
    await settled()
    expect(seen()).toEqual(['b 80'])
    expect(from()).toEqual(['10', '90'])
    expect(following.silence).toBeNull()
  })

  it('are kept while nothing is heard, which is said', async () => {
    const { watches, seen, following, asked } = followed([
      listed(10, objectOf('a', 8)),
      refused(500, 'etcd is away'),
      listed(30, objectOf('a', 20)),
    ])
    await settled()
    watches[0]?.break(new Error('The connection was cut'))
    await settled()
    expect(following.silence).toBe('The connection was cut')
    expect(seen()).toEqual(['a 8'])
    await clock.advance(1_000)
    expect(following.silence).toMatch(/^The deployments cannot be listed: .*etcd is away/)
    await clock.advance(1_000)
    expect(following.silence).toBeNull()
    expect(seen()).toEqual(['a 20'])
    expect(asked).toHaveLength(3)
  })

  it('that are refused from the start have begun all the same', async () => {
    const { following, seen } = followed([refused(403, 'deployments is forbidden')])
    await following.begun
    expect(following.silence).toContain('deployments is forbidden')
    expect(seen()).toEqual([])
  })

  it('a watch that is refused for another reason is tried again later', async () => {
    const { following, watches, asked } = followed([listed(10)])
    await settled()
    watches[0]?.send(event('ERROR', { kind: 'Status', code: 403, message: 'no watch for you' }))
    await settled()
    expect(following.silence).toBe('The watch was refused: 403 no watch for you')
    expect(asked).toHaveLength(1)
    await clock.advance(1_000)
    expect(asked).toHaveLength(2)
  })

  it('end with the signal', async () => {
    const { watches, asked } = followed([listed(10)])
    await settled()
    ending.abort()
    await settled()
    await clock.advance(60_000)
    expect(watches).toHaveLength(1)
    expect(asked).toHaveLength(1)
    expect(clock.sleepers).toBe(0)
  })

  it.each(['end', 'gone'] as const)(
    'a server that ends each watch at once (%s) is not asked without end',
    async (how) => {
      const { watches, following } = followed([listed(10)])
      await settled()
      const endThem = async () => {
        for (const watch of watches) {
          if (how === 'gone') watch.send(gone)
          watch.end()
        }
        await settled()
      }
      for (let time = 0; time < 5; time += 1) await endThem()
      expect(watches.length).toBeLessThan(4)
      await clock.advance(1_000)
      await settled()
      const [last] = watches.slice(-1)
      last?.send(event('ADDED', objectOf('a', 11)))
      await settled()
      expect(following.items).toHaveLength(1)
    },
  )
})

describe('what a change answered', () => {
  const known = { item: objectOf('shop', 20, { generation: 3 }), version: '20' }

  it('is known at once, and followed from there without a list', async () => {
    const { following, seen, from, asked } = followed([], known)
    expect(seen()).toEqual(['shop 20'])
    await following.begun
    await settled()
    expect(from()).toEqual(['20'])
    expect(asked).toEqual([])
  })

  it('is not taken back by events from before it', async () => {
    const { watches, seen, learn } = followed([], known)
    await settled()
    learn(objectOf('shop', 30, { generation: 4 }))
    watches[0]?.send(event('MODIFIED', objectOf('shop', 25, { generation: 3 })))
    await settled()
    expect(seen()).toEqual(['shop 30'])
    // Its status since then has the same generation.
    watches[0]?.send(event('MODIFIED', objectOf('shop', 31, { generation: 4 })))
    await settled()
    expect(seen()).toEqual(['shop 31'])
  })

  it('is not taken back by a list that was on its way either', async () => {
    const list = Promise.withResolvers<ApiAnswer>()
    const { seen, learn, watches } = followed([list.promise], known)
    await settled()
    watches[0]?.send(gone)
    await settled()
    learn(objectOf('shop', 30, { generation: 4 }))
    list.resolve(listed(22, objectOf('shop', 22, { generation: 3 })))
    await settled()
    expect(seen()).toEqual(['shop 30'])
  })

  it('is taken back by another object of the same name', async () => {
    const { watches, seen } = followed([], known)
    await settled()
    watches[0]?.send(
      event('DELETED', objectOf('shop', 40, { generation: 9 })),
      event('ADDED', objectOf('shop', 41, { generation: 1, uid: 'new' })),
    )
    await settled()
    expect(seen()).toEqual(['shop 41'])
  })

  it('too old to go on from is listed', async () => {
    const { watches, seen, asked } = followed([listed(50, objectOf('shop', 45, { generation: 3 }))], known)
    await settled()
    watches[0]?.send(gone)
    await settled()
    expect(asked).toHaveLength(1)
    expect(seen()).toEqual(['shop 45'])
  })
})
