/** One deploy, promote or rollback, from its first write to its close. Its record at the target is the journal. */
import { z } from 'zod'
import type { Color, Traffic } from '../targets/target.ts'
import { phaseNames } from './report.ts'

const color = z.enum(['blue', 'green'])

export const releaseSchema = z.object({
  id: z.string(),
  orderedAs: z.string().optional(),
  version: z.string(),
  images: z.record(z.string(), z.string().nullable()),
  configuration: z.string(),
})

const hookProgress = z.enum(['started', 'done', 'failed'])

export const operationSchema = z.object({
  id: z.string(),
  /** Of the owner that began it: only its own post may close it as post. */
  nonce: z.string(),
  fence: z.number(),
  kind: z.enum(['deploy', 'stage', 'promote', 'rollback']),
  /** null on a first deployment: the router named nobody, or a color that runs nowhere. */
  from: color.nullable(),
  /** What the router named when the operation began. */
  observed: z.union([color, z.literal('nobody')]),
  to: color,
  release: releaseSchema,
  /** What ran on `from`, to start it again. */
  previous: releaseSchema.nullable(),
  /** Of the live color: a release gets as many instances as the one before it. */
  size: z.record(z.string(), z.number()).nullable(),
  phase: z.enum(phaseNames),
  traffic: z.enum(['from', 'switching', 'to', 'reverting', 'back']),
  verified: z.boolean(),
  /** The connections to the old color were waited for already. */
  drained: z.boolean(),
  retiring: z.boolean(),
  noRollback: z.boolean(),
  /** The live color failed its checks before we began: nothing to go back to. */
  liveWasSick: z.boolean(),
  oldColor: z.enum(['stop', 'keep', 'remove']),
  onFailure: z.enum(['stop', 'keep']),
  hooks: z.record(z.string(), hookProgress),
  /** Progress of each host or service where a target has several; empty where it has one. */
  hosts: z.record(z.string(), z.object({ traffic: z.enum(['from', 'to', 'unknown']) })),
  /** What a person would type to undo the switch. */
  inverse: z.array(z.string()),
  startedAt: z.number(),
  by: z.string(),
  state: z.enum(['open', 'committed', 'undone', 'failed']),
})

export type Operation = Readonly<z.infer<typeof operationSchema>>
export type Kind = Operation['kind']

/** Where the router stands, seen from an operation. */
export type Position = 'from' | 'to' | 'mixed' | 'nobody' | 'unknown'

/**
 * 'from' is what the operation saw when it began. Where it saw nobody, a router that now names the other color was moved by
 * somebody to something that is not ours: that too is "not at `to`", and what we must keep our hands off.
 */
export function locate(operation: Pick<Operation, 'observed' | 'to'>, traffic: Traffic): Position {
  switch (traffic.kind) {
    case 'nobody':
      return operation.observed === 'nobody' ? 'from' : 'nobody'
    case 'color':
      return traffic.color === operation.to ? 'to' : 'from'
    default:
      return traffic.kind
  }
}

/** Whether going back can be thought of at all; whether `from` still passes its checks is asked of `from`. */
export const mayGoBack = (operation: Operation): boolean =>
  operation.kind !== 'rollback' && operation.from !== null && !operation.noRollback && !operation.liveWasSick

/** The color the operation began from, as the router's word for it. */
export const observedTraffic = (operation: Operation): Traffic =>
  operation.observed === 'nobody' ? { kind: 'nobody' } : { kind: 'color', color: operation.observed as Color }
