import { otherColor } from '../targets/target.ts'
import type { Operation } from './operation.ts'
import { type Session, say } from './world.ts'

const pause = 500
/** A single zero may fall between two requests. */
const quietInARow = 3

/** Waits until nobody is connected to the old color, at most `drain`; where that cannot be seen, for all of `drain`. */
export async function drainOldColor(session: Session, operation: Operation): Promise<void> {
  const { intent, clock, signal, target } = session
  if (operation.from === null || intent.drain === 0) return
  const from = otherColor(operation.to)
  const deadline = clock.monotonic() + intent.drain
  let quiet = 0
  let open: number | 'unknown' = 'unknown'
  while (clock.monotonic() < deadline) {
    open = await target.runtime.quiet(from)
    quiet = open === 0 ? quiet + 1 : 0
    if (quiet === quietInARow) return say(session, `${from} is quiet.`)
    await clock.sleep(Math.min(pause, Math.max(0, deadline - clock.monotonic())), signal)
  }
  say(
    session,
    open === 'unknown'
      ? `Waited for ${from} to drain; its connections cannot be counted here.`
      : `${from} still has ${open} connections.`,
  )
}
