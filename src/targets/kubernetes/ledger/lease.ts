/** The Lease object in which an app's ledger is kept: https://kubernetes.io/docs/concepts/architecture/leases */
import { z } from 'zod'
import { parseOwner } from '../../owner.ts'
import type { Claim, LeaseView, Owner } from '../../target.ts'
import { apiVersionOf, kindOf, pointer } from '../names.ts'

export const statusAnnotation = 'blue-green-action/status'
/** JSON, for people: who holds the lease, or held it last. */
export const ownerAnnotation = 'blue-green-action/owner'
export const documentAnnotation = 'blue-green-action/document'

/** What is kept. */
export interface LeaseRecord {
  readonly status: 'free' | 'parked' | 'held'
  readonly fence: number
  /** null: of nobody. */
  readonly owner: Owner | null
  /** Milliseconds. */
  readonly ttl: number
  /** By the server's clock, in milliseconds. */
  readonly renewed: number
  readonly mark: string
  readonly document: string | null
}

/** What is in the object is not ours, or was edited by hand. */
export class UnreadableLease extends Error {
  override readonly name = 'UnreadableLease'
}

const leaseShape = z.object({
  metadata: z.object({
    resourceVersion: z.string().min(1),
    annotations: z.object({
      [statusAnnotation]: z.enum(['free', 'parked', 'held']),
      [ownerAnnotation]: z.string(),
      [documentAnnotation]: z.string().optional(),
    }),
  }),
  spec: z.object({
    leaseTransitions: z.int().min(1),
    leaseDurationSeconds: z.int().min(1),
    renewTime: z.iso.datetime({ offset: true }),
    /** The API server takes none that is empty. */
    holderIdentity: z.string().optional(),
  }),
})

/** Throws UnreadableLease. */
export function readLease(object: unknown): LeaseRecord {
  const parsed = leaseShape.safeParse(object)
  if (!parsed.success) throw new UnreadableLease(firstIssue(parsed.error))
  const { metadata, spec } = parsed.data
  const { [statusAnnotation]: status, [documentAnnotation]: document = null } = metadata.annotations
  return {
    status,
    fence: spec.leaseTransitions,
    owner: status === 'free' ? null : ownerOf(metadata.annotations[ownerAnnotation], spec.holderIdentity),
    ttl: spec.leaseDurationSeconds * 1_000,
    renewed: Date.parse(spec.renewTime),
    mark: metadata.resourceVersion,
    document,
  }
}

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues
  return `${issue?.path.join('.')}: ${issue?.message}`
}

function ownerOf(text: string, nonce: string | undefined): Owner {
  const owner = parseOwner(text)
  if (owner === null) throw new UnreadableLease(`metadata.annotations.${ownerAnnotation}: no owner`)
  if (owner.nonce !== nonce)
    throw new UnreadableLease(`spec.holderIdentity and ${ownerAnnotation} name different owners`)
  return owner
}

/** Where there is no object. */
export const noLease: LeaseView = { status: 'free', fence: 0, owner: null, ttl: 0, mark: 'none' }

export const leaseViewOf = (record: LeaseRecord, serverTime: number): LeaseView => ({
  status: isExpired(record, serverTime) ? 'expired' : record.status,
  fence: record.fence,
  owner: record.owner,
  ttl: record.ttl,
  mark: record.mark,
})

const isExpired = ({ status, renewed, ttl }: LeaseRecord, serverTime: number): boolean =>
  status === 'held' && serverTime - renewed > ttl

export interface Asked {
  readonly nonce: string
  readonly claim: Claim
  readonly unchangedMark: string | null
  readonly serverTime: number
}

export function mayTake(record: LeaseRecord, { nonce, claim, unchangedMark, serverTime }: Asked): boolean {
  if (record.status !== 'held' || claim === 'break' || record.mark === unchangedMark) return true
  return (claim === 'own' && record.owner?.nonce === nonce) || isExpired(record, serverTime)
}

export interface Taking {
  readonly fence: number
  readonly owner: Owner
  /** Milliseconds. */
  readonly ttl: number
  /** By the server's clock, in milliseconds. */
  readonly time: number
}

const specOf = ({ fence, owner, ttl, time }: Taking) => ({
  leaseTransitions: fence,
  holderIdentity: owner.nonce,
  leaseDurationSeconds: Math.max(1, Math.ceil(ttl / 1_000)),
  acquireTime: microTime(time),
  renewTime: microTime(time),
})

const heldBy = (owner: Owner) => ({
  [statusAnnotation]: 'held',
  [ownerAnnotation]: JSON.stringify(owner),
})

export const newLease = (name: string, taking: Taking): unknown => ({
  apiVersion: apiVersionOf('leases'),
  kind: kindOf('leases'),
  metadata: { name, annotations: heldBy(taking.owner) },
  spec: specOf(taking),
})

/** https://www.rfc-editor.org/rfc/rfc6902 */
export type Patch = readonly {
  readonly op: 'test' | 'add' | 'remove'
  readonly path: string
  readonly value?: unknown
}[]

const add = (value: unknown, ...keys: readonly string[]) =>
  ({ op: 'add', path: pointer(...keys), value }) as const
const annotate = (name: string, value: string) => add(value, 'metadata', 'annotations', name)

/**
 * Refused by the API server when anybody has written since the record was read, and so is what we have sent ourselves and what
 * arrives after its successor.
 */
export const patchOf = ({ mark }: LeaseRecord, changes: Patch): Patch => [
  { op: 'test', path: pointer('metadata', 'resourceVersion'), value: mark },
  ...changes,
]

export const taking = (by: Taking): Patch => [
  ...Object.entries(specOf(by)).map(([field, value]) => add(value, 'spec', field)),
  ...Object.entries(heldBy(by.owner)).map(([name, value]) => annotate(name, value)),
]

export const renewing = (time: number): Patch => [add(microTime(time), 'spec', 'renewTime')]
export const writing = (document: string): Patch => [annotate(documentAnnotation, document)]
export const parking: Patch = [annotate(statusAnnotation, 'parked')]
export const freeing: Patch = [
  annotate(statusAnnotation, 'free'),
  { op: 'remove', path: pointer('spec', 'holderIdentity') },
]

/** The API takes times of this field with exactly six digits behind the second. */
export const microTime = (time: number): string => {
  const micros = Math.floor((time - Math.floor(time)) * 1_000)
  return new Date(Math.floor(time)).toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`)
}
