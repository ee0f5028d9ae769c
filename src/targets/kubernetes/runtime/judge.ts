/** Whether a Deployment serves, by its own status and that of its pods; and what keeps it from it, in words for people. */
import type { Readiness } from '../../target.ts'
import type { Deployment, Event, Pod } from '../objects.ts'
import { isReady } from '../ready-pods.ts'
import { newestPods, restartsOf } from './pods.ts'

export interface Seen {
  /** null: there is no such Deployment. */
  readonly deployment: Deployment | null
  readonly pods: readonly Pod[]
  readonly events: readonly Event[]
  /** Milliseconds since a pod was seen for the first time without a node for it. */
  waitedForNode(pod: Pod): number
  /**
   * Instances that were there once since the release was deployed; null: not all of them yet. An autoscaler may ask for more later:
   * those that are only starting are no loss.
   */
  readonly reached: number | null
  /** Whether its status is that of the Deployment as it is. */
  isObserved(deployment: Deployment): boolean
}

export function judgeDeployment(name: string, seen: Seen): Readiness {
  const { deployment, reached } = seen
  if (deployment === null) return missing(name)
  const isObserved = seen.isObserved(deployment)
  const pods = newestPods(deployment, seen.pods)
  const isPartlyUp = pods.some(isReady)
  // Right after an autoscaler's word the status is behind too, which says nothing against what runs.
  if (!isObserved && reached === null) {
    const reason = `the cluster has not looked at the change of ${name} yet`
    return { kind: 'waiting', reason, isPartlyUp }
  }
  if (isServing(deployment, pods, reached)) {
    return { kind: 'ready', restarts: sum(pods.filter(isReady).map(restartsOf)) }
  }
  const fatal = [...fatalPods(pods, seen), ...(isObserved ? fatalConditions(deployment) : [])]
  if (fatal.length > 0) return { kind: 'fatal', reason: `${name}: ${fatal.join('; ')}`, isPartlyUp }
  const reason = `${name}: ${waitingReasons(deployment, pods).join('; ')}`
  return { kind: 'waiting', reason, isPartlyUp }
}

export const missing = (name: string): Readiness => ({
  kind: 'fatal',
  reason: `there is no Deployment ${name}`,
})

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

/** As many as it is to have, none of a former release among them, as the Service would send users there as well. */
function isServing({ spec, status }: Deployment, pods: readonly Pod[], reached: number | null): boolean {
  const needed = Math.min(spec.replicas, reached ?? spec.replicas)
  return (
    needed > 0 &&
    status.updatedReplicas >= needed &&
    status.replicas === status.updatedReplicas &&
    status.availableReplicas >= needed &&
    pods.filter(isReady).length >= needed
  )
}

