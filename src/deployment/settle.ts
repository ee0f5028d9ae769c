/** Closes what is open: asks the table until what it says could be carried out. */
import { TargetUnreachable, type Traffic } from '../targets/target.ts'
import { acquireAnew } from './acquire.ts'
import { carryOut } from './carry-out.ts'
import { type Asker, decideClosing, wayBackMatters } from './close.ts'
import { describeTraffic } from './color-choice.ts'
import { locate, type Operation } from './operation.ts'
import type { Settled } from './settled.ts'
import { hasWayBack, rethrowIfOver, switchBack } from './way-back.ts'
import { clauseOf, messageOf, type Session, say, warn } from './world.ts'

const mendsAllowed = 3
const pauseBetweenReads = 1_000

/**
 * What a lost connection left undone is unknown, so everything is read and decided anew, for `rollback-timeout` at most. Nothing
 * is closed on the strength of an answer that never came, nor beside a change that may still be running. `answerLost`: that of
 * the last change before this.
 */
export async function settle(session: Session, asker: Asker, answerLost = false): Promise<Settled> {
  const { clock, intent, signal } = session
  const deadline = clock.monotonic() + intent.rollbackTimeout
  let elsewhere = ''
  for (let mayRun = answerLost; ; ) {
    try {
      if (mayRun) await endWhatMayRun(session)
      mayRun = false
      return await settleOnce(session, asker)
    } catch (error) {
      if (!(error instanceof TargetUnreachable)) throw error
      mayRun = true
      warn(session, error.message)
      if (error.rest !== null) elsewhere = await goBackInPart({ ...session, target: error.rest }, asker)
      if (clock.monotonic() >= deadline) {
        const repair = session.journal.operation?.inverse ?? []
        return { kind: 'left-open', why: `${clauseOf(error)}${elsewhere}`, repair }
      }
    }
    await clock.sleep(pauseBetweenReads, signal)
  }
}

/** Where the ledger refuses, going back must not hang on it. */
async function endWhatMayRun(session: Session): Promise<void> {
  try {
    await acquireAnew(session)
  } catch (error) {
    rethrowIfOver(session, error)
    if (error instanceof TargetUnreachable) throw error
    warn(session, `What was lost on the way may still be running: ${messageOf(error)}`)
  }
}

async function settleOnce(session: Session, asker: Asker): Promise<Settled> {
  for (let mends = 0; ; mends += 1) {
    const { operation } = session.journal
    if (operation === null || operation.state !== 'open') return { kind: 'nothing' }
    const { traffic, closing } = await decide(session, operation, asker)
    const mayMend = mends < mendsAllowed
    const settled = await carryOut({ session, operation, traffic, mayMend }, closing)
    if (settled.kind !== 'mended') return settled
  }
}

async function decide(session: Session, operation: Operation, asker: Asker) {
  const traffic = await readTraffic(session, operation)
  const scene = { operation, position: locate(operation, traffic), asker }
  const wayBack = wayBackMatters(scene) && (await hasWayBack(session, operation))
  return { traffic, closing: decideClosing({ ...scene, wayBack }) }
}

/**
 * For users of the parts of a target that can be reached. The operation stays open on its way back: whoever comes when the other
 * parts are there again brings them together before anything else. Answers what is to be said of it.
 */
async function goBackInPart(session: Session, asker: Asker): Promise<string> {
  const { operation } = session.journal
  if (operation === null || operation.state !== 'open' || operation.from === null) return ''
  try {
    const { traffic, closing } = await decide(session, operation, asker)
    if (closing.kind === 'go-back') await switchBack(session, operation, traffic)
    else if (locate(operation, traffic) !== 'from') return ''
    return `; everywhere else traffic is on ${operation.from}`
  } catch (error) {
    rethrowIfOver(session, error)
    warn(session, messageOf(error))
    return ''
  }
}

/** Asks again while the router says nothing we can use, for `rollback-timeout` at most. */
async function readTraffic(session: Session, operation: Operation): Promise<Traffic> {
  const { clock, intent, signal, target } = session
  const deadline = clock.monotonic() + intent.rollbackTimeout
  for (;;) {
    const traffic = await target.router.observe()
    const position = locate(operation, traffic)
    if (position !== 'nobody' && position !== 'unknown') return traffic
    if (clock.monotonic() >= deadline) return traffic
    say(session, `The router names ${describeTraffic(traffic)}; asking again.`)
    await clock.sleep(pauseBetweenReads, signal)
  }
}
