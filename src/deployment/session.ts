/** Beginning and ending the time in which we hold the lease. */
import { LeaseLost } from '../targets/target.ts'
import { insist } from './insist.ts'
import type { Operation } from './operation.ts'
import { PlanRefused } from './plan.ts'
import { settle } from './settle.ts'
import type { Settled } from './settled.ts'
import { announce, messageOf, type Session, warn } from './world.ts'

/**
 * Gives the lease to whoever comes. With an operation still open it keeps our nonce, by which our post step takes it even on a
 * full disk. An interrupted run leaves it as it is.
 */
export async function endSession(session: Session): Promise<void> {
  if (session.signal.aborted) return
  await session.keeper.stop()
  const { lease } = session.keeper
  const { ledger } = session.target
  try {
    const isOpen = session.journal.operation?.state === 'open'
    await insist(session, () => ledger[isOpen ? 'park' : 'free'](lease))
  } catch (error) {
    if (!(error instanceof LeaseLost)) warn(session, `The lease was not given back: ${messageOf(error)}`)
  }
}

/** Whoever holds the lease first closes what is open. Throws PlanRefused when that cannot be done. */
export async function closeFormer(session: Session): Promise<void> {
  const { operation } = session.journal
  if (operation === null || operation.state !== 'open') return
  const { clock, report } = session
  const title = `Closing what ${operation.by} left open`
  report({ kind: 'section-started', title, at: clock.now() })
  const settled = await settle(session, { kind: 'next-run' })
  report({ kind: 'section-ended', at: clock.now() })
  if (settled.kind === 'left-open') {
    throw new PlanRefused(
      `The last ${operation.kind} is still open and cannot be closed: ${settled.why}.`,
      [...settled.repair, 'Then run with `mode: unlock`.'],
      'Nothing new was begun.',
    )
  }
  announceClosing(session, operation, settled)
}

/** Closing may have moved traffic, which nobody would look for in a run about something else. */
function announceClosing(session: Session, { kind, release }: Operation, settled: Settled): void {
  const what = `The ${kind} of ${release.version} that was left open`
  if (settled.kind === 'failed') warn(session, `${what} was closed as failed: ${settled.why}.`)
  else if (settled.kind === 'undone' && settled.how === 'went-back')
    announce(session, `${what} was taken back.`)
  else if (settled.kind === 'undone') announce(session, `${what} was undone.`)
  else announce(session, `${what} was closed as good.`)
}
