import { quote } from '../../host/script.ts'
import {
  ChangeFailed,
  ChangeRefused,
  type Color,
  type Guard,
  otherColor,
  type Router,
  type Traffic,
} from '../target.ts'
import { keepSaid, readRecord, readRecordIfPossible, tell } from './keeping.ts'
import { observing } from './observing.ts'
import { change, lastLine, look, timeOf, type Workplace, withEnvironment } from './workplace.ts'

/** `manual`: what the user's own command said a person would type, by color. */
export function commandRouter(workplace: Workplace, manual: ReadonlyMap<Color, readonly string[]>): Router {
  const manualOf = (to: Color) => manual.get(to) ?? byHand(workplace, to)
  return {
    observe: () => observeTraffic(workplace, manualOf),
    switch: (from, to, guard) => switchTraffic(workplace, from, to, guard),
    manual: manualOf,
  }
}

async function observeTraffic(
  workplace: Workplace,
  manual: (to: Color) => readonly string[],
): Promise<Traffic> {
  const { code, said, stderr } = await look(workplace, 'observe', {
    BLUE_GREEN_APP: workplace.surroundings.app,
  })
  const word = lastLine(said)
  if (code === 0 && (word === 'blue' || word === 'green')) return { kind: 'color', color: word }
  if (code === 0 && word === 'none') return { kind: 'nobody' }
  const saidLast = code === 0 ? word : stderr.trim().split('\n').at(-1) || word
  return {
    kind: 'unknown',
    detail: `"observe" ${exitText(code)} and said ${JSON.stringify(saidLast.slice(0, 200))}, not blue, green or none`,
    repair: [
      ...workplace.settings.commands.observe.map(({ run }) => run),
      ...(['blue', 'green'] as const).flatMap((color) => [`# to put traffic on ${color}:`, ...manual(color)]),
    ],
  }
}

const exitText = (code: number | null) =>
  code === null ? 'did not end in time' : `ended with exit code ${code}`

async function switchTraffic(workplace: Workplace, from: Traffic, to: Color, guard: Guard) {
  const { lease, unreadableLedger = 'refuse' } = guard
  const { commands } = workplace.settings
  const record = await (unreadableLedger === 'ignore' ? readRecordIfPossible : readRecord)(workplace, to)
  const env = {
    ...(await tell(workplace, to, record)),
    BLUE_GREEN_PREVIOUS_COLOR: from.kind === 'color' ? from.color : '',
  }
  const result = await change(workplace, 'switch', {
    lease,
    commands: withEnvironment(commands.switch, env),
    limit: timeOf(commands.switch),
    observe: observing(workplace),
    // From mixed or unknown there is nothing to compare with: this is how traffic is brought back from there.
    allowed: from.kind === 'color' ? [from.color] : from.kind === 'nobody' ? ['none'] : null,
    confirm: true,
    onClientDeath: 'finish',
    lenient: true,
    record: null,
    forget: [],
    unreadableLedger,
  })
  if (result.kind === 'refused-color') {
    const expected = from.kind === 'color' ? from.color : 'none'
    throw new ChangeRefused(
      `"switch" to ${to} was not run: "observe" says ${result.observed} where ${expected} was expected. Traffic was not moved by us.`,
    )
  }
  if (result.observed !== to) {
    throw new ChangeFailed(
      `The command "switch" to ${to} ended with 0 but observe says ${result.observed ?? 'nothing'}.`,
    )
  }
  await keepSaid(workplace, { name: 'switch', lease, color: to, output: result.output, lenient: true })
  return { detail: `"observe" says ${to} after "switch"` }
}

/**
 * The user's own switch commands. What stands in their `env` is named and not shown: it may be a secret, and this text goes to
 * the log, the summary and the ledger.
 */
function byHand({ settings, surroundings }: Workplace, to: Color): readonly string[] {
  const told = {
    BLUE_GREEN_APP: surroundings.app,
    BLUE_GREEN_COLOR: to,
    BLUE_GREEN_PREVIOUS_COLOR: otherColor(to),
  }
  const exports = Object.entries(told).map(([name, value]) => `${name}=${quote(value)}`)
  return settings.commands.switch.flatMap(({ run, env }) => [
    ...(Object.keys(env).length > 0 ? [`# set as in the workflow: ${Object.keys(env).join(' ')}`] : []),
    `export ${exports.join(' ')}`,
    ...run.split('\n'),
  ])
}
