/**
 * Changes that only the owner of the lease can make. Each object that we change carries the fence of whoever changed it last,
 * and a change is one JSON patch that tests this fence and the old value: the API server applies all of a patch or nothing.
 */
import type { z } from 'zod'
import { ChangeFailed, ChangeRefused, type Lease, LeaseLost } from '../target.ts'
import type { ApiRequest, Cluster } from './api/cluster.ts'
import { refusalText } from './api/refusal.ts'
import { fenceAnnotation, type ObjectName, objectPath, pointer, titleOf } from './names.ts'
import type { Metadata } from './objects.ts'
import { readObject } from './reading.ts'

/** https://www.rfc-editor.org/rfc/rfc6902 */
export type PatchOperation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

export interface Guarded {
  readonly metadata: Metadata
}

/** 0 where nobody left one. */
export function fenceOf({ annotations = {} }: Metadata): number {
  const fence = Number(annotations[fenceAnnotation] ?? 0)
  return Number.isSafeInteger(fence) ? fence : 0
}

/**
 * From the value that was read, which is tested, to another; undefined: no such key. To the API server null is what a missing
 * key holds, as long as the map is there: https://github.com/evanphx/json-patch/blob/v4.12.0/patch.go#L654
 */
export function move(
  path: string,
  from: string | number | undefined,
  to: string | number | undefined,
): PatchOperation[] {
  const test = { op: 'test', path, value: from ?? null } as const
  if (from === to) return [test]
  if (to === undefined) return [test, { op: 'remove', path }]
  return [test, { op: from === undefined ? 'add' : 'replace', path, value: to }]
}

/** Our fence in the place of the one that was read. */
export function fencePatch({ annotations }: Metadata, fence: number): PatchOperation[] {
  const path = pointer('metadata', 'annotations')
  if (annotations !== undefined)
    return move(path + pointer(fenceAnnotation), annotations[fenceAnnotation], String(fence))
  return [
    { op: 'test', path, value: null },
    { op: 'add', path, value: { [fenceAnnotation]: String(fence) } },
  ]
}

/** All tests before anything else, so that what is refused says what it is refused for. */
export function guardedPatch(
  metadata: Metadata,
  fence: number,
  edits: readonly PatchOperation[],
): readonly PatchOperation[] {
  const all = [...fencePatch(metadata, fence), ...edits]
  return [...all.filter(({ op }) => op === 'test'), ...all.filter(({ op }) => op !== 'test')]
}

export interface Change<Shape extends z.ZodType<Guarded>> {
  readonly object: ObjectName
  readonly shape: Shape
  readonly lease: Lease
  /** For people: `The switch to green`. */
  readonly name: string
  /** As it was read last; null: it is read now. */
  readonly read: z.output<Shape> | null
  /**
   * Tests of what was read and changes of it. Throws ChangeRefused where the object is not what was expected. Nothing to do is
   * an empty list: the object gets our fence then.
   */
  edit(object: z.output<Shape>): readonly PatchOperation[]
}

/** Others may write to an object all the time; what they write is seldom what we test. */
const attempts = 5

/**
 * Answers the object as it is then. Throws LeaseLost where a later owner has been, ChangeRefused where the object is gone or not
 * what was expected, ChangeFailed with what the API says, and TargetUnreachable where it says nothing.
 */
export async function change<Shape extends z.ZodType<Guarded>>(
  cluster: Cluster,
  order: Change<Shape>,
): Promise<z.output<Shape>> {
  const { object, shape, lease } = order
  let isFresh = order.read === null
  let read = order.read ?? (await readNow(cluster, order))
  if (!isFresh && isRefused(order, read)) {
    read = await readNow(cluster, order)
    isFresh = true
  }
  for (let attempt = 1; ; attempt += 1) {
    const edits = editsOf(order, read)
    const patch = guardedPatch(read.metadata, lease.fence, edits)
    if (isFresh && patch.every(({ op }) => op === 'test')) return read
    const request: ApiRequest = {
      method: 'PATCH',
      path: objectPath(cluster.namespace, object),
      body: patch,
    }
    const answer = await cluster.ask(request)
    if (answer.kind === 'answered') return shape.parse(answer.body)
    const error = failure(order, cluster.name, refusalText(request, answer))
    if (answer.status === 404) throw absence(order, cluster.name)
    if (answer.status !== 409 && answer.status !== 422) throw error
    const now = await readNow(cluster, order)
    // Where nobody has written in between, it is our own change that the API server does not take.
    const isSame = now.metadata.resourceVersion === read.metadata.resourceVersion
    if (isSame || attempt >= attempts) {
      editsOf(order, now)
      throw error
    }
    read = now
    isFresh = true
  }
}

async function readNow<Shape extends z.ZodType<Guarded>>(
  cluster: Cluster,
  order: Change<Shape>,
): Promise<z.output<Shape>> {
  const read = await readObject(cluster, order.object, order.shape)
  if (read === null) throw absence(order, cluster.name)
  return read
}

function editsOf<Shape extends z.ZodType<Guarded>>(
  { object, lease, name, edit }: Change<Shape>,
  read: z.output<Shape>,
): readonly PatchOperation[] {
  const fence = fenceOf(read.metadata)
  if (fence > lease.fence) {
    throw new LeaseLost(
      `${name} was not run: a later owner has changed ${titleOf(object)}. Its fence is ${fence}, and ours ${lease.fence}.`,
    )
  }
  return edit(read)
}

/** What was read a while ago refuses nothing: it may be right again. */
function isRefused<Shape extends z.ZodType<Guarded>>(order: Change<Shape>, read: z.output<Shape>): boolean {
  try {
    editsOf(order, read)
    return false
  } catch (error) {
    if (error instanceof ChangeRefused) return true
    throw error
  }
}

type Described = Pick<Change<z.ZodType<Guarded>>, 'object' | 'name'>

const absence = ({ object, name }: Described, where: string): ChangeRefused =>
  new ChangeRefused(`${name} was not run: ${titleOf(object)} is not there in ${where}.`)

const failure = ({ object, name }: Described, where: string, why: string): ChangeFailed =>
  new ChangeFailed(`${name} was refused for ${titleOf(object)} in ${where}: ${why}`)
