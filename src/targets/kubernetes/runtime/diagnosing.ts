/** What is to be learned of a color that failed, while it is still there. */
import { judgeAll } from '../../readiness.ts'
import type { Diagnosis } from '../../target.ts'
import type { Cluster } from '../api/cluster.ts'
import { labelSelector, objectPath } from '../names.ts'
import { type Deployment, type Event, eventSchema, type Pod, podSchema } from '../objects.ts'
import { isObserved } from '../observed.ts'
import { ReadRefused, readObjects } from '../reading.ts'
import { isReady } from '../ready-pods.ts'
import { type ContainerLog, diagnosisOf } from './diagnosis.ts'
import { judgeDeployment } from './judge.ts'
import { podsOf } from './pods.ts'

/** Pods of one Deployment mostly fail alike. */
const podsShown = 5

export async function diagnose(cluster: Cluster, deployments: readonly Deployment[]): Promise<Diagnosis> {
  const [events, lists] = await Promise.all([
    unlessRefused(readObjects(cluster, { resource: 'events', query: { limit: '500' } }, eventSchema)),
    Promise.all(deployments.map((deployment) => podsFor(cluster, deployment))),
  ])
  const pods = lists.flat().toSorted((one, other) => Number(isReady(one)) - Number(isReady(other)))
  const shown = pods.slice(0, podsShown)
  const logs = await Promise.all(shown.flatMap((pod) => logsOf(pod)).map((log) => readLog(cluster, log)))
  const verdict = judgeAll(
    deployments.map((deployment) =>
      judgeDeployment(deployment.metadata.name, {
        deployment,
        pods,
        events,
        waitedForNode: () => Number.POSITIVE_INFINITY,
        reached: null,
        isObserved,
      }),
    ),
  )
  return diagnosisOf({
    deployments,
    pods: shown,
    events: eventsAbout(deployments, events),
    logs: logs.filter((log) => log !== null),
    verdict: verdict.kind === 'ready' ? null : verdict.reason,
  })
}

/** A diagnosis is what can be had: rights to read this are no part of what a deployment needs. */
const unlessRefused = <Item>(items: Promise<readonly Item[]>): Promise<readonly Item[]> =>
  items.catch((error: unknown) => {
    if (error instanceof ReadRefused) return []
    throw error
  })

async function podsFor(cluster: Cluster, deployment: Deployment): Promise<readonly Pod[]> {
  const query = { labelSelector: labelSelector(deployment.spec.selector.matchLabels ?? {}) }
  return podsOf(deployment, await unlessRefused(readObjects(cluster, { resource: 'pods', query }, podSchema)))
}

const eventsAbout = (deployments: readonly Deployment[], events: readonly Event[]): readonly Event[] =>
  events.filter(({ involvedObject }) =>
    deployments.some(({ metadata }) => belongsTo(metadata.name, involvedObject)),
  )

/** A Deployment itself, its ReplicaSets and their pods, which are called after it; so are other Deployments at times. */
const belongsTo = (deployment: string, { kind, name = '' }: Event['involvedObject']): boolean =>
  name === deployment ||
  (kind !== 'Deployment' &&
    name.startsWith(`${deployment}-`) &&
    /^[a-z0-9]{1,10}(-[a-z0-9]{5})?$/.test(name.slice(deployment.length + 1)))

type LogName = Omit<ContainerLog, 'text'>

const logsOf = ({ metadata, status }: Pod): readonly LogName[] =>
  [...status.initContainerStatuses, ...status.containerStatuses].flatMap(
    ({ name, state = {}, restartCount }) => {
      const is = state.running !== undefined || state.terminated !== undefined
      const log = { pod: metadata.name, container: name }
      return [
        ...(restartCount > 0 ? [{ ...log, previous: true }] : []),
        ...(is ? [{ ...log, previous: false }] : []),
      ]
    },
  )

/** The server cuts at the end of what was asked for, which is where the last words are: more is asked for than is shown. */
const readLimit = 64 * 1024

async function readLog(cluster: Cluster, log: LogName): Promise<ContainerLog | null> {
  const query = {
    container: log.container,
    tailLines: '50',
    limitBytes: String(readLimit),
    ...(log.previous && { previous: 'true' }),
  }
  const name = { resource: 'pods', name: log.pod } as const
  const path = objectPath(cluster.namespace, name, { subresource: 'log', query })
  const answer = await cluster.ask({ method: 'GET', path })
  return answer.kind === 'answered' && typeof answer.body === 'string' ? { ...log, text: answer.body } : null
}
