/** What became of a color, from its Deployments, their pods, what happened to them and the last words of each. */
import type { Diagnosis } from '../../target.ts'
import type { Deployment, Event, Pod } from '../objects.ts'
import { isReady } from '../ready-pods.ts'

export interface ContainerLog {
  readonly pod: string
  readonly container: string
  /** Of the container that ended before the one that is there now. */
  readonly previous: boolean
  readonly text: string
}

export interface Remains {
  readonly deployments: readonly Deployment[]
  readonly pods: readonly Pod[]
  readonly events: readonly Event[]
  readonly logs: readonly ContainerLog[]
  /** What the judge said of it, where that was final. */
  readonly verdict: string | null
}

const lines = 50
const bytes = 8 * 1024
const newestEvents = 20

export function diagnosisOf({ deployments, pods, events, logs, verdict }: Remains): Diagnosis {
  const happened = describeEvents(events)
  return {
    cause: causeOf(verdict, logs),
    sections: [
      ...deployments.map((each) => ({
        title: `Deployment ${each.metadata.name}`,
        text: describeDeployment(each),
      })),
      ...pods.map((pod) => ({ title: `pod ${pod.metadata.name}`, text: describePod(pod) })),
      ...(happened === '' ? [] : [{ title: 'events', text: happened }]),
      ...logs.map(({ pod, container, previous, text }) => ({
        title: `log of ${pod}, container ${container}${previous ? ', before it was restarted' : ''}`,
        text: lastOf(text),
      })),
    ],
  }
}

/** With the last words of what keeps ending: they mostly say why. */
function causeOf(verdict: string | null, logs: readonly ContainerLog[]): string | null {
  if (verdict === null) return null
  const crashed = /CrashLoopBackOff|exit code/.test(verdict)
  const log = crashed
    ? (logs.find(({ previous, text }) => previous && text.trim() !== '') ?? logs[0])
    : undefined
  const word = log?.text.trimEnd().split('\n').at(-1) ?? ''
  return `${verdict}${word === '' ? '' : `. Its last words: ${word}`}`.replaceAll('\n', ' ').slice(0, 1000)
}

const describeDeployment = ({ spec, status }: Deployment): string =>
  [
    `${spec.replicas} wanted, ${status.updatedReplicas} made of ${status.replicas}, ${status.availableReplicas} available`,
    ...status.conditions.map(({ type, status: value, reason = '', message = '' }) =>
      `${type}: ${value} ${reason} ${message}`.trimEnd(),
    ),
  ].join('\n')

/** Such as a deletion, which is no state of its own. */
export function describePod(pod: Pod): string {
  const { metadata, spec, status } = pod
  const leaving = metadata.deletionTimestamp === undefined ? '' : ', being deleted'
  const node = spec.nodeName === undefined ? '' : ` on ${spec.nodeName}`
  const unmet = status.conditions.filter(
    ({ status: value, reason }) => value === 'False' && reason !== undefined,
  )
  return [
    `${status.phase ?? 'unknown'}${node}${isReady(pod) ? ', ready' : ''}${leaving}`,
    ...(status.reason === undefined ? [] : [`${status.reason}: ${status.message ?? ''}`]),
    ...[...status.initContainerStatuses, ...status.containerStatuses].map(describeContainer),
    ...unmet.map(({ type, reason, message = '' }) => `not ${type}: ${reason} ${message}`.trimEnd()),
  ].join('\n')
}

type ContainerStatus = Pod['status']['containerStatuses'][number]
type ContainerState = NonNullable<ContainerStatus['state']>

function describeContainer({
  name,
  state = {},
  lastState = {},
  restartCount,
  image,
}: ContainerStatus): string {
  const restarts = restartCount === 0 ? '' : `, restarted ${restartCount} times`
  const before = lastState.terminated === undefined ? '' : `, before that ${describeState(lastState)}`
  return `container ${name} (${image ?? 'no image'}): ${describeState(state)}${restarts}${before}`
}

function describeState({ waiting, running, terminated }: ContainerState): string {
  if (terminated !== undefined) {
    const { exitCode, reason, message } = terminated
    return `ended with exit code ${exitCode}${inBrackets(reason)}${afterColon(message)}`
  }
  if (running !== undefined) return 'running'
  return `waiting${inBrackets(waiting?.reason)}${afterColon(waiting?.message)}`
}

const inBrackets = (text: string | undefined) => (text === undefined ? '' : ` (${text})`)
const afterColon = (text: string | undefined) => (text === undefined ? '' : `: ${text.trim()}`)

/** Newest last, as a log. */
function describeEvents(events: readonly Event[]): string {
  return events
    .toSorted((one, other) => happenedAt(one) - happenedAt(other))
    .slice(-newestEvents)
    .map(({ reason, message, count = 1, involvedObject: { kind, name } }) => {
      const times = count > 1 ? ` (${count} times)` : ''
      return `${kind} ${name}: ${reason}${times}: ${(message ?? '').trim()}`
    })
    .join('\n')
}

const happenedAt = ({ lastTimestamp, eventTime, metadata }: Event): number =>
  Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') || 0

/** Cut at a line, so that it begins where somebody began to speak. */
export function lastOf(log: string): string {
  const kept = log.trimEnd().split('\n').slice(-lines)
  while (kept.length > 1 && Buffer.byteLength(kept.join('\n')) > bytes) kept.shift()
  return Buffer.from(kept.join('\n'))
    .subarray(-bytes)
    .toString('utf8')
    .replace(/^\uFFFD+/, '')
}
