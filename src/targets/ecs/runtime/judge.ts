/** Whether an ECS service serves, by its deployments and the health of its targets; and what keeps it from it, for people. */
import type { Deployment, Service, ServiceEvent, Task } from '@aws-sdk/client-ecs'
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Readiness } from '../../target.ts'
import type { Targets } from './health.ts'
import { endOf, isHopeless } from './tasks.ts'

/** A deployment in ECS that we began. */
export interface Began {
  readonly deployment: string
  /** By the clock of AWS, in milliseconds. It is heard in whole seconds, so that ECS says no earlier time. */
  readonly at: number
}

export interface Seen {
  /** null: whichever deployment is there. */
  readonly began: Began | null
  readonly groups: readonly Targets[]
  /** By the clock of AWS. */
  readonly now: number
  /** Tasks of that deployment that ended, and that nobody wanted to end. */
  readonly failures: readonly Task[]
  /**
   * Tasks that were there once since the release was deployed; null: not all of them yet. An autoscaler may ask for more later:
   * those that are only starting are no loss.
   */
  readonly reached: number | null
}

export type Judgment =
  /** `serving`: healthy targets, by target group. */
  | { readonly kind: 'ready'; readonly serving: readonly (readonly string[])[] }
  | Exclude<Readiness, { kind: 'ready' | 'silent' }>

export function judgeService(service: Service, seen: Seen): Judgment {
  const { serviceName: name } = service
  const fatal = fatalReason(service, seen)
  if (fatal !== null)
    return { kind: 'fatal', reason: `${name}: ${fatal}`, isPartlyUp: isPartlyUp(service, seen) }
  const reasons = waitingReasons(service, seen)
  const serving = seen.groups.map((targets) => targets.filter(isHealthy).map(placeOf))
  if (reasons.length === 0) return { kind: 'ready', serving }
  return { kind: 'waiting', reason: `${name}: ${reasons.join('; ')}`, isPartlyUp: isPartlyUp(service, seen) }
}

export const missing = (name: string): Readiness => ({
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

function fatalReason(service: Service, seen: Seen): string | null {
  const { began, failures, reached } = seen
  const primary = primaryOf(service)
  if (began !== null && primary?.id !== began.deployment) {
    const ours = service.deployments?.find(({ id }) => id === began.deployment)
    // ECS's own circuit breaker goes back to the deployment before.
    if (ours?.rolloutState === 'FAILED') return rolledBack(ours, failures)
    const failure = failureIn(service, began.deployment)
    if (failure === null && isOutdated(service, seen)) return null
    const why = failure ?? `${primary?.id} with ${primary?.taskDefinition}`
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

const longestLag = 30_000

/**
 * ECS may answer for a moment as if nothing had been changed:
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
const isOutdated = (service: Service, { began, now, reached }: Seen): boolean => {
  const primary = primaryOf(service)
  if (began === null || primary === undefined || primary.id === began.deployment) return false
  if (reached !== null || now - began.at > longestLag) return false
  return (primary.createdAt?.getTime() ?? Number.POSITIVE_INFINITY) < began.at
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

/** None: it serves. */
function waitingReasons(service: Service, seen: Seen): readonly string[] {
  const { desiredCount = 0 } = service
  if (isOutdated(service, seen)) return ['ECS does not show our deployment yet']
  if (desiredCount === 0) return ['it is scaled to 0']
  const isRolling = seen.reached === null && primaryOf(service)?.rolloutState === 'IN_PROGRESS'
  const reasons = [
    ...taskReasons(service, seen),
    ...targetReasons(service, seen),
    ...(isRolling ? endReasons(seen) : []),
  ]
  if (reasons.length > 0) return [...reasons, ...complaintsOf(service).slice(0, 1)]
  return isRolling ? ['ECS has not called the deployment complete yet'] : []
}

/** Users are served by some of it. */
function isPartlyUp({ runningCount = 0 }: Service, { groups }: Seen): boolean {
  return groups.length === 0 ? runningCount > 0 : groups.every((targets) => targets.some(isHealthy))
}

const neededOf = ({ desiredCount = 0 }: Service, { reached }: Seen): number =>
  Math.min(desiredCount, reached ?? desiredCount)

function taskReasons(service: Service, seen: Seen): readonly string[] {
  const { desiredCount, runningCount = 0, deployments = [] } = service
  const primary = primaryOf(service)
  const former = deployments.filter((one) => one !== primary)
  const ofFormer = former.reduce((sum, one) => sum + (one.runningCount ?? 0), 0)
  const running = primary?.runningCount ?? runningCount
  return [
    ...(running < neededOf(service, seen) ? [`${running} of ${desiredCount} tasks running`] : []),
    ...(ofFormer > 0 ? [`${ofFormer} of a former release still there`] : []),
  ]
}

const mostTargets = 3

function targetReasons(service: Service, seen: Seen): readonly string[] {
  const present = seen.groups.flat().filter((target) => !isLeaving(target))
  // Where there are several target groups, users come through each of them.
  const healthy = Math.min(...seen.groups.map((targets) => targets.filter(isHealthy).length))
  const isShort = healthy < neededOf(service, seen)
  // What an autoscaler has asked for since may take its time.
  const doubtful = seen.reached === null || isShort ? present.filter((target) => !isHealthy(target)) : []
  return [
    ...(isShort ? [`${healthy} of ${service.desiredCount} targets healthy`] : []),
    ...doubtful.slice(0, mostTargets).map(describeTarget),
  ]
}

function endReasons({ failures }: Seen): readonly string[] {
  if (failures.length === 0) return []
  return [
    `${failures.length === 1 ? 'a task has' : `${failures.length} tasks have`} ended${lastWord(failures)}`,
  ]
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
