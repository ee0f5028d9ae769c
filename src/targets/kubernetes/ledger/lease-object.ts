/** The Lease of an app in the cluster: read, made and patched, with what is refused told apart. */
import type { Clock } from '../../../clock.ts'
import { ChangeFailed } from '../../target.ts'
import type { ApiAnswer, ApiRequest, Cluster } from '../api/cluster.ts'
import { refusalText } from '../api/refusal.ts'
import { leaseName, listPath, objectPath } from '../names.ts'
import {
  type LeaseRecord,
  newLease,
  type Patch,
  patchOf,
  readLease,
  type Taking,
  UnreadableLease,
} from './lease.ts'

export interface LeaseObject {
  /** null: there is none. */
  look(): Promise<LeaseRecord | null>
  /** As it was when we read or wrote it last; null: never. */
  readonly last: LeaseRecord | null
  /** Nothing was asked of the cluster since then. */
  readonly isFresh: boolean
  /** A change was sent, and no answer has come since. */
  readonly isInDoubt: boolean
  create(taking: Taking): Promise<Outcome>
  /** Refused as 'changed' when it is not as the record says any more. */
  patch(record: LeaseRecord, changes: Patch): Promise<Outcome>
  /** The server's time: lease times of all runners are compared by the one clock that they share. */
  now(): number
  readonly errors: LeaseErrors
}

export type Outcome =
  | { readonly kind: 'done' }
  /** 'changed': others may have been faster. */
  | { readonly kind: 'changed' | 'missing' | 'denied'; readonly error: ChangeFailed }

export function leaseObject(cluster: Cluster, app: string, clock: Clock): LeaseObject {
  const { namespace } = cluster
  const name = leaseName(app)
  const path = objectPath(namespace, { resource: 'leases', name })
  const errors = errorsOf(cluster, name)
  const { now, heard } = serverClock(clock)
  let last: LeaseRecord | null = null
  let requests = 0
  let isInDoubt = false
  const learn = (record: LeaseRecord | null) => {
    last = record
    requests = cluster.requests
  }

  const ask = async (request: ApiRequest): Promise<ApiAnswer> => {
    const answer = await cluster.ask(request)
    isInDoubt = false
    heard(answer.serverTime)
    return answer
  }
  const change = async (request: ApiRequest): Promise<Outcome> => {
    isInDoubt = true
    const answer = await ask(request)
    if (answer.kind === 'refused') {
      return { kind: kindOf(answer.status), error: errors.unchanged(refusalText(request, answer)) }
    }
    learn(errors.read(answer.body))
    return { kind: 'done' }
  }
  return {
    get last() {
      return last
    },
    get isFresh() {
      return last !== null && cluster.requests === requests
    },
    get isInDoubt() {
      return isInDoubt
    },
    look: async () => {
      const request = { method: 'GET', path } as const
      const answer = await ask(request)
      if (answer.kind === 'refused' && answer.status !== 404)
        throw errors.unread(refusalText(request, answer))
      learn(answer.kind === 'answered' ? errors.read(answer.body) : null)
      return last
    },
    create: (taking) =>
      change({ method: 'POST', path: listPath(namespace, 'leases'), body: newLease(name, taking) }),
    patch: (record, changes) => change({ method: 'PATCH', path, body: patchOf(record, changes) }),
    now,
    errors,
  }
}

/** A test of a JSON patch that fails is answered as what cannot be stored is: 422. */
function kindOf(status: number): Exclude<Outcome['kind'], 'done'> {
  if (status === 409 || status === 422) return 'changed'
  return status === 404 ? 'missing' : 'denied'
}

/** From the last answer on. */
function serverClock(clock: Clock) {
  let last = { time: clock.now(), at: clock.monotonic() }
  return {
    heard: (time: number): void => {
      last = { time, at: clock.monotonic() }
    },
    now: (): number => last.time + clock.monotonic() - last.at,
  }
}

type LeaseErrors = ReturnType<typeof errorsOf>

function errorsOf({ name: place, namespace }: Cluster, name: string) {
  const title = `Lease ${name} (${place})`
  const named = `lease ${name} --namespace=${namespace}`
  const look = `kubectl get ${named} --output=yaml`
  const damaged = (why: string) =>
    new ChangeFailed(
      `${title} is damaged: ${why}. It is not taken for a free one. Look at it: ${look}; ` +
        `when no deployment is running: kubectl delete ${named}, and its history is gone.`,
    )
  return {
    read: (body: unknown): LeaseRecord => {
      try {
        return readLease(body)
      } catch (error) {
        throw error instanceof UnreadableLease ? damaged(error.message) : error
      }
    },
    unread: (why: string) => new ChangeFailed(`${title} cannot be read. ${why}`),
    unchanged: (why: string) => new ChangeFailed(`${title} was not changed. ${why}`),
    gone: () =>
      new ChangeFailed(
        `${title} is gone: somebody has deleted it while this run held it, and its history with it.`,
      ),
    busy: (times: number) =>
      new ChangeFailed(
        `${title} was changed by others ${times} times in a row while we tried. Who writes there: ${look} --show-managed-fields`,
      ),
  }
}
