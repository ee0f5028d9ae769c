/** unlock and cleanup: closing what is open without beginning anything. */
import { otherColor } from '../../targets/target.ts'
import { acquireSession } from '../acquire.ts'
import { type Ending, trafficNow } from '../chronicle.ts'
import type { Asker } from '../close.ts'
import { describeTraffic } from '../color-choice.ts'
import { withRelease } from '../document.ts'
import { endingOfClosing } from '../endings.ts'
import { guard } from '../hooks.ts'
import { PlanRefused } from '../plan.ts'
import { endSession } from '../session.ts'
import { settle } from '../settle.ts'
import { type Session, say, type World } from '../world.ts'

export const unlock = (world: World): Promise<Ending> => {
  const { force } = world.intent
  return closeOpen(world, { kind: 'unlock', force }, async () => 'Nothing was open; the lease is free.')
}

export const cleanUp = (world: World): Promise<Ending> =>
  closeOpen(world, { kind: 'cleanup' }, retireLeftOver)

async function closeOpen(
  world: World,
  asker: Asker,
  nothingOpen: (session: Session) => Promise<string>,
): Promise<Ending> {
  const { force, lockWait } = world.intent
  const session = await (asker.kind === 'unlock' && force
    ? acquireSession(world, 'break', 0)
    : acquireSession(world, 'open', lockWait))
  try {
    const settled = await settle(session, asker)
    const { operation } = session.journal
    if (settled.kind === 'nothing' || operation === null) {
      const headline = await nothingOpen(session)
      return { result: 'unchanged', ok: true, headline, traffic: await trafficNow(session) }
    }
    const ending = endingOfClosing({ settled, operation, traffic: await trafficNow(session) })
    // The deployment that is closed has failed; closing it has not.
    return ending.ok && ending.result === 'failed' ? { ...ending, result: 'unchanged' } : ending
  } finally {
    await endSession(session)
  }
}

/** Stops or removes the color that nobody is sent to. */
async function retireLeftOver(session: Session): Promise<string> {
  const { target, intent, journal } = session
  const traffic = await target.router.observe()
  if (traffic.kind !== 'color') {
    const repair = traffic.kind === 'nobody' ? [] : traffic.repair
    throw new PlanRefused(`The router names ${describeTraffic(traffic)}; nothing is stopped.`, [
      ...repair,
      'Run with `mode: cleanup` again once the router names a color.',
    ])
  }
  const idle = otherColor(traffic.color)
  const { presence } = await target.runtime.observe(idle)
  const gone = presence === 'absent' || (presence === 'stopped' && intent.oldColor !== 'remove')
  if (gone || intent.oldColor === 'keep')
    return `${traffic.color} is live; ${idle} is ${presence} and stays so.`
  say(session, `${traffic.color} is live; ${idle} is ${presence}.`)
  if (intent.oldColor === 'remove') {
    await target.runtime.remove(idle, await guard(session, 'not-live'))
    await journal.record((document) => withRelease(document, idle, null))
    return `${idle} was removed; ${traffic.color} is live.`
  }
  await target.runtime.stop(idle, await guard(session, 'not-live'))
  return `${idle} was stopped; ${traffic.color} is live.`
}