/** With how many others the same is the matter. */
function fatalPods(pods: readonly Pod[], seen: Seen): readonly string[] {
  const found = pods.flatMap((pod) => {
    const reason = fatalReason(pod, seen)
    return reason === null ? [] : [{ name: pod.metadata.name, reason }]
  })
  return [...new Set(found.map(({ reason }) => reason))].map((reason) => {
    const [first, ...others] = found.filter((each) => each.reason === reason)
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`
    return `pod ${first?.name}${more}: ${reason}`
  })
}

type ContainerStatus = Pod['status']['containerStatuses'][number]

const allContainers = ({ status }: Pod): readonly ContainerStatus[] => [
  ...status.initContainerStatuses,
  ...status.containerStatuses,
]

function fatalReason(pod: Pod, seen: Seen): string | null {
  const reason = allContainers(pod)
    .map(fatalContainer)
    .find((each) => each !== null)
  return reason ?? unschedulableReason(pod, seen)
}

/** What the kubelet calls a state from which waiting leads nowhere: https://kubernetes.io/docs/concepts/containers/images */
const hopeless: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])

/** A registry that is merely busy is asked once more; what it does not have, it will not have then. */
const definite = /not found|manifest unknown|unauthorized|denied|forbidden|no match for platform/i

function fatalContainer(status: ContainerStatus): string | null {
  const { name, state = {}, lastState = {}, ready } = status
  const { waiting, terminated } = state
  const reason = waiting?.reason ?? ''
  const message = waiting?.message ?? ''
  if (hopeless.has(reason) || (reason === 'ErrImagePull' && definite.test(message))) {
    return `${reason} of container ${name}${message === '' ? '' : `: ${message}`}`
  }
  const ended = terminated ?? (ready ? undefined : lastState.terminated)
  if (ended?.reason === 'OOMKilled') return `OOMKilled: container ${name} needs more memory than its limit`
  if (ended?.reason === 'StartError' || ended?.reason === 'ContainerCannotRun') {
    return `container ${name} could not be started: ${ended.message ?? ended.reason}`
  }
  if (reason !== 'CrashLoopBackOff') return null
  const last = ended === undefined ? '' : `, last with exit code ${ended.exitCode}`
  return `CrashLoopBackOff: container ${name} keeps ending${last}`
}

/** A scheduler that finds no node is heard at once by an autoscaler: one that says nothing by then brings none. */
const patience = 30_000

/** https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md and https://karpenter.sh/docs/troubleshooting */
const nodesComing: ReadonlySet<string> = new Set(['TriggeredScaleUp', 'Nominated'])

export const unscheduledBecause = ({ status }: Pod): string | null => {
  const scheduled = status.conditions.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return null
  return `no node takes it: ${scheduled.message ?? 'Unschedulable'}`
}

export const isPatienceOver = (waited: number): boolean => waited >= patience

function unschedulableReason(pod: Pod, { events, waitedForNode }: Seen): string | null {
  const reason = unscheduledBecause(pod)
  if (reason === null || !isPatienceOver(waitedForNode(pod))) return null
  const isHelped = events.some(
    ({ reason: word = '', involvedObject }) =>
      nodesComing.has(word) && involvedObject.name === pod.metadata.name,
  )
  return isHelped ? null : reason
}

function fatalConditions({ metadata: { name }, spec, status }: Deployment): readonly string[] {
  const paused = spec.paused === true ? [`it is paused: kubectl rollout resume deployment/${name}`] : []
  const conditions = status.conditions.flatMap(({ type, status: value, reason, message = '' }) => {
    if (type === 'ReplicaFailure' && value === 'True') return [`${reason ?? 'ReplicaFailure'}: ${message}`]
    return type === 'Progressing' && value === 'False' && reason === 'ProgressDeadlineExceeded'
      ? [`${reason}: ${message}`]
      : []
  })
  return [...paused, ...conditions]
}

function waitingReasons({ spec, status }: Deployment, pods: readonly Pod[]): readonly string[] {
  if (spec.replicas === 0) return ['it is scaled to 0']
  const former = status.replicas - status.updatedReplicas
  const count = Math.min(status.availableReplicas, status.updatedReplicas)
  const unready = pods
    .filter((pod) => !isReady(pod))
    .map((pod) => `pod ${pod.metadata.name} ${waitingReason(pod)}`)
  return [
    `${count} of ${spec.replicas} instances ready`,
    ...(former > 0 ? [`${former} of a former release still there`] : []),
    ...unready.slice(0, 3),
  ]
}

function waitingReason(pod: Pod): string {
  const unscheduled = unscheduledBecause(pod)
  if (unscheduled !== null) return `waits, as ${unscheduled}`
  for (const { name, state = {}, lastState = {} } of allContainers(pod)) {
    const { waiting, terminated } = state
    if (waiting?.reason !== undefined && !beginnings.has(waiting.reason)) {
      return `waits: ${waiting.reason}${waiting.message === undefined ? '' : `: ${waiting.message}`}`
    }
    const ended = terminated ?? (waiting === undefined ? undefined : lastState.terminated)
    if (ended !== undefined && ended.exitCode !== 0) {
      return `had its container ${name} end with exit code ${ended.exitCode}`
    }
  }
  const { phase = 'Pending', reason, message } = pod.status
  if (phase !== 'Running') return `is ${phase}${reason === undefined ? '' : ` (${reason}: ${message ?? ''})`}`
  return 'runs and is not ready yet'
}

const beginnings: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing'])
