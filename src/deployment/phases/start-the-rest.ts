import { withImages } from '../document.ts'
import { guard } from '../hooks.ts'
import { ChecksFailed, passesWhole, provePublicly, type Verdict } from '../proof.ts'
import { namesOf, startedAfter } from '../starting.ts'
import { say } from '../world.ts'
import { type Course, operationOf } from './course.ts'

/** The services that start after the switch. Nothing of theirs is at work for a release that was not proven in public. */
export async function startTheRest(course: Course): Promise<void> {
  const { session } = course
  const { to, release, size } = operationOf(course)
  const rest = startedAfter(session.intent)
  if (rest.length === 0) return
  const services = namesOf(rest)
  say(session, `Starting ${services.join(', ')} on ${to}.`)
  const images = await session.target.runtime.deploy(
    to,
    { release, size, services },
    await guard(session, 'live'),
  )
  session.journal.amend((document) => withImages(document, images))
  const verdict = await passTheRest(course)
  if (!verdict.passed) throw new ChecksFailed(`${to} did not come up whole: ${verdict.reason}`)
  say(session, `${to} runs whole.`)
}

async function passTheRest(course: Course): Promise<Verdict> {
  const { session } = course
  const { to, release } = operationOf(course)
  const { version } = release
  const verdict = await passesWhole(session, to, { version, time: session.intent.health.timeout })
  return verdict.passed
    ? provePublicly(session, { version, services: startedAfter(session.intent) })
    : verdict
}
