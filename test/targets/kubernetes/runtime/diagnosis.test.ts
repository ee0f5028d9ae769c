import { describe, expect, it } from 'vitest'
import { type Event, eventSchema, podSchema } from '../../../../src/targets/kubernetes/objects.ts'
import {
  type ContainerLog,
  describePod,
  diagnosisOf,
  lastOf,
  type Remains,
} from '../../../../src/targets/kubernetes/runtime/diagnosis.ts'
import { deploymentOf, podOf } from './objects.ts'

const remains = (given: Partial<Remains>): Remains => ({
  deployments: [],
  pods: [],
  events: [],
  logs: [],
  verdict: null,
  ...given,
})

const logOf = (text: string, given: Partial<ContainerLog> = {}): ContainerLog => ({
  pod: 'shop-green-7d9f-abcde',
  container: 'web',
  previous: false,
  text,
  ...given,
})

const eventOf = (given: Readonly<Record<string, unknown>>): Event =>
  eventSchema.parse({ metadata: { name: 'e' }, involvedObject: { kind: 'Pod', name: 'shop' }, ...given })

const describeWith = (
  status: Readonly<Record<string, unknown>>,
  metadata: object = {},
  nodeName?: string,
) => {
  const pod = podOf()
  const spec = { ...pod.spec, nodeName }
  return describePod(podSchema.parse({ metadata: { ...pod.metadata, ...metadata }, spec, status })).split(
    '\n',
  )
}

describe('the cause is', () => {
  const crash = 'Pod a: CrashLoopBackOff'
  const previous = (text: string) => logOf(text, { previous: true })

  it.each([
    ['unknown, where the judge has not decided', null, [logOf('listening')], null],
    ['what the judge says', 'Pod a: ImagePullBackOff', [logOf('listening')], 'Pod a: ImagePullBackOff'],
    [
      'with the last words of what crashed',
      crash,
      [logOf('starting\n'), previous('starting\nno database\n\n')],
      `${crash}. Its last words: no database`,
    ],
    [
      'with the last words of the first that said any',
      'Pod a: exit code 3',
      [previous(' \n'), previous('out of luck')],
      'Pod a: exit code 3. Its last words: out of luck',
    ],
    [
      'with those of what runs, where nothing else is left',
      crash,
      [logOf('hm\n')],
      `${crash}. Its last words: hm`,
    ],
    ['without words, where there were none', crash, [logOf('\n')], crash],
    ['without words, where there is no log', crash, [], crash],
    ['in one line', 'Pod a:\nexit code 1', [], 'Pod a: exit code 1'],
  ])('%s', (_, verdict, logs, cause) => {
    expect(diagnosisOf(remains({ verdict, logs })).cause).toBe(cause)
  })

  it('never longer than a line that people read', () => {
    const { cause } = diagnosisOf(remains({ verdict: crash, logs: [logOf('x'.repeat(5_000))] }))
    expect(cause).toHaveLength(1_000)
  })
})

