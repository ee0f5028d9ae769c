/** What the ledger keeps besides the lease: the operation, what was staged, what runs on each color, the history. */
import { z } from 'zod'
import type { Color, Images } from '../targets/target.ts'
import { type Operation, operationSchema, releaseSchema } from './operation.ts'
import { foundRunning } from './release.ts'

const historyLimit = 20

const historyEntrySchema = z.object({
  operation: z.string(),
  kind: operationSchema.shape.kind,
  release: releaseSchema,
  color: z.enum(['blue', 'green']),
  mark: z.enum(['good', 'undone', 'failed', 'rolled-back-from']),
  /** The router was told to move, whether or not it stayed. */
  switched: z.boolean(),
  at: z.number(),
  by: z.string(),
  reason: z.string().nullable(),
})

const documentSchema = z.object({
  schema: z.literal(1),
  operation: operationSchema.nullable(),
  staged: z
    .object({
      id: z.string(),
      color: z.enum(['blue', 'green']),
      live: z.enum(['blue', 'green']).nullable(),
      release: releaseSchema,
      noRollback: z.boolean(),
      at: z.number(),
    })
    .nullable(),
  colors: z.object({ blue: releaseSchema.nullable(), green: releaseSchema.nullable() }),
  /** A migration that was started by an operation and never heard of again. */
  unfinishedMigration: z.object({ version: z.string(), at: z.number(), by: z.string() }).nullable(),
  /** Newest first. */
  history: z.array(historyEntrySchema),
})

export type Document = Readonly<z.infer<typeof documentSchema>>
export type HistoryEntry = Readonly<z.infer<typeof historyEntrySchema>>
export type HistoryMark = HistoryEntry['mark']

export const emptyDocument: Document = {
  schema: 1,
  operation: null,
  staged: null,
  colors: { blue: null, green: null },
  unfinishedMigration: null,
  history: [],
}

/** What an operation alone tells of the document it stood in. Before `deploy-inactive` nothing of it runs. */
export function documentOf(operation: Operation): Document {
  const { from, to, previous, phase, release } = operation
  const colors = {
    ...emptyDocument.colors,
    ...(from === null ? {} : { [from]: previous }),
    ...(phase === 'determine-color' ? {} : { [to]: release }),
  }
  return { ...emptyDocument, operation, colors }
}

export type ParsedDocument =
  | { readonly kind: 'document'; readonly document: Document }
  | { readonly kind: 'unreadable'; readonly why: string }

export function parseDocument(text: string | null): ParsedDocument {
  if (text === null) return { kind: 'document', document: emptyDocument }
  try {
    const parsed = documentSchema.safeParse(JSON.parse(text))
    if (parsed.success) return { kind: 'document', document: parsed.data }
    return { kind: 'unreadable', why: z.prettifyError(parsed.error) }
  } catch (error) {
    return { kind: 'unreadable', why: error instanceof Error ? error.message : String(error) }
  }
}

export const formatDocument = (document: Document): string => JSON.stringify(document)

export const withOperation = (document: Document, operation: Operation): Document => ({
  ...document,
  operation,
})

/** Changes the operation in the document; there must be one. */
export function changeOperation(document: Document, change: Partial<Operation>): Document {
  if (document.operation === null) throw new Error('There is no operation to change.')
  return { ...document, operation: { ...document.operation, ...change } }
}

export const withRelease = (
  document: Document,
  color: Color,
  release: Document['colors']['blue'],
): Document => ({
  ...document,
  colors: { ...document.colors, [color]: release },
})

/** The operation's release, and that of its color, with the images that were found running. */
export function withImages(document: Document, images: Images): Document {
  const { operation } = document
  if (operation === null) throw new Error('There is no operation to change.')
  const release = foundRunning(operation.release, images)
  return withRelease(changeOperation(document, { release }), operation.to, release)
}

const markOf = { committed: 'good', undone: 'undone', failed: 'failed' } as const

export interface CloseDetails {
  readonly state: 'committed' | 'undone' | 'failed'
  readonly at: number
  readonly reason: string | null
}

/** Closes the operation and writes it into the history; a committed rollback marks what it left. */
export function closeOperation(document: Document, { state, at, reason }: CloseDetails): Document {
  const { operation } = document
  if (operation === null) throw new Error('There is no operation to close.')
  const entry: HistoryEntry = {
    operation: operation.id,
    kind: operation.kind,
    release: operation.release,
    color: operation.to,
    mark: markOf[state],
    switched: operation.traffic !== 'from',
    at,
    by: operation.by,
    reason,
  }
  const left = state === 'committed' && operation.kind === 'rollback' ? operation.previous?.id : undefined
  const older = document.history.map((past) =>
    past.release.id === left && past.mark === 'good' ? { ...past, mark: 'rolled-back-from' as const } : past,
  )
  return {
    ...document,
    operation: { ...operation, state },
    unfinishedMigration: unfinishedMigrationAfter(document, operation, at),
    history: [entry, ...older].slice(0, historyLimit),
  }
}

function unfinishedMigrationAfter(
  document: Document,
  operation: Operation,
  at: number,
): Document['unfinishedMigration'] {
  switch (operation.hooks.migrate) {
    case 'started':
      return { version: operation.release.version, at, by: operation.by }
    case 'done':
      return null
    default:
      return document.unfinishedMigration
  }
}
