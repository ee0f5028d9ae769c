import type { Deployment, Service, Task } from '@aws-sdk/client-ecs'
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import { describe, expect, it } from 'vitest'
import type { Targets } from '../../../../src/targets/ecs/runtime/health.ts'
import { judgeService, type Seen } from '../../../../src/targets/ecs/runtime/judge.ts'

const ours: Deployment = {
  id: 'ecs-svc/2',
  status: 'PRIMARY',
  taskDefinition: 'shop:2',
  rolloutState: 'COMPLETED',
  desiredCount: 2,
  runningCount: 2,
  createdAt: new Date(1_000),
}
const former: Deployment = { id: 'ecs-svc/1', status: 'ACTIVE', taskDefinition: 'shop:1', runningCount: 1 }
const rolling: Deployment = { ...ours, rolloutState: 'IN_PROGRESS' }

const service = (changes: Partial<Service> = {}): Service => ({
  serviceName: 'shop-green',
  desiredCount: 2,
  runningCount: 2,
  deployments: [ours],
  loadBalancers: [{ targetGroupArn: 'arn', containerName: 'app', containerPort: 80 }],
  ...changes,
})

const target = (
  id: string,
  State: string,
  Reason?: string,
  Description?: string,
): TargetHealthDescription => ({
  Target: { Id: id, Port: 80 },
  TargetHealth: { State, Reason, Description } as TargetHealthDescription['TargetHealth'],
})
const healthy = [target('10.0.0.1', 'healthy'), target('10.0.0.2', 'healthy')]

const task = (stoppedReason: string, exitCode?: number): Task => ({
  startedBy: 'ecs-svc/2',
  stoppedReason,
  stoppedAt: new Date(2_000),
  containers: [{ name: 'app', ...(exitCode === undefined ? {} : { exitCode }) }],
})
const pull = task('CannotPullContainerError: failed to resolve ref shop:2: not found')
const crash = task('Essential container in task exited', 137)

interface Scene extends Partial<Seen> {
  readonly service?: Service
  /** Of the only target group. */
  readonly targets?: Targets
}

const judge = ({ service: judged = service(), targets = healthy, ...changes }: Scene) =>
  judgeService(judged, {
    began: { deployment: 'ecs-svc/2', at: 900 },
    groups: judged.loadBalancers?.length === 0 ? [] : [targets],
    now: 5_000,
    failures: [],
    reached: null,
    ...changes,
  })

describe('an ECS service is ready', () => {
  it.each<readonly [string, Scene]>([
    ['when the deployment is complete, all tasks run and all targets are healthy', {}],
    ['whoever has begun its deployment', { began: null }],
    [
      'while targets of the release before still drain',
      { targets: [...healthy, target('10.0.0.9', 'draining', 'Target.DeregistrationInProgress')] },
    ],
    ['without a target group, by its tasks alone', { service: service({ loadBalancers: [] }) }],
    [
      'when an autoscaler asks for more than there were, which are only starting',
      {
        service: service({ desiredCount: 3 }),
        targets: [
          ...healthy,
          target('10.0.0.3', 'initial', 'Elb.RegistrationInProgress'),
          target('10.0.0.4', 'unhealthy', 'Target.FailedHealthChecks'),
        ],
        reached: 2,
      },
    ],
    ['after it was, whatever failed on the way', { reached: 2, failures: [crash, crash, crash] }],
  ])('%s', (_, changes) => {
    expect(judge(changes)).toMatchObject({ kind: 'ready' })
  })
})

it('names the targets that serve', () => {
  expect(judge({})).toEqual({ kind: 'ready', serving: [['10.0.0.1:80', '10.0.0.2:80']] })
})

