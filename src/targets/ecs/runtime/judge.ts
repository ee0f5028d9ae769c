/** Whether an ECS service serves, by its deployments and the health of its targets; and what keeps it from it, for people. */
import type { Deployment, Service, ServiceEvent, Task } from '@aws-sdk/client-ecs'
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Readiness } from '../../target.ts'
import { endOf, isHopeless } from './tasks.ts'

export interface Seen {
  /** undefined: there is no such service. */
  readonly service: Service | undefined
  /** Id of the deployment that we began; null: whichever is there. */
  readonly deployment: string | null
  /** Of all target groups of the service. */
  readonly targets: readonly TargetHealthDescription[]
  /** Tasks of that deployment that ended, and that nobody wanted to end. */
  readonly failures: readonly Task[]
  /**
   * Tasks that were there once since the release was deployed; null: not all of them yet. An autoscaler may ask for more later:
   * those that are only starting are no loss.
   */
  readonly reached: number | null
}

export type Judgment =
  | { readonly kind: 'ready'; readonly serving: readonly string[] }
  | Exclude<Readiness, { kind: 'ready' | 'silent' }>

export function judgeService(name: string, seen: Seen): Judgment {
  const { service, targets } = seen
  if (service === undefined) return missing(name)
  const fatal = fatalReason(service, seen)
  if (fatal !== null) return { kind: 'fatal', reason: `${name}: ${fatal}` }
  const reasons = waitingReasons(service, seen)
  if (reasons.length > 0) return { kind: 'waiting', reason: `${name}: ${reasons.join('; ')}` }
  return { kind: 'ready', serving: targets.filter(isHealthy).map(placeOf) }
}

export const missing = (name: string): Judgment => ({
  kind: 'fatal',
  reason: `there is no ECS service ${name}`,
})

export const primaryOf = ({ deployments = [] }: Service): Deployment | undefined =>
  deployments.find(({ status }) => status === 'PRIMARY')

const stateOf = ({ TargetHealth }: TargetHealthDescription): string => TargetHealth?.State ?? 'unknown'
const isHealthy = (target: TargetHealthDescription): boolean => stateOf(target) === 'healthy'
/** It was told to go. */
const isLeaving = (target: TargetHealthDescription): boolean => /^draining/.test(stateOf(target))

export const placeOf = ({ Target }: TargetHealthDescription): string => `${Target?.Id}:${Target?.Port}`

function fatalReason(service: Service, { deployment, failures, reached }: Seen): string | null {
  const primary = primaryOf(service)
  if (deployment !== null && primary?.id !== deployment) {
    const ours = service.deployments?.find(({ id }) => id === deployment)
    // ECS's own circuit breaker goes back to the deployment before.
    if (ours?.rolloutState === 'FAILED') return rolledBack(ours, failures)
    const why = failureIn(service, deployment) ?? `${primary?.id} with ${primary?.taskDefinition}`
    return `another deployment has taken the place of ours: ${why}${lastWord(failures)}`
  }
  if (primary?.rolloutState === 'FAILED') return rolledBack(primary, failures)
  if (reached !== null) return null
  const hopeless = failures.find(isHopeless)
  if (hopeless !== undefined) return `a task cannot start: ${endOf(hopeless)}`
  // Each of them was tried once more.
  const wanted = Math.max(1, service.desiredCount ?? 1)
  if (failures.length <= wanted) return null
  const [complaint] = complaintsOf(service)
  const said = complaint === undefined ? '' : `; ECS says: ${complaint}`
  return `tasks keep ending, ${failures.length} by now${lastWord(failures)}${said}`
}

/** What ECS has said when it gave a deployment up; null: nothing. */
const failureIn = ({ events = [] }: Service, deployment: string): string | null => {
  const said = events.filter(
    ({ message = '' }) => message.includes(deployment) && /deployment failed/.test(message),
  )
  return said[0]?.message?.replace(serviceName, '') ?? null
}

const serviceName = /^\(service [^)]+\) /

const rolledBack = ({ rolloutStateReason = 'no reason given' }: Deployment, failures: readonly Task[]) =>
  `the deployment failed in ECS: ${rolloutStateReason}${lastWord(failures)}`

function lastWord(failures: readonly Task[]): string {
  const last = failures.toSorted((one, other) => endedAt(other) - endedAt(one))[0]
  return last === undefined ? '' : `, the last with: ${endOf(last)}`
}

const endedAt = ({ stoppedAt, stoppingAt }: Task): number => (stoppedAt ?? stoppingAt)?.getTime() ?? 0

function waitingReasons(service: Service, seen: Seen): readonly string[] {
  const { desiredCount = 0, runningCount = 0, deployments = [] } = service
  if (desiredCount === 0) return ['it is scaled to 0']
  const { targets, failures, reached } = seen
  const needed = Math.min(desiredCount, reached ?? desiredCount)
  const primary = primaryOf(service)
  const former = deployments.filter((one) => one !== primary)
  const ofFormer = former.reduce((sum, one) => sum + (one.runningCount ?? 0), 0)
  const running = primary?.runningCount ?? runningCount
  const isRolling = reached === null && primary?.rolloutState === 'IN_PROGRESS'
  const present = targets.filter((target) => !isLeaving(target))
  const healthy = present.filter(isHealthy)
  const starting = present.filter((target) => !isHealthy(target))
  // What an autoscaler has asked for since is only starting; what fails is another matter.
  const doubtful = reached === null ? starting : starting.filter((target) => stateOf(target) !== 'initial')
  const hasGroups = (service.loadBalancers?.length ?? 0) > 0
  const reasons = [
    ...(running < needed ? [`${running} of ${desiredCount} tasks running`] : []),
    ...(ofFormer > 0 ? [`${ofFormer} of a former release still there`] : []),
    ...(hasGroups && healthy.length < needed ? [`${healthy.length} of ${desiredCount} targets healthy`] : []),
    ...doubtful.slice(0, 3).map(describeTarget),
    ...(isRolling && failures.length > 0
      ? [
          `${failures.length === 1 ? 'a task has' : `${failures.length} tasks have`} ended${lastWord(failures)}`,
        ]
      : []),
  ]
  if (reasons.length === 0) return isRolling ? ['ECS has not called the deployment complete yet'] : []
  return [...reasons, ...complaintsOf(service).slice(0, 1)]
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html#target-health-reason-codes */
export function describeTarget(target: TargetHealthDescription): string {
  const { Reason, Description } = target.TargetHealth ?? {}
  const why = [Reason, Description].filter((each) => each !== undefined).join(': ')
  return `target ${placeOf(target)} is ${stateOf(target)}${why === '' ? '' : ` (${why})`}`
}

/** What a service says of itself day in, day out: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
const routine =
  /has started \d+ tasks|registered \d+ (?:targets|instances)|deregistered \d+|has begun draining|has stopped \d+|reached a steady state|deployment completed|updated (?:computedDesiredCount|desired)/i

/** Of the deployment that is there, the newest first. */
export function complaintsOf(service: Service): readonly string[] {
  const since = primaryOf(service)?.createdAt?.getTime() ?? 0
  return (service.events ?? [])
    .filter((event) => timeOf(event) >= since && !routine.test(event.message ?? ''))
    .map(({ message = '' }) => message.replace(serviceName, ''))
}

export const timeOf = ({ createdAt }: ServiceEvent): number => createdAt?.getTime() ?? 0
