import { ChecksFailed } from '../proof.ts'
import { say, warn } from '../world.ts'
import { type Course, operationOf } from './course.ts'

const pause = 1_000

/** Watches what users get and the platform's own view for the time of `bake`; ends at once when either breaks. */
export async function bake(course: Course): Promise<void> {
  const { session, sampler } = course
  const { clock, intent, signal } = session
  const { to } = operationOf(course)
  if (intent.bake === 0) return
  say(session, `Watching ${to} for ${Math.round(intent.bake / 1_000)} s.`)
  const deadline = clock.monotonic() + intent.bake
  const restartsBefore = await countRestarts(course)
  for (;;) {
    if ((await countRestarts(course)) > restartsBefore) {
      throw new ChecksFailed(`An instance of ${to} was restarted while it was watched.`)
    }
    const left = deadline - clock.monotonic()
    if (left <= 0) return warnOfSilence(course)
    await clock.sleep(Math.min(pause, left), AbortSignal.any([signal, sampler.breached]))
  }
}

/** Too few samples prove nothing; that is not a pass, and must not look like one. */
function warnOfSilence({ session, sampler }: Course): void {
  if (session.intent.sampleRate === 0) return
  for (const { url, verdict } of sampler.evidence()) {
    if (verdict === 'not measured') warn(session, `${url}: too few samples to judge by; not measured.`)
  }
}

async function countRestarts(course: Course): Promise<number> {
  const { to } = operationOf(course)
  const readiness = await course.session.target.runtime.ready(to)
  if (readiness.kind === 'ready') return readiness.restarts
  throw new ChecksFailed(`${to} lost an instance while it was watched: ${readiness.reason}`)
}
