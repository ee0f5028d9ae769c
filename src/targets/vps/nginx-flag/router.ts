/** nginx as the router: switched by the flag, and confirmed by nginx itself. */
import { type ChangePlace, runChange } from '../../../host/change.ts'
import {
  ChangeFailed,
  ChangeRefused,
  type Color,
  type Evidence,
  type Guard,
  otherColor,
  type Router,
  type Traffic,
} from '../../target.ts'
import { look } from '../workplace.ts'
import { flagObservation, flipText, lookText, manualLines, parseLook } from './flag.ts'
import { describeDoubts, type Heard, names } from './heard.ts'
import { type Listener, listenersOf } from './listeners.ts'
import { type FlagSettings, flagFolder } from './names.ts'
import { ask, type Line, openLine } from './proxy-answer.ts'
import { trafficOf } from './traffic.ts'

export interface FlagPlace extends ChangePlace {
  readonly settings: FlagSettings
}

export const nginxFlagRouter = (place: FlagPlace): Router => ({
  observe: () => observeTraffic(place),
  switch: (from, to, guard) => switchTraffic(place, { from, to, guard }),
  manual: (to) => manualLines(place.settings.stateDirectory, to),
})

export async function observeTraffic(place: FlagPlace): Promise<Traffic> {
  const { settings, connection } = place
  const [heard, said] = await Promise.all([
    Promise.all(listenersOf(settings).map((listener) => askAnew(place, listener))),
    look(place, 'the look at the flag', lookText(settings.stateDirectory)),
  ])
  return trafficOf({ settings, host: connection.name, heard, files: parseLook(said) })
}

async function askAnew(
  { connection, surroundings: { signal } }: FlagPlace,
  listener: Listener,
): Promise<Heard> {
  const line = await openLine(connection, listener, signal)
  return { listener, answer: await ask(line, listener, signal) }
}

interface Switch {
  readonly from: Traffic
  readonly to: Color
  readonly guard: Guard
}

/** Workers of nginx share the connections among them, and each must have seen the flag. */
const linesToEach = 4
const flipTime = 10_000

async function switchTraffic(place: FlagPlace, order: Switch): Promise<Evidence> {
  const { settings, connection, surroundings } = place
  const listeners = listenersOf(settings).flatMap((listener) => Array<Listener>(linesToEach).fill(listener))
  if (listeners.length === 0) {
    throw new ChangeFailed(
      'Traffic was not moved: no setting says where nginx can be asked to confirm it. Give `url` or `proxy-url`.',
    )
  }
  const lines = await Promise.all(
    listeners.map((listener) => openLine(connection, listener, surroundings.signal)),
  )
  try {
    assertAudible(order, lines)
    await flip(place, order)
    return await confirm(place, order.to, () =>
      Promise.all(
        listeners.map(async (listener, at) => {
          const line = lines[at] as Line
          return { listener, answer: await ask(line, listener, surroundings.signal) }
        }),
      ),
    )
  } finally {
    for (const line of lines) if (line.kind === 'open') line.stream.destroy()
  }
}

/** Nobody could confirm the switch. A way back is tried all the same: nginx reads the flag when it is there again. */
function assertAudible({ to, guard }: Switch, lines: readonly Line[]): void {
  const details = lines.flatMap((line) => (line.kind === 'closed' ? [line.detail] : []))
  if (details.length < lines.length || guard.unreadableLedger === 'ignore') return
  throw new ChangeRefused(
    `The switch to ${to} was not run, because nginx cannot be asked to confirm it: ${[...new Set(details)].join('; ')}. Traffic was not moved by us.`,
  )
}

async function flip(place: FlagPlace, { from, to, guard }: Switch): Promise<void> {
  const { settings, connection } = place
  const { lease, unreadableLedger = 'refuse' } = guard
  const result = await runChange(place, 'switch', {
    lease,
    commands: [{ run: flipText(settings.stateDirectory, to), env: {} }],
    limit: flipTime,
    observe: flagObservation(settings.stateDirectory),
    // From mixed or unknown there is nothing to compare with: this is how traffic is brought back from there.
    allowed: from.kind === 'color' ? [from.color] : from.kind === 'nobody' ? ['none'] : null,
    confirm: false,
    onClientDeath: 'finish',
    lenient: true,
    record: null,
    forget: [],
    unreadableLedger,
  })
  if (result.kind === 'finished') return
  const expected = from.kind === 'color' ? from.color : 'nobody'
  const seen = result.observed === 'unknown' ? 'does not say where traffic is' : `names ${result.observed}`
  throw new ChangeRefused(
    `The switch to ${to} was not run: the flag in ${flagFolder(settings.stateDirectory)} on ${connection.name} ${seen}, and ${expected} was expected. ` +
      'Traffic was not moved by us.',
  )
}

/** For a connection that nginx has closed in the meantime, or a worker that is busy. */
const settlingTime = 2_000
const pause = 100

/**
 * `first`: asks on the connections that were there before the switch; what follows is asked on new ones. All of it is asked
 * after the flag was moved, so that one old answer is enough: its worker remembers files, and others may be asked next time.
 */
async function confirm(
  place: FlagPlace,
  to: Color,
  first: () => Promise<readonly Heard[]>,
): Promise<Evidence> {
  const { settings, connection, surroundings } = place
  const { clock, signal } = surroundings
  const began = clock.monotonic()
  for (let heard = await first(), fresh = false; ; fresh = true) {
    const taken = Math.round(clock.monotonic() - began)
    const doubts = heard.filter(({ answer }) => !names(answer, to))
    if (doubts.length === 0) {
      const urls = [...new Set(heard.map(({ listener }) => listener.url))].join(', ')
      const manner = fresh
        ? `new connections, ${taken} ms after the switch`
        : 'connections opened before the switch'
      return { detail: `nginx says ${to} at ${urls} on ${heard.length} ${manner}` }
    }
    if (taken >= settlingTime || doubts.some(({ answer }) => names(answer, otherColor(to)))) {
      throw new ChangeFailed(
        `The flag in ${flagFolder(settings.stateDirectory)} on ${connection.name} names ${to}, but nginx does not: ` +
          describeDoubts({ heard, doubts, to, app: settings.app }),
      )
    }
    await clock.sleep(pause, signal)
    heard = await Promise.all(heard.map(({ listener }) => askAnew(place, listener)))
  }
}
