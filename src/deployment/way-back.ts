/** Whether there is a color to go back to, and the going back itself. */
import { type Color, type Guard, LeaseLost, TargetUnreachable, type Traffic } from '../targets/target.ts'
import { changeOperation } from './document.ts'
import { runHook } from './hooks.ts'
import { insist } from './insist.ts'
import { locate, mayGoBack, type Operation } from './operation.ts'
import { passesChecks, provePublicly, type Verdict } from './proof.ts'
import { namesOf, startedAfter, startedBefore } from './starting.ts'
import { messageOf, type Session, say, warn } from './world.ts'

/**
 * Asks the old color whether it passes its checks, and starts it again first when it is stopped. The time for a running color
 * is `rollback-timeout`; a cold one has the times of a deployment besides. Throws TargetUnreachable.
 */
export async function hasWayBack(session: Session, operation: Operation): Promise<boolean> {
  if (!mayGoBack(operation) || operation.from === null) return false
  const { from } = operation
  try {
    const cold = await startAgain(session, operation, from)
    const verdict = await couldTakeTraffic(session, from, cold)
    if (verdict.passed) return true
    if (verdict.silent)
      throw new TargetUnreachable(`Nobody says whether ${from} could take traffic back: ${verdict.reason}`)
    warn(session, `${from} cannot take traffic back: ${verdict.reason}`)
    return false
  } catch (error) {
    rethrowIfOver(session, error)
    // No answer is not a no: with it a color that could take traffic would be given up, or retired.
    if (error instanceof TargetUnreachable) throw error
    warn(session, `${from} cannot take traffic back: ${messageOf(error)}`)
    return false
  }
}

/** An autoscaler may have asked for more than there is room for: those that serve are better than a release that fails. */
const longestWaitForAll = 30_000

async function couldTakeTraffic(session: Session, from: Color, cold: boolean): Promise<Verdict> {
  const { rollbackTimeout, health } = session.intent
  const question = { version: null, silence: 'passes' } as const
  const forAll = cold ? rollbackTimeout + health.timeout : Math.min(longestWaitForAll, rollbackTimeout / 2)
  const verdict = await passesChecks(session, from, { ...question, time: forAll })
  if (verdict.passed) return verdict
  const time = cold ? rollbackTimeout : rollbackTimeout - forAll
  return passesChecks(session, from, { ...question, time, enough: 'part' })
}

async function startAgain(session: Session, operation: Operation, from: Color): Promise<boolean> {
  const { runtime } = session.target
  const { presence } = await runtime.observe(from)
  if (presence !== 'stopped' && presence !== 'stopping' && presence !== 'absent') return false
  if (operation.previous === null) {
    throw new Error(`it is ${presence}, and what ran there is not recorded, so it cannot be started again`)
  }
  say(session, `${from} is ${presence}: starting ${operation.previous.version} there again.`)
  const { previous: release, size } = operation
  const services = namesOf(startedBefore(session.intent))
  await runtime.deploy(from, { release, size, services }, wayBackGuard(session))
  return true
}

/**
 * Moves traffic to the old color unless it is there already, and proves it. Needs no write at the ledger to succeed: what
 * cannot be recorded is warned of.
 */
export async function moveBack(session: Session, operation: Operation, traffic: Traffic): Promise<void> {
  await switchBack(session, operation, traffic)
  await proveBack(session, operation)
  await recordTraffic(session, 'back')
  await startTheRestAgain(session, operation)
  await tellOnce(session)
}

export async function switchBack(session: Session, operation: Operation, traffic: Traffic): Promise<void> {
  const { from } = operation
  if (from === null || locate(operation, traffic) === 'from') return
  await recordTraffic(session, 'reverting')
  const evidence = await session.target.router.switch(traffic, from, wayBackGuard(session))
  say(session, `Traffic is back on ${from}: ${evidence.detail}`)
}

async function proveBack(session: Session, operation: Operation): Promise<void> {
  const { from, previous } = operation
  if (from === null) return
  const proof = await provePublicly(session, { version: previous?.version ?? null })
  if (!proof.passed)
    warn(session, `Traffic is back on ${from}, but it does not answer well in public: ${proof.reason}`)
}

async function recordTraffic(session: Session, traffic: 'reverting' | 'back'): Promise<void> {
  const error = await session.journal.recordIfPossible((document) => changeOperation(document, { traffic }))
  if (error !== null)
    warn(session, `Going back without the ledger, which takes no writes: ${messageOf(error)}`)
}

/** What starts after a switch runs on a color that was never stopped; one that was started again is whole again with it. */
async function startTheRestAgain(session: Session, operation: Operation): Promise<void> {
  const { from, previous: release, size } = operation
  const services = namesOf(startedAfter(session.intent))
  if (from === null || services.length === 0) return
  const { runtime } = session.target
  try {
    await insist(session, async () => {
      const readiness = await runtime.ready(from, services)
      if (readiness.kind === 'ready') return
      if (release === null) throw new Error(`${readiness.reason}, and what ran there is not recorded`)
      say(session, `Starting ${services.join(', ')} on ${from} again.`)
      await runtime.deploy(from, { release, size, services }, { ...wayBackGuard(session), color: 'live' })
    })
  } catch (error) {
    rethrowIfOver(session, error)
    warn(
      session,
      `Traffic is back on ${from}, and ${services.join(', ')} could not be started there: ${messageOf(error)}`,
    )
  }
}

/** `on-rollback` at most once for an operation, and never in the way. */
async function tellOnce(session: Session): Promise<void> {
  const operation = session.journal.operation
  if (operation === null || operation.hooks['on-rollback'] !== undefined) return
  try {
    await runHook(session, 'on-rollback', operation.phase)
  } catch (error) {
    rethrowIfOver(session, error)
    warn(session, `on-rollback failed: ${messageOf(error)}`)
  }
}

/**
 * Going back asks neither whether the lease was renewed lately nor whether the ledger can be read; another owner's fence at the
 * target still ends it.
 */
const wayBackGuard = ({ keeper }: Session): Guard => ({
  lease: keeper.lease,
  color: 'any',
  unreadableLedger: 'ignore',
})

/** An interrupt or a lost lease ends the run whatever it was about to forgive. */
export function rethrowIfOver(session: Pick<Session, 'signal'>, error: unknown): void {
  session.signal.throwIfAborted()
  // A phase wraps what ended it.
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (cause instanceof LeaseLost) throw error
}
