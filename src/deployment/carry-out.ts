/** Does what the closing table says. */
import { type Diagnosis, TargetUnreachable, type Traffic } from '../targets/target.ts'
import type { Closing } from './close.ts'
import { describeTraffic } from './color-choice.ts'
import { changeOperation, closeOperation, type Document, withRelease } from './document.ts'
import { drainOldColor } from './drain.ts'
import { guard, runHook } from './hooks.ts'
import { insist } from './insist.ts'
import type { Operation } from './operation.ts'
import { passesChecks, provePublicly } from './proof.ts'
import type { Fate, Settled } from './settled.ts'
import { namesOf, startedAfter } from './starting.ts'
import { moveBack, rethrowIfOver } from './way-back.ts'
import { clauseOf, messageOf, type Session, warn } from './world.ts'

interface Scene {
  readonly session: Session
  readonly operation: Operation
  readonly traffic: Traffic
  readonly mayMend: boolean
}

/** Traffic is of one mind again, and everything is to be looked at anew. */
type Mended = { readonly kind: 'mended' }

export async function carryOut(scene: Scene, closing: Closing): Promise<Settled | Mended> {
  const { session, operation, traffic } = scene
  switch (closing.kind) {
    case 'nothing':
      return { kind: 'nothing' }
    case 'undo':
      return undo(session, operation, 'untouched')
    case 'go-back':
      return goBack(scene)
    case 'give-up':
      return fail(session, closing.why, closing.movedBy)
    case 'go-forward':
      return goForward(scene)
    case 'mend':
      return mend(scene)
    case 'concede':
      await close(session, 'undone')
      warn(
        session,
        `Somebody moved traffic back to ${describeTraffic(traffic)}; both colors are left running.`,
      )
      return { kind: 'undone', how: 'conceded', newColor: 'left running', diagnosis: null }
    case 'park':
      return { kind: 'parked' }
    case 'retire':
      return { kind: 'committed', retired: await retire(session, operation) }
    case 'commit':
      await close(session, 'committed')
      return { kind: 'committed', retired: false }
    case 'wait':
      return closing.closesAnyway
        ? fail(session, `the router names ${describeTraffic(traffic)}; closed because \`force\` asks for it`)
        : leaveOpen(scene)
  }
}

async function goBack(scene: Scene): Promise<Settled> {
  const { session, operation, traffic } = scene
  try {
    await moveBack(session, operation, traffic)
  } catch (error) {
    rethrowIfOver(session, error)
    if (error instanceof TargetUnreachable) throw error
    const why = `traffic could not be put back on ${operation.from}: ${clauseOf(error)}`
    return { kind: 'left-open', why, repair: operation.inverse }
  }
  return undo(session, operation, 'went-back')
}

/** Keeps the logs of the new color, then does to it what `on-failure` says. */
async function undo(
  session: Session,
  operation: Operation,
  how: 'untouched' | 'went-back',
): Promise<Settled> {
  const started = session.journal.document.colors[operation.to]?.id === operation.release.id
  const diagnosis = started ? await diagnose(session, operation) : null
  const newColor = started ? await endNewColor(session, operation) : 'never started'
  await close(session, 'undone')
  return { kind: 'undone', how, newColor, diagnosis }
}

async function endNewColor(session: Session, { to, onFailure }: Operation): Promise<Fate> {
  if (onFailure === 'keep') return 'kept'
  const stopped = await forgive(session, `${to} could not be stopped`, () =>
    insist(session, () =>
      session.target.runtime.stop(to, { lease: session.keeper.lease, color: 'not-live' }),
    ),
  )
  return stopped ? 'stopped' : 'left running'
}

async function diagnose(session: Session, operation: Operation): Promise<Diagnosis | null> {
  try {
    return await session.target.runtime.diagnose(operation.to)
  } catch (error) {
    rethrowIfOver(session, error)
    warn(session, `${operation.to} could not be diagnosed: ${messageOf(error)}`)
    return null
  }
}

async function goForward({ session, operation, traffic }: Scene): Promise<Settled> {
  const { to, release } = operation
  const verdict = await passesChecks(session, to, {
    version: release.version,
    time: session.intent.rollbackTimeout,
  })
  if (!verdict.passed)
    return fail(session, `traffic is split, and ${to} does not pass its checks: ${verdict.reason}`)
  await session.target.router.switch(traffic, to, await guard(session, 'any'))
  return fail(session, `traffic was split with no way back; all of it is on ${to} now`)
}

async function mend(scene: Scene): Promise<Settled | Mended> {
  const { session, operation, traffic, mayMend } = scene
  if (!mayMend) return leaveOpen(scene)
  warn(session, `Traffic is ${describeTraffic(traffic)}; bringing all of it to ${operation.to}.`)
  await session.target.router.switch(traffic, operation.to, await guard(session, 'any'))
  const proof = await provePublicly(session, { version: operation.release.version })
  if (!proof.passed) return leaveOpen(scene, proof.reason)
  return { kind: 'mended' }
}

/** From here on our own troubles are warnings: the release is verified and live. */
async function retire(session: Session, operation: Operation): Promise<boolean> {
  if (!operation.drained) await drainOldColor(session, operation)
  await session.journal.record((document) => changeOperation(document, { retiring: true, drained: true }))
  const retired = await retireOldColor(session, operation)
  await forgive(session, 'after-cleanup failed', () => runHook(session, 'after-cleanup', 'cleanup'))
  await close(session, 'committed')
  return retired
}

async function retireOldColor(session: Session, operation: Operation): Promise<boolean> {
  const { from, oldColor } = operation
  if (from === null || oldColor === 'keep') return false
  const { runtime } = session.target
  return forgive(session, `${from} could not be ${oldColor === 'stop' ? 'stopped' : 'removed'}`, () =>
    insist(session, async () => {
      if (oldColor === 'stop') return runtime.stop(from, await guard(session, 'not-live'))
      await runtime.remove(from, await guard(session, 'not-live'))
      await session.journal.record((document) => withRelease(document, from, null))
    }),
  )
}

async function fail(session: Session, why: string, movedBy: 'us' | 'others' = 'us'): Promise<Settled> {
  warnOfTheRest(session)
  await close(session, 'failed')
  return { kind: 'failed', why, movedBy }
}

function warnOfTheRest({ intent, journal, report }: Session): void {
  const rest = namesOf(startedAfter(intent))
  if (rest.length === 0 || journal.begun.verified) return
  warn(
    { report },
    `${rest.join(', ')} would have started at the end of the switch, and may not run on ${journal.begun.to}.`,
  )
}

function leaveOpen({ operation, traffic }: Scene, reason?: string): Settled {
  const repair = traffic.kind === 'mixed' || traffic.kind === 'unknown' ? traffic.repair : operation.inverse
  const why = reason ?? `the router names ${describeTraffic(traffic)}`
  return { kind: 'left-open', why, repair }
}

async function close(session: Session, state: 'committed' | 'undone' | 'failed'): Promise<void> {
  const change = (document: Document) =>
    closeOperation(document, { state, at: session.clock.now(), reason: session.intent.reason })
  const error = await session.journal.recordIfPossible(change)
  if (error !== null)
    warn(session, `The ledger could not be told that this operation is ${state}: ${messageOf(error)}`)
}

/** false: it failed, and that was said. */
async function forgive(session: Session, what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    rethrowIfOver(session, error)
    warn(session, `${what}: ${messageOf(error)}`)
    return false
  }
}
