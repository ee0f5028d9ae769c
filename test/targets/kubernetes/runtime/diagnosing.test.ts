import { describe, expect, it } from 'vitest'
import type { ApiAnswer } from '../../../../src/targets/kubernetes/api/cluster.ts'
import { diagnose } from '../../../../src/targets/kubernetes/runtime/diagnosing.ts'
import { answered, clusterWith, refused } from '../fake-cluster.ts'
import { deploymentOf, podOf } from './objects.ts'

/** A namespace with this in it; logs are asked for by `POD/CONTAINER`, with a `-` before those of former containers. */
function namespaceWith(given: {
  readonly pods?: readonly unknown[]
  readonly events?: readonly unknown[]
  readonly logs?: Readonly<Record<string, string>>
  readonly refuses?: readonly string[]
}) {
  const logsAsked: string[] = []
  const cluster = clusterWith({
    ask: async ({ path }): Promise<ApiAnswer> => {
      const url = new URL(path, 'http://api')
      const [resource = '', pod, part] = url.pathname.replace(/^\/api\/v1\/namespaces\/shop\//, '').split('/')
      const what = part ?? resource
      if (given.refuses?.includes(what)) return refused(403, `${what} is forbidden`)
      if (what !== 'log') {
        return answered({ metadata: {}, items: what === 'pods' ? given.pods : given.events })
      }
      const query = url.searchParams
      const name = `${query.has('previous') ? '-' : ''}${pod}/${query.get('container')}`
      logsAsked.push(name)
      const text = given.logs?.[name]
      return text === undefined ? refused(400, 'previous terminated container not found') : answered(text)
    },
  })
  return { cluster, logsAsked }
}

const green = deploymentOf({ name: 'shop', replicas: 1, status: { availableReplicas: 0 } })
const pod = (name: string, ready: boolean, restartCount = 0) =>
  podOf({
    name,
    deployment: 'shop',
    ready,
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ name: 'web', ready, restartCount, state: { running: {} } }],
    },
  })
const about = (name: string, kind = 'Pod') => ({
  metadata: { name: `${name}.1` },
  involvedObject: { kind, name },
  reason: 'Seen',
  message: name,
})
const titles = ({ sections }: Awaited<ReturnType<typeof diagnose>>) => sections.map(({ title }) => title)

describe('a color that failed', () => {
  it('is told by its own pods, those that are not ready first, and five at most', async () => {
    const pods = ['a', 'b', 'c', 'd'].map((name) => pod(name, true))
    const failed = ['x', 'y'].map((name) => pod(name, false))
    const others = podOf({ name: 'other', deployment: 'shop-worker', ready: false })
    const { cluster, logsAsked } = namespaceWith({ pods: [...pods, others, ...failed], events: [] })
    expect(titles(await diagnose(cluster, [green]))).toEqual([
      'Deployment shop',
      ...['x', 'y', 'a', 'b', 'c'].map((name) => `pod ${name}`),
    ])
    expect(logsAsked).toEqual(['x/web', 'y/web', 'a/web', 'b/web', 'c/web'])
  })

  it('is told by what its containers said, and said before they were restarted', async () => {
    const { cluster } = namespaceWith({
      pods: [pod('x', false, 2)],
      events: [],
      logs: { '-x/web': 'no database\n', 'x/web': 'starting\n' },
    })
    const { sections } = await diagnose(cluster, [green])
    expect(sections.slice(2)).toEqual([
      { title: 'log of x, container web, before it was restarted', text: 'no database' },
      { title: 'log of x, container web', text: 'starting' },
    ])
  })

  it('is told by events about itself, its ReplicaSets and their pods, and no others', async () => {
    const ours = ['shop', 'shop-7d9f8b6c5', 'shop-7d9f8b6c5-abcde']
    const others = ['shop-blue-7d9f8b6c5-abcde', 'shopping', 'shop-worker-7d9f-abcde', 'my-shop']
    const events = [
      about('shop-worker', 'Deployment'),
      ...others.map((name) => about(name)),
      ...ours.map((name) => about(name)),
    ]
    const { cluster } = namespaceWith({ pods: [], events })
    const { sections } = await diagnose(cluster, [green])
    const happened = sections.find(({ title }) => title === 'events')
    expect(happened?.text.split('\n')).toEqual(ours.map((name) => `Pod ${name}: Seen: ${name}`))
  })

  it.each([['events'], ['log'], ['pods']])('is told as far as it may be read: without %s', async (kind) => {
    const parts = { pods: [pod('x', false)], events: [about('shop')], logs: { 'x/web': 'hello' } }
    const { cluster } = namespaceWith({ ...parts, refuses: [kind] })
    const gone = { events: /events/, log: /log of/, pods: /pod x|log of/ }[kind] ?? /./
    const all = titles(await diagnose(namespaceWith(parts).cluster, [green]))
    expect(all).toEqual(['Deployment shop', 'pod x', 'events', 'log of x, container web'])
    expect(titles(await diagnose(cluster, [green]))).toEqual(all.filter((title) => !gone.test(title)))
  })
})
