/** What became of a color, from its ECS services, the tasks of theirs that ended, and their targets. */
import type { Service, Task } from '@aws-sdk/client-ecs'
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import { shell } from '../../../host/script.ts'
import type { Diagnosis } from '../../target.ts'
import { describeTarget, primaryOf, timeOf } from './judge.ts'
import type { Described } from './task-definition.ts'
import { endOf, idOf } from './tasks.ts'

export interface Remains {
  readonly service: Service
  readonly definition: Described
  readonly ended: readonly Task[]
  readonly targets: readonly TargetHealthDescription[]
  /** What the judge says of it. */
  readonly verdict: string | null
}

const [newestEvents, newestTasks, bytes] = [15, 5, 8 * 1024]

export function diagnosisOf(all: readonly Remains[]): Diagnosis {
  const verdicts = all.flatMap(({ verdict }) => verdict ?? [])
  return {
    cause: verdicts.length === 0 ? null : verdicts.join('; ').replaceAll('\n', ' ').slice(0, 1000),
    sections: all
      .flatMap(sectionsOf)
      .filter(({ text }) => text !== '')
      .map(({ title, text }) => ({ title, text: text.slice(0, bytes) })),
  }
}

const sectionsOf = ({ service, definition, ended, targets }: Remains) => [
  { title: `ECS service ${service.serviceName}`, text: describeService(service) },
  { title: `targets of ${service.serviceName}`, text: targets.map(describeTarget).join('\n') },
  {
    title: `tasks of ${service.serviceName} that ended`,
    text: newest(ended).map(describeTask).join('\n'),
  },
  { title: `events of ${service.serviceName}`, text: eventsOf(service) },
  { title: `logs of ${service.serviceName}`, text: logsOf(definition, newest(ended)) },
]

const describeService = (service: Service): string =>
  [
    `${service.desiredCount} wanted, ${service.runningCount} running, ${service.pendingCount} pending`,
    ...(service.deployments ?? []).map(
      ({ id, status, rolloutState, rolloutStateReason = '', failedTasks = 0, taskDefinition }) =>
        `${status} ${id} ${taskDefinition?.split('/').at(-1)}: ${rolloutState}, ${failedTasks} failed. ${rolloutStateReason}`,
    ),
  ].join('\n')

const newest = (tasks: readonly Task[]): readonly Task[] =>
  tasks
    .toSorted((one, other) => (other.stoppedAt?.getTime() ?? 0) - (one.stoppedAt?.getTime() ?? 0))
    .slice(0, newestTasks)

const describeTask = (task: Task): string =>
  `${idOf(task)} of ${task.taskDefinitionArn?.split('/').at(-1)} ${task.lastStatus}: ${endOf(task)}`

function eventsOf(service: Service): string {
  const since = primaryOf(service)?.createdAt?.getTime() ?? 0
  return (service.events ?? [])
    .filter((event) => timeOf(event) >= since)
    .slice(0, newestEvents)
    .map((event) => `${new Date(timeOf(event)).toISOString()} ${event.message}`)
    .join('\n')
}

/** Reading them would need permissions of its own: the command that shows them needs those of whoever types it. */
function logsOf({ taskDefinition }: Described, ended: readonly Task[]): string {
  const lines = (taskDefinition?.containerDefinitions ?? []).flatMap(({ name = '', logConfiguration }) => {
    const { 'awslogs-group': group, 'awslogs-stream-prefix': prefix } = logConfiguration?.options ?? {}
    if (logConfiguration?.logDriver !== 'awslogs' || group === undefined) return []
    const streams = prefix === undefined ? [] : ended.map((task) => `${prefix}/${name}/${idOf(task)}`)
    const named = streams.length === 0 ? [] : ['--log-stream-names', ...streams.slice(0, 1)]
    return [shell('aws', 'logs', 'tail', group, '--since', '30m', ...named)]
  })
  return lines.join('\n')
}