describe('what is told of', () => {
  it('a Deployment: how far it is, and its conditions', () => {
    const deployment = deploymentOf({
      replicas: 3,
      status: {
        replicas: 4,
        updatedReplicas: 1,
        availableReplicas: 2,
        conditions: [
          { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' },
          { type: 'Available', status: 'True' },
        ],
      },
    })
    expect(diagnosisOf(remains({ deployments: [deployment] })).sections).toEqual([
      {
        title: 'Deployment shop-green',
        text: '3 wanted, 1 made of 4, 2 available\nProgressing: False ProgressDeadlineExceeded timed out\nAvailable: True',
      },
    ])
  })

  it.each([
    [
      'that waits for its image',
      {
        phase: 'Pending',
        conditions: [
          { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'unready: [web]' },
          { type: 'PodScheduled', status: 'True' },
        ],
        containerStatuses: [
          {
            name: 'web',
            ready: false,
            restartCount: 0,
            image: 'shop:v9',
            state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling\n' } },
          },
        ],
      },
      {},
      'node-1',
      [
        'Pending on node-1',
        'container web (shop:v9): waiting (ImagePullBackOff): Back-off pulling',
        'not Ready: ContainersNotReady unready: [web]',
      ],
    ],
    [
      'that keeps ending',
      {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'web',
            ready: false,
            restartCount: 4,
            state: { waiting: {} },
            lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
          },
        ],
      },
      {},
      undefined,
      [
        'Running',
        'container web (no image): waiting, restarted 4 times, before that ended with exit code 137 (OOMKilled)',
      ],
    ],
    [
      'that its node put out, on its way out',
      { phase: 'Failed', reason: 'Evicted', message: 'disk is full' },
      { deletionTimestamp: '2026-11-21T10:01:00Z' },
      'node-1',
      ['Failed on node-1, being deleted', 'Evicted: disk is full'],
    ],
    [
      'whose first container has ended as it should',
      {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        initContainerStatuses: [
          {
            name: 'migrate',
            ready: true,
            restartCount: 0,
            image: 'm:1',
            state: { terminated: { exitCode: 0, message: 'done\n' } },
          },
        ],
        containerStatuses: [
          { name: 'web', ready: true, restartCount: 0, image: 'shop:v2', state: { running: {} } },
        ],
      },
      {},
      'node-1',
      [
        'Running on node-1, ready',
        'container migrate (m:1): ended with exit code 0: done',
        'container web (shop:v2): running',
      ],
    ],
    ['of which nothing is known', {}, {}, undefined, ['unknown']],
  ])('a pod %s', (_, status, metadata, node, text) => {
    expect(describeWith(status, metadata, node)).toEqual(text)
  })

  it('what happened: the newest twenty, newest last, however they are dated', () => {
    const many = Array.from({ length: 25 }, (_, index) =>
      eventOf({
        reason: `R${index}`,
        message: 'm',
        lastTimestamp: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
      }),
    )
    const micro = eventOf({
      reason: 'Scheduled',
      message: 'assigned\n',
      lastTimestamp: null,
      eventTime: '2026-01-01T00:10:30.000001Z',
      count: 3,
    })
    const undated = eventOf({ reason: 'Lost', message: 'm' })
    const { sections } = diagnosisOf(remains({ events: [undated, ...many.toReversed(), micro] }))
    const [section, ...others] = sections
    expect(others).toEqual([])
    const lines = section?.text.split('\n') ?? []
    expect(lines).toHaveLength(20)
    expect(lines.slice(0, 6)).toEqual([
      'Pod shop: R6: m',
      'Pod shop: R7: m',
      'Pod shop: R8: m',
      'Pod shop: R9: m',
      'Pod shop: R10: m',
      'Pod shop: Scheduled (3 times): assigned',
    ])
    expect(lines.at(-1)).toBe('Pod shop: R24: m')
  })

  it('nothing that has not happened', () => {
    expect(diagnosisOf(remains({})).sections).toEqual([])
  })

  it('containers: their last words, and which of them said so', () => {
    const { sections } = diagnosisOf(remains({ logs: [logOf('a\n', { previous: true }), logOf('b\n')] }))
    expect(sections).toEqual([
      { title: 'log of shop-green-7d9f-abcde, container web, before it was restarted', text: 'a' },
      { title: 'log of shop-green-7d9f-abcde, container web', text: 'b' },
    ])
  })
})

describe('the last words of a log are', () => {
  it('its last fifty lines', () => {
    const log = Array.from({ length: 80 }, (_, index) => `line ${index}`).join('\n')
    expect(lastOf(`${log}\n\n`).split('\n')).toEqual(log.split('\n').slice(-50))
  })

  it('whole lines, as far as they have room', () => {
    const lines = Array.from({ length: 10 }, (_, index) => `${index}${'é'.repeat(999)}`)
    expect(lastOf(lines.join('\n')).split('\n')).toEqual(lines.slice(-4))
  })

  it('the end of a line that has no room, without half a character', () => {
    const kept = lastOf(`x${'é'.repeat(5_000)}y`)
    expect(kept).toMatch(/^é+y$/)
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(8 * 1024)
    expect(Buffer.byteLength(kept)).toBeGreaterThan(8 * 1024 - 3)
  })
})
