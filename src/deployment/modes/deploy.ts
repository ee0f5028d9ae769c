/** deploy and rollback: the same six phases, on a new release or on one of the history. */
import { GateFailed } from '../../checks/gate.ts'
import type { GateWatch } from '../../checks/gate-watch.ts'
import type { Sampler } from '../../checks/sampler.ts'
import { type Color, TargetUnreachable, type Traffic } from '../../targets/target.ts'
import { acquireSession } from '../acquire.ts'
import { type Ending, trafficNow } from '../chronicle.ts'
import { endingOfFailure, endingOfSuccess, endingOfUnchanged } from '../endings.ts'
import { watchGates } from '../gates.ts'
import { locate, type Operation } from '../operation.ts'
import type { Course } from '../phases/course.ts'
import { determineColor } from '../phases/determine-color.ts'
import { inPhase, runPhases, unwrap } from '../phases/pipeline.ts'
import { preflight } from '../preflight.ts'
import { samplePublic } from '../samples.ts'
import { closeFormer, endSession } from '../session.ts'
import { settle } from '../settle.ts'
import type { Settled } from '../settled.ts'
import { rethrowIfOver } from '../way-back.ts'
import { clauseOf, messageOf, type Session, type World } from '../world.ts'

export async function deploy(world: World): Promise<Ending> {
  const gates = watchGates(world)
  await preflight(world, gates)
  const session = await acquireSession(world, 'open', world.intent.lockWait)
  try {
    if (session.degraded)
      throw new Error('The ledger takes no writes (a full disk?): nothing new is started.')
    await closeFormer(session)
    const planned = await inPhase(session, 'determine-color', () => determineColor(session))
    if (planned.kind === 'unchanged') return endingOfUnchanged(planned.why, planned.live)
    return await carry(session, planned.operation, gates)
  } finally {
    await endSession(session)
  }
}

async function carry(session: Session, operation: Operation, gates: GateWatch): Promise<Ending> {
  const sampler = samplePublic(session, operation)
  try {
    return { ...(await runCourse({ session, sampler, gates })), gates: gates.evidence() }
  } finally {
    await sampler.stop()
  }
}

async function runCourse(course: Course): Promise<Ending> {
  const { session, sampler, gates } = course
  try {
    const settled = await runPhases(course)
    return await conclude(session, sampler, settled)
  } catch (error) {
    gates.stop()
    rethrowIfOver(session, error)
    return await putRight(session, sampler, error)
  }
}

/** The release was verified; whether it is still what users get depends on who else moves traffic. */
async function conclude(session: Session, sampler: Sampler, settled: Settled): Promise<Ending> {
  await sampler.stop()
  const operation = session.journal.begun
  const evidence = sampler.evidence()
  const traffic = settled.kind === 'parked' ? seenAt(operation.to) : await trafficNow(session)
  const position = locate(operation, traffic)
  if (position === 'to' || position === 'unknown') return endingOfSuccess({ operation, traffic, evidence })
  const cause = `${operation.release.version} was verified on ${operation.to}, and then somebody else moved traffic.`
  return { ...endingOfFailure({ phase: 'cleanup', cause, operation, settled, traffic }), evidence }
}

/** An operation is parked only on a look at the router that has just found traffic there. */
const seenAt = (color: Color): Traffic => ({ kind: 'color', color })

/** Asks the table what to do about our own failure, and does it. */
async function putRight(session: Session, sampler: Sampler, error: unknown): Promise<Ending> {
  const { report, clock } = session
  const { phase, cause } = unwrap(error)
  report({ kind: 'section-started', title: 'Putting things right', at: clock.now() })
  const settled = await settleOrLeave(session, cause instanceof TargetUnreachable)
  report({ kind: 'section-ended', at: clock.now() })
  await sampler.stop()
  const operation = session.journal.begun
  const ending = endingOfFailure({
    phase,
    cause: messageOf(cause),
    operation,
    settled,
    traffic: await trafficNow(session),
    look: cause instanceof GateFailed ? cause.next : [],
  })
  return operation.traffic === 'from' ? ending : { ...ending, evidence: sampler.evidence() }
}

/** What goes wrong in here must not hide what went wrong before. */
async function settleOrLeave(session: Session, answerLost: boolean): Promise<Settled> {
  try {
    return await settle(session, { kind: 'main-failing' }, answerLost)
  } catch (error) {
    rethrowIfOver(session, error)
    return { kind: 'left-open', why: clauseOf(error), repair: session.journal.begun.inverse }
  }
}
