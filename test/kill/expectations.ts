/** What the closing table says of what was found when a run was stopped: the same table, asked from outside. */
import { type Asker, decideClosing } from '../../src/deployment/close.ts'
import type { Document } from '../../src/deployment/document.ts'
import { mayGoBack, type Operation } from '../../src/deployment/operation.ts'
import type { Color } from '../../src/targets/target.ts'
import { otherColor } from '../../src/targets/target.ts'
import type { Case } from './matrix.ts'

/** As it was when the run was stopped. */
export interface Found {
  readonly document: Document
  readonly named: Color
}

/** Where traffic is when the operation has been closed, and how history marks it; null: it is not closed by then. */
export interface Closed {
  /** Of the operation. */
  readonly id: string | null
  readonly traffic: Color
  readonly mark: 'good' | 'undone' | 'failed' | null
}

/** `later`: what the run handed to a shell before it heard of its interrupt; that is not called back, and may come too late. */
export function closingsAllowed(
  found: Found,
  later: Operation | null,
  { way, aftermath }: Case,
): readonly Closed[] {
  const operations = [found.document.operation, ...(way === 'interrupt' && later !== null ? [later] : [])]
  return operations.flatMap((operation) =>
    colorsPossible(found, operation).flatMap((named) =>
      askersOf(aftermath).map((asker) => closedBy(asker, operation, named)),
    ),
  )
}

/** A switch that was begun goes on without the run that began it. */
function colorsPossible({ named }: Found, operation: Operation | null): readonly Color[] {
  const moving = operation?.state === 'open' && ['switching', 'reverting'].includes(operation.traffic)
  return moving ? [named, otherColor(named)] : [named]
}

/** By default a later step that failed takes a verified release back; a cancelled job does not. */
const post = (goesBack: boolean): Asker => ({ kind: 'post', mine: true, goesBack })

function askersOf(aftermath: Case['aftermath']): readonly Asker[] {
  switch (aftermath) {
    case 'post-failure':
      return [post(true)]
    case 'post-cancelled':
    case 'post-success':
    case 'beside':
      return [post(false)]
    case 'both':
    case 'post-killed':
      return [post(true), { kind: 'next-run' }]
    case 'unlock':
      return [{ kind: 'unlock', force: true }]
    case 'cleanup':
      return [{ kind: 'cleanup' }]
    default:
      return [{ kind: 'next-run' }]
  }
}

function closedBy(asker: Asker, operation: Operation | null, named: Color): Closed {
  if (operation === null) return { id: null, traffic: named, mark: null }
  const { id } = operation
  const position = named === operation.to ? 'to' : 'from'
  // In these cases the color that was live before is never broken.
  const closing = decideClosing({ operation, position, wayBack: mayGoBack(operation), asker })
  switch (closing.kind) {
    case 'undo':
    case 'go-back':
      return { id, traffic: operation.from ?? named, mark: 'undone' }
    case 'concede':
      return { id, traffic: named, mark: 'undone' }
    case 'commit':
    case 'retire':
      return { id, traffic: named, mark: 'good' }
    case 'give-up':
      return { id, traffic: named, mark: 'failed' }
    case 'nothing':
      return { id, traffic: named, mark: markOf(operation) }
    default:
      throw new Error(`The table should not say "${closing.kind}" here.`)
  }
}

const markOf = ({ state }: Operation): Closed['mark'] =>
  (({ open: null, committed: 'good', undone: 'undone', failed: 'failed' }) as const)[state]
