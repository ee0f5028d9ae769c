import { showTime } from '../checks/wording.ts'
import { otherColor } from '../targets/target.ts'
import type { Operation } from './operation.ts'
import { announce, type Session, say } from './world.ts'

const pause = 500
/** A single zero may fall between two requests. */
const quietInARow = 3

/** Waits until nobody is connected to the old color, at most `drain`; where that cannot be seen, for all of `drain`. */
export async function drainOldColor(session: Session, operation: Operation): Promise<void> {
  const { intent, clock, signal, target } = session
  if (operation.from === null || intent.drain === 0) return
  const from = otherColor(operation.to)
  const deadline = clock.monotonic() + intent.drain
  for (let quiet = 0; ; ) {
    const open = await target.runtime.quiet(from)
    if (open === 'at-stop')
      return say(session, `What is still open to ${from} is waited for when it is stopped.`)
    quiet = open === 0 ? quiet + 1 : 0
    if (quiet === quietInARow) return say(session, `${from} is quiet.`)
    const left = deadline - clock.monotonic()
    if (left <= 0) return tellOpen(session, operation, open)
    await clock.sleep(Math.min(pause, left), signal)
  }
}

const fates = { stop: 'cut when it is stopped', remove: 'cut when it is removed', keep: 'left open' } as const

function tellOpen(session: Session, { from, oldColor }: Operation, open: number | 'unknown'): void {
  const waited = showTime(session.intent.drain)
  if (open === 'unknown') {
    say(session, `Waited ${waited} for ${from} to drain; its connections cannot be counted here.`)
  } else if (open === 0) {
    say(session, `${from} was quiet at the end of ${waited}, for a moment only.`)
  } else {
    const connections = open === 1 ? '1 connection' : `${open} connections`
    announce(
      session,
      `${connections} to ${from} still open after ${waited} of draining, to be ${fates[oldColor]}.`,
    )
  }
}
