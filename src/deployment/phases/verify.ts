import { changeOperation } from '../document.ts'
import { runHook } from '../hooks.ts'
import { ChecksFailed, provePublicly } from '../proof.ts'
import { say } from '../world.ts'
import { bake } from './bake.ts'
import { type Course, operationOf } from './course.ts'
import { startTheRest } from './start-the-rest.ts'

export async function verify(course: Course): Promise<void> {
  const { session } = course
  const { to, release, kind } = operationOf(course)
  const proof = await provePublicly(session, { version: release.version })
  if (!proof.passed) throw new ChecksFailed(`${to} passed its checks, and fails in public: ${proof.reason}`)
  say(
    session,
    proof.measured ? `${to} answers in public.` : 'No `url` is set: what users see was not measured.',
  )
  await startTheRest(course)
  await runHook(session, 'after-switch', 'verify')
  if (kind !== 'rollback') await bake(course)
  await session.journal.record((document) => changeOperation(document, { verified: true }))
}
