import { changeOperation, withImages, withRelease } from '../document.ts'
import { guard, runHook } from '../hooks.ts'
import { namesOf, startedBefore } from '../starting.ts'
import { say } from '../world.ts'
import { type Course, operationOf } from './course.ts'

export async function deployInactive(course: Course): Promise<void> {
  const { session, sampler } = course
  const { kind, from, to, release, size } = operationOf(course)
  if (from !== null) sampler.start()
  await runHook(session, 'before-deploy', 'deploy-inactive')
  if (kind === 'rollback' && (await runsAlready(course))) {
    say(session, `${to} still runs ${release.version}.`)
    return
  }
  await session.journal.record((document) =>
    withRelease(changeOperation(document, { phase: 'deploy-inactive' }), to, release),
  )
  say(session, `Deploying ${release.version} to ${to}.`)
  const services = namesOf(startedBefore(session.intent))
  const images = await session.target.runtime.deploy(
    to,
    { release, size, services },
    await guard(session, 'not-live'),
  )
  session.journal.amend((document) => withImages(document, images))
  if (kind !== 'rollback') await runHook(session, 'migrate', 'deploy-inactive')
}

/** Only a release that took traffic there is known to be there: what was merely sent may never have arrived. */
async function runsAlready(course: Course): Promise<boolean> {
  const { journal, target } = course.session
  const { to, release } = operationOf(course)
  const { colors, history } = journal.document
  const last = history.find(({ color }) => color === to)
  if (colors[to]?.id !== release.id || last?.release.id !== release.id || !last.switched) return false
  return (await target.runtime.observe(to)).presence === 'running'
}
