import { changeOperation } from '../document.ts'
import { drainOldColor } from '../drain.ts'
import { mayGoBack } from '../operation.ts'
import { settle } from '../settle.ts'
import type { Settled } from '../settled.ts'
import { rethrowIfOver } from '../way-back.ts'
import { messageOf, say, warn } from '../world.ts'
import { type Course, operationOf } from './course.ts'

/** The release is verified and live: whatever goes wrong in here is a warning. */
export async function cleanUp(course: Course): Promise<Settled> {
  const { session } = course
  const operation = operationOf(course)
  try {
    await drainOldColor(session, operation)
    await session.journal.record((document) => changeOperation(document, { phase: 'cleanup', drained: true }))
    const keepsOpen = session.intent.goesBackOn.length > 0
    const settled = await settle(session, { kind: 'main-cleanup', keepsOpen })
    if (settled.kind === 'parked') say(session, whatPostWillDo(course))
    if (settled.kind === 'left-open') warn(session, `This deployment could not be closed yet: ${settled.why}`)
    return settled
  } catch (error) {
    rethrowIfOver(session, error)
    warn(session, `The new release is live and verified; tidying up failed: ${messageOf(error)}`)
    return { kind: 'left-open', why: messageOf(error), repair: ['Run again with `mode: cleanup`.'] }
  }
}

function whatPostWillDo(course: Course): string {
  const operation = operationOf(course)
  const { from, oldColor } = operation
  if (from === null) return 'The post step closes this deployment when the job has ended.'
  const retired = { stop: 'stopped', keep: 'kept', remove: 'removed' }[oldColor]
  const back = mayGoBack(operation) ? '; if a later step fails, traffic goes back to it' : ''
  return `${from} stays warm until the job has ended, then it is ${retired}${back}.`
}
