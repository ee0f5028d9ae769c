import { withOperation } from '../document.ts'
import { type Planned, planOperation } from '../plan.ts'
import { announce, type Session, say } from '../world.ts'

/** Reads everything and decides. The operation is on the runner then, and at the target before anything is changed there. */
export async function determineColor(session: Session): Promise<Planned> {
  const planned = await planOperation(session, session.journal.document, session.keeper.lease.fence)
  if (planned.kind === 'unchanged') {
    announce(session, `Nothing to do: ${planned.why}.`)
    return planned
  }
  const { operation } = planned
  say(
    session,
    operation.from === null
      ? `First deployment: nobody serves yet; ${operation.release.version} goes to ${operation.to}.`
      : `${operation.from} is live; ${operation.release.version} goes to ${operation.to}.`,
  )
  if (operation.liveWasSick) {
    announce(session, `${operation.from} is live and fails its checks: there is no automatic way back to it.`)
  }
  session.journal.amend((document) => withOperation(document, operation))
  return planned
}
