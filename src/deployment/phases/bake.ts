import { findDoubts } from '../../checks/evidence.ts'
import { GateFailed } from '../../checks/gate.ts'
import { TargetUnreachable } from '../../targets/target.ts'
import { ChecksFailed } from '../proof.ts'
import { namesOf } from '../starting.ts'
import { messageOf, type Session, say, warn } from '../world.ts'
import { type Course, operationOf } from './course.ts'
import { assertTrafficStayed } from './traffic.ts'

const pause = 1_000

/** Watches what users get and the platform's own view for the time of `bake`; ends at once when either breaks. */
export async function bake(course: Course): Promise<void> {
  const { session, gates } = course
  const { clock, intent } = session
  const { to } = operationOf(course)
  if (intent.bake === 0) return
  say(session, `Watching ${to} for ${Math.round(intent.bake / 1_000)} s.`)
  const deadline = clock.monotonic() + intent.bake
  gates.startBake(deadline)
  const seen: Seen = { restarts: null }
  for (;;) {
    await unlessUnreachable(session, () => lookAgain(course, seen))
    const left = deadline - clock.monotonic()
    if (left <= 0) break
    await sleepUnlessBroken(course, Math.min(pause, left))
  }
  await judgeSamples(course)
  await judgeGates(course)
}

interface Seen {
  /** At the first look that was answered. */
  restarts: number | null
}

async function lookAgain(course: Course, seen: Seen): Promise<void> {
  await assertTrafficStayed(course)
  const restarts = await countRestarts(course)
  seen.restarts ??= restarts
  if (restarts <= seen.restarts) return
  throw new ChecksFailed(`An instance of ${operationOf(course).to} was restarted while it was watched.`)
}

/** A target that does not answer us says nothing about what it answers users: the samples do. */
async function unlessUnreachable(session: Session, look: () => Promise<void>): Promise<void> {
  try {
    await look()
  } catch (error) {
    if (!(error instanceof TargetUnreachable)) throw error
    say(session, error.message)
  }
}

async function sleepUnlessBroken({ session, sampler, gates }: Course, time: number): Promise<void> {
  const { clock, signal } = session
  try {
    await clock.sleep(time, AbortSignal.any([signal, sampler.breached, gates.failed]))
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof GateFailed ? error : new ChecksFailed(messageOf(error))
  }
}

/** The requests still open belong to the bake: an app that hangs fails them last. */
async function judgeSamples({ session, sampler }: Course): Promise<void> {
  await sampler.stop()
  const breach = sampler.breach()
  if (breach !== null) throw new ChecksFailed(breach)
  if (session.intent.sampleRate === 0) return
  const { maxErrorRate, maxP99 } = session.intent
  for (const evidence of sampler.evidence()) {
    for (const doubt of findDoubts(evidence, { maxErrorRate, maxP99 })) warn(session, doubt)
  }
}

async function judgeGates({ session, gates }: Course): Promise<void> {
  await gates.endBake()
  for (const { gate, during, verdict, reason } of gates.evidence()) {
    if (during === 'bake' && verdict === 'not measured') warn(session, `${gate}: not measured, ${reason}`)
  }
}

async function countRestarts(course: Course): Promise<number> {
  const { target, intent } = course.session
  const { to } = operationOf(course)
  const readiness = await target.runtime.ready(to, namesOf(intent.services))
  if (readiness.kind === 'ready') return readiness.restarts
  if (readiness.kind === 'silent') throw new TargetUnreachable(readiness.reason)
  throw new ChecksFailed(`${to} lost an instance while it was watched: ${readiness.reason}`)
}
