/** What happens to Services and Deployments of a cluster, in the order in which it was stored. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Color } from '../../src/targets/target.ts'
import { end } from '../bed/child.ts'
import { kubectlProgram } from '../bed/kubernetes/kubectl.ts'
import type { Noted } from './commands.ts'

interface Stored {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    /** Of the whole cluster: each change of anything has a greater one. */
    readonly resourceVersion: string
    /** Of what is wanted, annotations among it. */
    readonly generation?: number
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: { readonly selector?: Readonly<Record<string, unknown>>; readonly replicas?: number }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly readyReplicas?: number
  }
}

export interface Entry {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Stored
}

export type Read = Pick<Stored, 'kind'> & {
  readonly metadata: Pick<Stored['metadata'], 'name' | 'resourceVersion'>
}

export interface Journal extends AsyncDisposable {
  /** As far as it has got. */
  entries(namespace: string): readonly Entry[]
  /** Until it has got to these, as they were read; gives up after seconds. */
  reach(namespace: string, objects: readonly Read[]): Promise<void>
}

const paths = ['/api/v1/services', '/apis/apps/v1/deployments']

export function keepJournal(kubeconfig: string): Journal {
  const all = new Map<string, Entry[]>()
  const hear = (path: string): ChildProcess => {
    const raw = `${path}?watch=true&timeoutSeconds=86400`
    const child = spawn(kubectlProgram(), ['--kubeconfig', kubeconfig, 'get', '--raw', raw], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as Entry
      // The lists of one namespace are short, those of the whole cluster would not be.
      const { namespace } = entry.object.metadata
      all.set(namespace, [...(all.get(namespace) ?? []), entry])
    })
    return child
  }
  const children = paths.map(hear)
  const entries = (namespace: string) =>
    (all.get(namespace) ?? []).toSorted((one, other) => versionOf(one.object) - versionOf(other.object))
  return {
    entries,
    reach: async (namespace, objects) => {
      const deadline = performance.now() + 5_000
      const isThere = (read: Read) =>
        (all.get(namespace) ?? []).some(
          ({ object }) =>
            object.kind === read.kind &&
            object.metadata.name === read.metadata.name &&
            versionOf(object) >= versionOf(read),
        )
      while (!objects.every(isThere)) {
        if (performance.now() > deadline) throw new Error(`The journal stands still in ${namespace}.`)
        await sleep(50)
      }
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(children.map(end))),
  }
}

export const versionOf = ({ metadata }: Read): number => Number(metadata.resourceVersion)

/** A change that somebody wanted: what controllers tell of it is none. */
export interface ClusterChange {
  readonly command: 'switch' | 'deploy' | 'stop' | 'remove'
  readonly color: Color
  readonly fence: number
  readonly version: string
  /** By the Service, when it was made. */
  readonly named: Color | null
  /** Of the color that it is about: whether all of its pods were up, and of its newest release. */
  readonly wasReady: boolean
}

/** `after`: the version from which on they are the business of the runs. */
export function changesIn(entries: readonly Entry[], after: number): readonly ClusterChange[] {
  const deployments = new Map<string, Wanted>()
  const changes: ClusterChange[] = []
  let named: Color | null = null
  for (const { type, object } of entries) {
    const before: Color | null = named
    const known = deployments.get(object.metadata.name)
    if (object.kind === 'Service') named = colorOf(object.spec.selector?.color)
    else deployments.set(object.metadata.name, wantedBy(object, known))
    const command = object.kind === 'Service' ? switchOf(before, named) : workOf(type, known?.object, object)
    const color = object.kind === 'Service' ? named : colorOf(object.metadata.name.split('-').at(-1))
    if (command === null || color === null || versionOf(object) <= after) continue
    const { 'blue-green-action/fence': fence, 'blue-green-action/version': version } =
      object.metadata.annotations ?? {}
    changes.push({
      command,
      color,
      fence: Number(fence ?? 0),
      version: version ?? '-',
      named: before,
      wasReady: isUp(deployments.get(`shop-${color}`)),
    })
  }
  return changes
}

const switchOf = (before: Color | null, now: Color | null): 'switch' | null =>
  before === now ? null : 'switch'

function workOf(
  type: Entry['type'],
  before: Stored | undefined,
  { spec }: Stored,
): ClusterChange['command'] | null {
  if (type === 'DELETED') return 'remove'
  if (before !== undefined && isDeepStrictEqual(before.spec, spec)) return null
  return spec.replicas === 0 ? 'stop' : 'deploy'
}

const colorOf = (text: unknown): Color | null => (text === 'blue' || text === 'green' ? text : null)

interface Wanted {
  readonly object: Stored
  /** The generation in which this was wanted first. */
  readonly since: number
}

const wantedBy = (object: Stored, before: Wanted | undefined): Wanted =>
  before !== undefined && isDeepStrictEqual(before.object.spec, object.spec)
    ? { object, since: before.since }
    : { object, since: object.metadata.generation ?? 0 }

function isUp(wanted: Wanted | undefined): boolean {
  if (wanted === undefined) return false
  const { object, since } = wanted
  const { observedGeneration = 0, ...seen } = object.status ?? {}
  const { replicas = 0 } = object.spec
  const counts = [seen.replicas, seen.updatedReplicas, seen.readyReplicas]
  return replicas > 0 && observedGeneration >= since && counts.every((count) => count === replicas)
}

/** Owners are known by the fence that they leave. */
export const notedIn = (changes: readonly ClusterChange[]): readonly Noted[] =>
  changes.map(({ command, color, fence, version }) => ({
    by: `fence ${fence}`,
    kind: 'change',
    moment: 'begin',
    command,
    color,
    version,
    fence,
  }))
