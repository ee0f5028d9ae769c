import { describe, expect, test } from 'vitest'
import { type Event, eventSchema, type Pod } from '../../../../src/targets/kubernetes/objects.ts'
import { isObserved } from '../../../../src/targets/kubernetes/observed.ts'
import { judgeDeployment, type Seen } from '../../../../src/targets/kubernetes/runtime/judge.ts'
import { judgeAll } from '../../../../src/targets/readiness.ts'
import { type DeploymentGiven, deploymentOf, podOf } from './objects.ts'

interface Given extends Partial<Omit<Seen, 'waitedForNode' | 'deployment'>> {
  readonly deployment?: DeploymentGiven | null
  readonly waited?: number
}

const judge = ({ deployment = {}, pods = two, events = [], waited = 0, reached = null }: Given) =>
  judgeDeployment('shop-green', {
    deployment: deployment === null ? null : deploymentOf(deployment),
    pods,
    events,
    waitedForNode: () => waited,
    reached,
    isObserved,
  })

const two = [podOf({ name: 'a' }), podOf({ name: 'b' })]
const none: DeploymentGiven = { replicas: 1, status: { availableReplicas: 0, readyReplicas: 0 } }

type Container = Partial<Pod['status']['containerStatuses'][number]>
const container = (given: Container) => ({ name: 'web', ready: false, restartCount: 0, ...given })
const stuck = (given: Container, phase = 'Pending') =>
  podOf({ name: 'a', ready: false, status: { phase, containerStatuses: [container(given)] } })
const waiting = (reason: string, message?: string) =>
  stuck({ state: { waiting: { reason, ...(message !== undefined && { message }) } } })

describe('ready', () => {
  test('when all instances of the release are there, and no other', () => {
    expect(judge({})).toEqual({ kind: 'ready', restarts: 0 })
  })

  test('with the restarts of all containers', () => {
    const status = {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      initContainerStatuses: [{ name: 'proxy', ready: true, restartCount: 1 }],
      containerStatuses: [{ name: 'web', ready: true, restartCount: 2, state: { running: {} } }],
    }
    expect(judge({ pods: [podOf({ name: 'a', status }), podOf({ name: 'b' })] })).toEqual({
      kind: 'ready',
      restarts: 3,
    })
  })

  test('is what has run out of memory long ago and runs well since', () => {
    const status = {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          ...container({ ready: true, restartCount: 1, state: { running: {} } }),
          lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
        },
      ],
    }
    expect(judge({ deployment: { replicas: 1 }, pods: [podOf({ status })] })).toEqual({
      kind: 'ready',
      restarts: 1,
    })
  })

  test('is what an autoscaler only just asked more of', () => {
    const grown = {
      replicas: 5,
      generation: 5,
      status: { observedGeneration: 4, replicas: 4, updatedReplicas: 4, availableReplicas: 2 },
    }
    const pods = [...two, podOf({ name: 'c', ready: false, status: { phase: 'Pending' } })]
    expect(judge({ deployment: grown, pods, reached: 2 })).toMatchObject({ kind: 'ready' })
    expect(judge({ deployment: grown, pods })).toMatchObject({ kind: 'waiting' })
  })
})

describe('waiting', () => {
  test.each<[string, Given, string]>([
    [
      'for the cluster to look',
      { deployment: { generation: 5, status: { observedGeneration: 4 } } },
      'the cluster has not looked at the change of shop-green yet',
    ],
    [
      'for instances',
      {
        deployment: { status: { availableReplicas: 1 } },
        pods: [podOf({ name: 'a' }), podOf({ name: 'b', ready: false })],
      },
      'shop-green: 1 of 2 instances ready; pod b runs and is not ready yet',
    ],
    [
      'for those of a former release to go, which the Service would send users to as well',
      { deployment: { status: { replicas: 3 } } },
      'shop-green: 2 of 2 instances ready; 1 of a former release still there',
    ],
    ['at none', { deployment: { replicas: 0 }, pods: [] }, 'shop-green: it is scaled to 0'],
    ['for the pods that the watch has not told of yet', { pods: [] }, 'shop-green: 2 of 2 instances ready'],
    [
      'for an instance that was lost',
      { deployment: { status: { availableReplicas: 1 } }, pods: [podOf({ name: 'a' })], reached: 2 },
      'shop-green: 1 of 2 instances ready',
    ],
    [
      'for a container that is being made',
      { deployment: none, pods: [waiting('ContainerCreating')] },
      'shop-green: 0 of 1 instances ready; pod a is Pending',
    ],
    [
      'for a registry that did not answer once',
      { deployment: none, pods: [waiting('ErrImagePull', 'dial tcp: i/o timeout')] },
      'shop-green: 0 of 1 instances ready; pod a waits: ErrImagePull: dial tcp: i/o timeout',
    ],
    [
      'for a container that ended once',
      {
        deployment: none,
        pods: [stuck({ state: { terminated: { exitCode: 3, reason: 'Error' } } }, 'Running')],
      },
      'shop-green: 0 of 1 instances ready; pod a had its container web end with exit code 3',
    ],
  ])('%s', (_, given, reason) => {
    expect(judge(given)).toMatchObject({ kind: 'waiting', reason })
  })

  test.each<[boolean, string, Given]>([
    [true, 'for one instance more', { deployment: { replicas: 3, status: { availableReplicas: 2 } } }],
    [true, 'for the cluster to look', { deployment: { generation: 5, status: { observedGeneration: 4 } } }],
    [false, 'with none of them ready', { pods: [podOf({ name: 'a', ready: false })] }],
  ])('says %j, that users are served, %s', (isPartlyUp, _, given) => {
    expect(judge(given)).toMatchObject({ kind: 'waiting', isPartlyUp })
  })
})

