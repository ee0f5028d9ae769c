import { runHook } from '../hooks.ts'
import { ChecksFailed, passesChecks } from '../proof.ts'
import { announce, say } from '../world.ts'
import { type Course, operationOf } from './course.ts'

export async function health(course: Course): Promise<void> {
  const { session, gates } = course
  const { to, release } = operationOf(course)
  const deadline = session.clock.monotonic() + session.intent.health.timeout
  if (session.intent.health.skip) {
    announce(
      session,
      `Health checks were skipped, as \`skip-health-check\` asks: ${to} was never asked whether it works.`,
    )
  } else {
    const { timeout } = session.intent.health
    const verdict = await passesChecks(session, to, { version: release.version, time: timeout })
    if (!verdict.passed) throw new ChecksFailed(`${to} did not become healthy: ${verdict.reason}`)
    say(session, `${to} is healthy.`)
  }
  await gates.passHealth(deadline)
  await runHook(session, 'smoke-test', 'health')
}
