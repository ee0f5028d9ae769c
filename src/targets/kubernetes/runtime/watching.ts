/** What the cluster says of a Deployment and its pods, as watches tell it: who asks is answered without a request. */
import { silent } from '../../readiness.ts'
import type { Readiness } from '../../target.ts'
import { labelSelector } from '../names.ts'
import {
  type Deployment,
  deploymentSchema,
  type Event,
  eventSchema,
  type Pod,
  podSchema,
} from '../objects.ts'
import type { Stamped } from '../observed.ts'
import type { Place } from '../place.ts'
import { ReadRefused, readObjects } from '../reading.ts'
import { follow } from './following.ts'
import { isPatienceOver, judgeDeployment, unscheduledBecause } from './judge.ts'

export interface Watching {
  /** null: it is gone. */
  readonly deployment: Deployment | null
  readonly pods: readonly Pod[]
  /** Resolves when both were heard of for the first time, or that nothing is to be heard. */
  readonly begun: Promise<unknown>
  ready(): Promise<Readiness>
  /** It was changed by us, to this. */
  learn(deployment: Deployment): void
  close(): void
}

/** Milliseconds between two looks for an autoscaler's word. */
const betweenEvents = 10_000

export function watchDeployment(place: Place, known: Deployment, stamped: Stamped): Watching {
  const { cluster, surroundings } = place
  const { clock, signal } = surroundings
  const { name, resourceVersion } = known.metadata
  const closing = new AbortController()
  const until = AbortSignal.any([signal, closing.signal])
  const deployments = follow(
    place,
    {
      resource: 'deployments',
      query: { fieldSelector: `metadata.name=${name}` },
      shape: deploymentSchema,
      known: resourceVersion === undefined ? undefined : { item: known, version: resourceVersion },
    },
    until,
  )
  const query = { labelSelector: labelSelector(known.spec.selector.matchLabels ?? {}) }
  const pods = follow(place, { resource: 'pods', query, shape: podSchema }, until)

  const unscheduledSince = new Map<string, number>()
  const waitedForNode = (pod: Pod): number => {
    const uid = pod.metadata.uid ?? pod.metadata.name
    if (unscheduledBecause(pod) === null) return 0
    const since = unscheduledSince.get(uid) ?? clock.monotonic()
    unscheduledSince.set(uid, since)
    return clock.monotonic() - since
  }

  let lastEvents: { readonly found: readonly Event[]; readonly at: number } | null = null
  const readEvents = async (): Promise<readonly Event[]> => {
    if (!pods.items.some((pod) => isPatienceOver(waitedForNode(pod)))) return []
    if (lastEvents !== null && clock.monotonic() - lastEvents.at < betweenEvents) return lastEvents.found
    const found = await readObjects(
      cluster,
      { resource: 'events', query: { fieldSelector: 'involvedObject.kind=Pod' } },
      eventSchema,
    ).catch((error: unknown) => {
      // They are help, and no part of what must be allowed.
      if (error instanceof ReadRefused) return []
      throw error
    })
    lastEvents = { found, at: clock.monotonic() }
    return found
  }

  let reached: number | null = null
  const begun = Promise.all([deployments.begun, pods.begun])
  const judge = async (): Promise<Readiness> => {
    await begun
    const silence = deployments.silence ?? pods.silence
    if (silence !== null) return { kind: 'silent', reason: silence }
    const deployment = deployments.items[0] ?? null
    const { isObserved } = stamped
    const events = await readEvents()
    const seen = { deployment, pods: pods.items, events, waitedForNode, reached, isObserved }
    const readiness = judgeDeployment(name, seen)
    if (readiness.kind === 'ready' && deployment !== null) {
      const { spec, status } = deployment
      reached = Math.min(spec.replicas, Math.max(reached ?? 0, status.availableReplicas))
    }
    return readiness
  }

  return {
    get deployment() {
      return deployments.items[0] ?? null
    },
    get pods() {
      return pods.items
    },
    begun,
    ready: () => judge().catch(silent),
    learn: (deployment) => {
      reached = null
      deployments.learn(deployment)
    },
    close: () => closing.abort(),
  }
}