const message = 'Back-off pulling image "shop:v9"'

describe('fatal', () => {
  test.each<[string, Given, string]>([
    ['a Deployment that is gone', { deployment: null }, 'there is no Deployment shop-green'],
    ...(
      [
        ['ImagePullBackOff', message],
        ['ErrImagePull', 'failed to resolve reference "shop:v9": not found'],
        ['ErrImagePull', 'pull access denied, repository does not exist'],
        ['ErrImageNeverPull', 'Container image "shop:v9" is not present with pull policy of Never'],
        ['InvalidImageName', 'Failed to apply default image tag "Shop": couldn\'t parse'],
        ['CreateContainerConfigError', 'configmap "shop" not found'],
        ['CreateContainerError', 'failed to reserve container name'],
        ['RunContainerError', 'exec: "nope": executable file not found in $PATH'],
      ] as const
    ).map(([reason, said]): [string, Given, string] => [
      reason,
      { deployment: none, pods: [waiting(reason, said)] },
      `shop-green: pod a: ${reason} of container web: ${said}`,
    ]),
    [
      'CrashLoopBackOff',
      {
        deployment: none,
        pods: [
          stuck(
            {
              restartCount: 1,
              state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting' } },
              lastState: { terminated: { exitCode: 3, reason: 'Error' } },
            },
            'Running',
          ),
        ],
      },
      'shop-green: pod a: CrashLoopBackOff: container web keeps ending, last with exit code 3',
    ],
    [
      'OOMKilled, while it is tried once more',
      {
        deployment: none,
        pods: [
          stuck(
            {
              restartCount: 1,
              state: { running: {} },
              lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
            },
            'Running',
          ),
        ],
      },
      'shop-green: pod a: OOMKilled: container web needs more memory than its limit',
    ],
    [
      'a program that is not there',
      {
        deployment: none,
        pods: [
          stuck({ state: { terminated: { exitCode: 128, reason: 'StartError', message: 'no such file' } } }),
        ],
      },
      'shop-green: pod a: container web could not be started: no such file',
    ],
    [
      'a quota',
      {
        deployment: {
          ...none,
          status: {
            replicas: 0,
            updatedReplicas: 0,
            availableReplicas: 0,
            conditions: [
              {
                type: 'ReplicaFailure',
                status: 'True',
                reason: 'FailedCreate',
                message: 'exceeded quota: pods',
              },
            ],
          },
        },
        pods: [],
      },
      'shop-green: FailedCreate: exceeded quota: pods',
    ],
    [
      'a deadline',
      {
        deployment: {
          ...none,
          status: {
            availableReplicas: 0,
            conditions: [
              {
                type: 'Progressing',
                status: 'False',
                reason: 'ProgressDeadlineExceeded',
                message: 'timed out',
              },
            ],
          },
        },
        pods: [podOf({ name: 'a', ready: false })],
      },
      'shop-green: ProgressDeadlineExceeded: timed out',
    ],
    [
      'a rollout that was paused',
      { deployment: { paused: true, status: { updatedReplicas: 0 } } },
      'shop-green: it is paused: kubectl rollout resume deployment/shop-green',
    ],
  ])('%s', (_, given, reason) => {
    expect(judge(given)).toMatchObject({ kind: 'fatal', reason })
  })

  test('in an init container', () => {
    const pod = podOf({
      name: 'a',
      ready: false,
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          container({
            name: 'migrate',
            restartCount: 2,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 1 } },
          }),
        ],
        containerStatuses: [container({ state: { waiting: { reason: 'PodInitializing' } } })],
      },
    })
    expect(judge({ deployment: none, pods: [pod] })).toMatchObject({
      kind: 'fatal',
      reason: 'shop-green: pod a: CrashLoopBackOff: container migrate keeps ending, last with exit code 1',
    })
  })

  test('is said once for pods that fail alike', () => {
    const pods = ['a', 'b', 'c'].map((name) => ({
      ...waiting('ImagePullBackOff', message),
      metadata: podOf({ name }).metadata,
    }))
    expect(judge({ deployment: { ...none, replicas: 3 }, pods })).toMatchObject({
      kind: 'fatal',
      reason: `shop-green: pod a (and 2 more): ImagePullBackOff of container web: ${message}`,
    })
  })

  test('is not what pods of a former release suffer, or those of somebody else, or those on their way out', () => {
    const broken = (given: Parameters<typeof podOf>[0]) =>
      podOf({ ...given, ready: false, status: waiting('ImagePullBackOff').status })
    const deployment = { release: 'new', status: { replicas: 3, availableReplicas: 1 } }
    const pods = [
      podOf({ name: 'new', hash: '2222', release: 'new', created: '2026-11-21T11:00:00Z' }),
      broken({ name: 'old', hash: '1111', release: 'old', created: '2026-11-21T12:00:00Z' }),
      broken({ name: 'by-hand', hash: '3333', release: 'new', created: '2026-11-21T10:30:00Z' }),
      broken({ name: 'theirs', hash: '2222', release: 'new', deployment: 'shop-green-api' }),
      broken({ name: 'leaving', hash: '2222', release: 'new', deleted: true }),
    ]
    expect(judge({ deployment, pods })).toMatchObject({
      kind: 'waiting',
      reason: 'shop-green: 1 of 2 instances ready; 1 of a former release still there',
    })
  })

  test('is no condition that the cluster wrote about an earlier change', () => {
    const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }]
    expect(
      judge({ deployment: { generation: 5, status: { observedGeneration: 4, conditions } }, pods: [] }),
    ).toMatchObject({ kind: 'waiting' })
  })
})

