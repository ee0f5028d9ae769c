/** One generation of the lease: what stands in its parameter. */
import { z } from 'zod'
import { ownerShape } from '../../owner.ts'
import type { Owner } from '../../target.ts'
import { mostPieces, valueLimit } from './packing.ts'

export interface Generation extends Head {
  readonly fence: number
  /** Of the parameter: it grows with every write. */
  readonly version: number
  /** When it was written last, by the clock of AWS, in milliseconds. */
  readonly modified: number
}

export interface Head {
  /** Of the app: a path serves one alone. */
  readonly cluster: string
  readonly status: 'free' | 'parked' | 'held'
  /** null: of nobody. */
  readonly owner: Owner | null
  /** Milliseconds. */
  readonly ttl: number
  /** null: nothing was written since the generation before. */
  readonly document: Packed | null
}

export interface Packed {
  readonly first: string
  /**
   * Of the parameters that hold the other pieces, in their order. They are overwritten before the head is, which names the
   * versions that belong to it: whoever reads meanwhile asks for those, and AWS keeps a hundred.
   */
  readonly versions: readonly number[]
}

/** A parameter as AWS answers it. */
export interface Parameter {
  readonly Name?: string | undefined
  readonly Value?: string | undefined
  readonly Version?: number | undefined
  readonly LastModifiedDate?: Date | undefined
}

/** What is in the parameter is not ours, or was edited by hand. */
export class UnreadableGeneration extends Error {
  override readonly name = 'UnreadableGeneration'
}

const headShape = z.object({
  cluster: z.string(),
  status: z.enum(['free', 'parked', 'held']),
  owner: ownerShape.nullable(),
  ttl: z.number().positive(),
  document: z.object({ first: z.string(), versions: z.array(z.int().min(1)).max(mostPieces) }).nullable(),
})

/** Throws UnreadableGeneration. */
export function readGeneration(fence: number, parameter: Parameter): Generation {
  const { Value = '', Version = 0, LastModifiedDate } = parameter
  const parsed = headShape.safeParse(jsonIn(Value))
  if (!parsed.success) throw new UnreadableGeneration(z.prettifyError(parsed.error).split('\n')[0])
  if ((parsed.data.owner === null) !== (parsed.data.status === 'free'))
    throw new UnreadableGeneration(`it is ${parsed.data.status}, and its owner does not go with that`)
  return { ...parsed.data, fence, version: Version, modified: LastModifiedDate?.getTime() ?? 0 }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * JSON of ASCII alone, so that its length is that of its bytes, and without `{{`, which the parameter store takes for the name
 * of another parameter.
 */
export function textOf({ cluster, status, owner, ttl, document }: Head): string {
  return JSON.stringify({ cluster, status, owner, ttl, document })
    .replaceAll('{{', '{\\u007b')
    .replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const longestVersions = Array<number>(mostPieces).fill(999_999)

/** Characters that are left for the document beside the rest, which gets longer when the lease is parked. */
export const roomIn = (head: Omit<Head, 'document'>): number =>
  valueLimit -
  textOf({ ...head, status: 'parked', document: { first: '', versions: longestVersions } }).length
