import { ChangeRefused, type Evidence, otherColor } from '../../targets/target.ts'
import { changeOperation } from '../document.ts'
import { guard, runHook } from '../hooks.ts'
import { mayGoBack, type Operation, observedTraffic } from '../operation.ts'
import { ChecksFailed, passesOnce } from '../proof.ts'
import { announce, type Session, say } from '../world.ts'
import { type Course, operationOf } from './course.ts'

export async function switchTraffic(course: Course): Promise<void> {
  const { session, sampler, gates } = course
  const operation = operationOf(course)
  const { to, release } = operation
  sayWayBack(course, operation)
  await runHook(session, 'before-switch', 'switch')
  await gates.lookBefore()
  const verdict = await passesOnce(session, to, { version: release.version })
  if (!verdict.passed) {
    throw new ChecksFailed(
      `${to} passed its checks and failed the last one, right before the switch: ${verdict.reason}`,
    )
  }
  await session.journal.record((document) =>
    changeOperation(document, { phase: 'switch', traffic: 'switching' }),
  )
  sampler.markSwitch()
  const evidence = await move(session, operation)
  // On a first deployment nobody answered before, which would read as failed requests.
  if (operation.from === null) sampler.start()
  say(session, `Traffic is on ${to}: ${evidence.detail}`)
  await session.journal.record((document) => changeOperation(document, { phase: 'verify', traffic: 'to' }))
}

/** A switch that was refused has moved nothing: wherever traffic is now, others brought it there. */
async function move(session: Session, operation: Operation): Promise<Evidence> {
  const { journal, target } = session
  try {
    return await target.router.switch(observedTraffic(operation), operation.to, await guard(session, 'any'))
  } catch (error) {
    if (error instanceof ChangeRefused)
      await journal.recordIfPossible((document) => changeOperation(document, { traffic: 'from' }))
    throw error
  }
}

function sayWayBack({ session }: Course, operation: Operation): void {
  if (!mayGoBack(operation)) {
    announce(session, `There is no automatic way back after this switch: ${whyNoWayBack(operation)}.`)
  }
  if (operation.inverse.length === 0) return
  say(session, 'To go back by hand:')
  for (const line of operation.inverse) say(session, `  ${line}`)
}

function whyNoWayBack({ kind, from, noRollback, liveWasSick, to }: Operation): string {
  if (kind === 'rollback') return 'it is a rollback itself'
  if (from === null) return 'it is the first deployment'
  if (noRollback) return '`no-rollback` is set'
  if (liveWasSick) return `${from} failed its checks before we began`
  return `${otherColor(to)} cannot take it`
}