describe('no node', () => {
  const pod = podOf({
    name: 'a',
    ready: false,
    status: {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/1 nodes are available: 1 Insufficient cpu.',
        },
      ],
      containerStatuses: [],
    },
  })
  const event = (reason: string, name = 'a'): Event =>
    eventSchema.parse({ metadata: { name: 'e' }, reason, involvedObject: { kind: 'Pod', name } })

  test.each<[string, number, readonly Event[], string]>([
    ['is waited for', 29_000, [], 'waiting'],
    ['is fatal after half a minute', 30_000, [], 'fatal'],
    ['is waited for when an autoscaler brings one', 60_000, [event('TriggeredScaleUp')], 'waiting'],
    ['is waited for when Karpenter brings one', 60_000, [event('Nominated')], 'waiting'],
    ['is fatal when it brings one for another pod', 60_000, [event('Nominated', 'b')], 'fatal'],
    ['is fatal when no autoscaler can help', 60_000, [event('NotTriggerScaleUp')], 'fatal'],
  ])('%s', (_, waited, events, kind) => {
    const readiness = judge({ deployment: none, pods: [pod], waited, events })
    expect(readiness).toMatchObject({
      kind,
      reason: expect.stringContaining('no node takes it: 0/1 nodes are available: 1 Insufficient cpu.'),
    })
  })
})

test.each([
  [['ready', 'ready'], 'ready'],
  [['ready', 'waiting'], 'waiting'],
  [['waiting', 'silent'], 'silent'],
  [['ready', 'silent', 'fatal'], 'fatal'],
] as const)('services that are %s are %s together', (kinds, kind) => {
  const all = kinds.map((each) =>
    each === 'ready'
      ? ({ kind: each, restarts: 2 } as const)
      : ({ kind: each, reason: `it is ${each}` } as const),
  )
  expect(judgeAll(all)).toMatchObject(
    kind === 'ready' ? { kind, restarts: 4 } : { kind, reason: `it is ${kind}` },
  )
})

test('services serve in part when each of them that waits does', () => {
  const waiting = (isPartlyUp: boolean) => ({ kind: 'waiting', reason: 'it grows', isPartlyUp }) as const
  const ready = { kind: 'ready', restarts: 0 } as const
  expect(judgeAll([waiting(true), ready])).toMatchObject({ isPartlyUp: true })
  expect(judgeAll([waiting(true), waiting(false)])).toMatchObject({ isPartlyUp: false })
})