describe('an ECS service is waited for', () => {
  it.each<readonly [string, Scene, string]>([
    [
      'while its tasks start',
      {
        service: service({ runningCount: 1, deployments: [{ ...rolling, runningCount: 1 }] }),
        targets: [
          target('10.0.0.1', 'initial', 'Elb.RegistrationInProgress', 'Target registration is in progress'),
        ],
      },
      'shop-green: 1 of 2 tasks running; 0 of 2 targets healthy; target 10.0.0.1:80 is initial (Elb.RegistrationInProgress: Target registration is in progress)',
    ],
    [
      'while ECS has not called the deployment complete',
      { service: service({ deployments: [rolling] }) },
      'shop-green: ECS has not called the deployment complete yet',
    ],
    [
      'while tasks of the release before serve beside',
      { service: service({ deployments: [rolling, former] }) },
      'shop-green: 1 of a former release still there',
    ],
    [
      'with a target that is not healthy beside one that is: a load balancer with none at all would ask any',
      {
        targets: [
          target('10.0.0.1', 'healthy'),
          target(
            '10.0.0.2',
            'unhealthy',
            'Target.ResponseCodeMismatch',
            'Health checks failed with these codes: [500]',
          ),
        ],
      },
      'shop-green: 1 of 2 targets healthy; target 10.0.0.2:80 is unhealthy (Target.ResponseCodeMismatch: Health checks failed with these codes: [500])',
    ],
    ['with no target at all', { targets: [] }, 'shop-green: 0 of 2 targets healthy'],
    [
      'when it was scaled to nothing',
      { service: service({ desiredCount: 0, runningCount: 0 }) },
      'shop-green: it is scaled to 0',
    ],
    [
      'after a task that ended, which ECS starts anew, with what ECS says',
      {
        service: service({
          runningCount: 1,
          deployments: [{ ...rolling, runningCount: 1, failedTasks: 1 }],
          events: [
            { createdAt: new Date(1_500), message: '(service shop-green) has started 1 tasks: (task a).' },
            { createdAt: new Date(1_400), message: '(service shop-green) was unable to place a task.' },
            { createdAt: new Date(900), message: '(service shop-green) of another deployment.' },
          ],
        }),
        targets: [target('10.0.0.1', 'healthy')],
        failures: [crash],
      },
      'shop-green: 1 of 2 tasks running; 1 of 2 targets healthy; a task has ended, the last with: Essential container in task exited; app: exit code 137; was unable to place a task.',
    ],
    [
      'with a target group whose targets are not healthy, beside one whose are',
      { groups: [healthy, [target('10.0.0.1', 'unhealthy'), target('10.0.0.2', 'healthy')]], reached: 2 },
      'shop-green: 1 of 2 targets healthy; target 10.0.0.1:80 is unhealthy',
    ],
    [
      'while ECS answers as if nothing had been changed',
      { service: service({ deployments: [{ ...former, status: 'PRIMARY', createdAt: new Date(500) }] }) },
      'shop-green: ECS does not show our deployment yet',
    ],
    [
      'when it has lost a task since it was ready',
      {
        service: service({ runningCount: 1, deployments: [{ ...ours, runningCount: 1 }] }),
        targets: [target('10.0.0.1', 'healthy')],
        reached: 2,
      },
      'shop-green: 1 of 2 tasks running; 1 of 2 targets healthy',
    ],
  ])('%s', (_, changes, reason) => {
    expect(judge(changes)).toMatchObject({ kind: 'waiting', reason })
  })
})

it.each<readonly [boolean, string, Scene]>([
  [true, 'while it grows', { service: service({ desiredCount: 5 }), began: null }],
  [true, 'without a target group', { service: service({ desiredCount: 5, loadBalancers: [] }), began: null }],
  [false, 'while nobody is behind one of its target groups', { groups: [healthy, []] }],
  [
    false,
    'while no task runs',
    {
      service: service({ loadBalancers: [], runningCount: 0, deployments: [{ ...ours, runningCount: 0 }] }),
    },
  ],
])('of an ECS service that is waited for it says %j, that users are served, %s', (isPartlyUp, _, changes) => {
  expect(judge(changes)).toMatchObject({ kind: 'waiting', isPartlyUp })
})

describe('an ECS service is given up', () => {
  it.each<readonly [string, Scene, string]>([
    [
      'when ECS has failed its deployment',
      {
        service: service({
          deployments: [{ ...ours, rolloutState: 'FAILED', rolloutStateReason: 'tasks failed to start.' }],
        }),
      },
      'shop-green: the deployment failed in ECS: tasks failed to start.',
    ],
    [
      'when ECS has rolled it back, though all is well again',
      {
        service: service({
          deployments: [{ ...ours, id: 'ecs-svc/1', taskDefinition: 'shop:1' }],
          events: [
            {
              message: '(service shop-green) (deployment ecs-svc/2) rolling back to (deployment ecs-svc/1).',
            },
            {
              message:
                '(service shop-green) (deployment ecs-svc/2) deployment failed: tasks failed to start.',
            },
          ],
        }),
        failures: [crash],
      },
      'shop-green: another deployment has taken the place of ours: (deployment ecs-svc/2) deployment failed: tasks failed to start., the last with: Essential container in task exited; app: exit code 137',
    ],
    [
      'when ECS goes on showing the deployment before ours',
      {
        service: service({ deployments: [{ ...former, status: 'PRIMARY', createdAt: new Date(500) }] }),
        now: 60_000,
      },
      'shop-green: another deployment has taken the place of ours: ecs-svc/1 with shop:1',
    ],
    [
      'when somebody else deploys',
      { service: service({ deployments: [{ ...ours, id: 'ecs-svc/3', taskDefinition: 'shop:3' }] }) },
      'shop-green: another deployment has taken the place of ours: ecs-svc/3 with shop:3',
    ],
    [
      'at once when an image is not there',
      { service: service({ deployments: [rolling] }), failures: [pull] },
      'shop-green: a task cannot start: CannotPullContainerError: failed to resolve ref shop:2: not found',
    ],
    [
      'when each of its tasks was tried once more',
      { service: service({ deployments: [rolling] }), failures: [crash, crash, crash] },
      'shop-green: tasks keep ending, 3 by now, the last with: Essential container in task exited; app: exit code 137',
    ],
  ])('%s', (_, changes, reason) => {
    expect(judge(changes)).toMatchObject({ kind: 'fatal', reason })
  })
})
