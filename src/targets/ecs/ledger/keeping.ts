/** Generations of one lease, read and written, with what is damaged told apart. */

import { shell } from '../../../host/script.ts'
import { ChangeFailed, type Lease, TargetUnreachable } from '../../target.ts'
import {
  type Generation,
  type Head,
  type Packed,
  readGeneration,
  roomIn,
  textOf,
  UnreadableGeneration,
} from './generation.ts'
import { type Heads, headName, headsIn, pieceName } from './generations.ts'
import { mostPieces, pack, unpack } from './packing.ts'
import type { Parameters } from './parameters.ts'

export interface Kept {
  /** Of the parameters. */
  readonly path: string
  /** By its name. Parameters are those of an account and a region, and an app of one name may be in several clusters. */
  readonly cluster: string
}

export interface Keeping extends Kept {
  list(): Promise<Heads>
  /** The generation of a lease, and whether a later one has come. */
  look(lease: Lease): Promise<{ readonly own: Generation | null; readonly isSucceeded: boolean }>
  /** null: nothing was ever written. */
  documentIn(heads: Heads): Promise<string | null>
  create(fence: number, head: Head): Promise<'done' | 'taken'>
  write(fence: number, head: Head): Promise<void>
  /** Writes all but what goes into the head. */
  store(fence: number, head: Head, document: string): Promise<Packed>
  readonly errors: Errors
  /** Of these, as they are read: throws ChangeFailed for what is damaged. */
  read<Result>(work: () => Result): Result
}

/** A head that is overwritten more than a hundred times while its pieces are asked for would be strange. */
const attempts = 3

/** At what was written by us, until AWS shows it. */
const looks = 4

export interface KeepingOptions extends Kept {
  /** Before something is asked once more. */
  pause(): Promise<void>
}

export function keepingOf(parameters: Parameters, { path, cluster, pause }: KeepingOptions): Keeping {
  const errors = errorsOf(path)
  /** Versions of heads, as AWS answered them to our writes. */
  const written = new Map<number, number>()
  const read = <Result>(work: () => Result): Result => {
    try {
      return work()
    } catch (error) {
      throw error instanceof UnreadableGeneration ? errors.damaged(error.message) : error
    }
  }
  const list = async (): Promise<Heads> => {
    const heads = headsIn(path, await parameters.list())
    const newest = () => {
      const generation = heads.newest()
      if (generation !== null && generation.cluster !== cluster)
        throw errors.elsewhere(generation.cluster, cluster)
      return generation
    }
    return { ...heads, newest }
  }
  return {
    path,
    cluster,
    list,
    read,
    errors,
    look: async ({ fence }) => {
      const [own, next] = [headName(path, fence), headName(path, fence + 1)]
      for (let attempt = 1; attempt <= looks; attempt++) {
        const found = await parameters.get([own, next])
        const parameter = found.get(own)
        const generation = parameter === undefined ? null : read(() => readGeneration(fence, parameter))
        const least = written.get(fence) ?? 0
        const isLast = attempt === looks
        // What is written next is made from what is read, and AWS promises nowhere that this is what was written last.
        if ((generation?.version ?? 0) >= least || (generation === null && isLast))
          return { own: generation, isSucceeded: found.has(next) }
        if (!isLast) await pause()
      }
      throw errors.outdated()
    },
    documentIn: async (heads) => {
      let now = heads
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const generation = read(() => now.documented())
        if (generation?.document == null) return null
        const { first, versions } = generation.document
        const others = await piecesOf(parameters, path, generation.fence, versions)
        if (others !== null) return read(() => unpacked(first, others))
        now = await list()
      }
      throw errors.damaged('pieces of the document are missing')
    },
    create: async (fence, head) => {
      const outcome = await parameters.create(headName(path, fence), textOf(head))
      if (outcome === 'done') written.set(fence, 1)
      return outcome
    },
    write: async (fence, head) => {
      written.set(fence, await parameters.overwrite(headName(path, fence), textOf(head)))
    },
    store: async (fence, head, document) => {
      const { first, others } = pack(document, roomIn(head))
      if (others.length > mostPieces) throw errors.tooLong(Buffer.byteLength(document))
      const versions: number[] = []
      for (const [index, piece] of others.entries())
        versions.push(await parameters.overwrite(pieceName(path, fence, index + 1), piece))
      return { first, versions }
    },
  }
}

/** null: one of them is missing. */
async function piecesOf(
  parameters: Parameters,
  path: string,
  fence: number,
  versions: readonly number[],
): Promise<readonly string[] | null> {
  if (versions.length === 0) return []
  const names = versions.map((_, index) => pieceName(path, fence, index + 1))
  const found = await parameters.get(names.map((name, index) => `${name}:${versions[index]}`))
  const pieces = names.flatMap((name) => found.get(name)?.Value ?? [])
  return pieces.length === names.length ? pieces : null
}

function unpacked(first: string, others: readonly string[]): string {
  try {
    return unpack({ first, others })
  } catch {
    throw new UnreadableGeneration('its document is not whole')
  }
}

type Errors = ReturnType<typeof errorsOf>

function errorsOf(path: string) {
  const look = shell('aws', 'ssm', 'get-parameters-by-path', '--path', path)
  return {
    damaged: (why: string) =>
      new ChangeFailed(
        `The lock ${path} in the parameter store is damaged: ${why}. It is not taken for a free one. Look at it: ${look}; ` +
          `when no deployment is running, delete all under it, wait for 30 s, and its history is gone.`,
      ),
    elsewhere: (theirs: string, ours: string) =>
      new ChangeFailed(
        `The lock ${path} in the parameter store is that of cluster ${theirs}, and this run is for cluster ${ours}: with one lock for both, one would be taken for the other. ` +
          `Give each a lock of its own, such as \`lock-parameter: /blue-green/{app}/${ours}\`. Where the app has moved here from ${theirs}, delete all under it, wait for 30 s, and its history is gone: ${look}`,
      ),
    gone: () =>
      new ChangeFailed(
        `The lock ${path} in the parameter store is gone: somebody has deleted it while this run held it, and its history with it.`,
      ),
    outdated: () =>
      new TargetUnreachable(
        `The parameter store answers with what the lock ${path} held before it was written last. Look at it: ${look}`,
      ),
    busy: (times: number) =>
      new ChangeFailed(
        `The lock ${path} in the parameter store was taken by others ${times} times in a row while we tried. Who writes there: ${look}`,
      ),
    tooLong: (bytes: number) =>
      new ChangeFailed(
        `The record of the deployment has ${bytes} bytes, which is more than the lock ${path} in the parameter store can keep.`,
      ),
  }
}
