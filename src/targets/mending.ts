/** What becomes of parts of a router that were moved before another one failed. */
import { messageOf } from './message.ts'
import { isWayBack, type Order, unmoved } from './order.ts'
import { ChangeFailed, ChangeRefused, type Color, LeaseLost, TargetUnreachable } from './target.ts'

export interface MovedPart {
  /** For people. */
  readonly name: string
  putBack(to: Color): Promise<Returned>
}

export interface Returned {
  readonly said: string
  readonly isBack: boolean
}

export interface Journey {
  readonly order: Order
  readonly signal: AbortSignal
  /** As they were moved, the first one first. */
  readonly moved: readonly MovedPart[]
}

/**
 * The error to throw, after what was moved is back. Not on a way back: the color that was left has not passed its checks. Not after
 * the lease was lost, the run was interrupted or the target was silent: others decide, or everything is read first.
 */
export async function mend({ order, signal, moved }: Journey, error: unknown): Promise<unknown> {
  const { from, to } = order
  const isOver = signal.aborted || error instanceof LeaseLost
  if (moved.length === 0 || isOver || error instanceof TargetUnreachable) return error
  const what = messageOf(error).replace(unmoved, '').trimEnd()
  if (from.kind !== 'color' || isWayBack(order)) {
    const names = moved.map(({ name }) => name).join(', ')
    return new ChangeFailed(`${what} On ${to} now: ${names}.`, { cause: error })
  }
  const ends: Returned[] = []
  for (const part of moved.toReversed()) ends.push(await part.putBack(from.color))
  const said = [what, ...ends.map((end) => end.said)].join(' ')
  // Refused is what moved nothing.
  const isRefused = error instanceof ChangeRefused && ends.every(({ isBack }) => isBack)
  return isRefused ? new ChangeRefused(said, { cause: error }) : new ChangeFailed(said, { cause: error })
}
