/** What the ledger keeps for each color: what was deployed there, and what commands said to be handed on. */
import type { z } from 'zod'
import { lost } from '../../host/change.ts'
import { raiseFailure } from '../../host/failures.ts'
import { keptOrLost } from '../../host/file-ledger.ts'
import { readFileScript, writeScript } from '../../host/ledger-scripts.ts'
import { ChangeFailed, type Color, type Environment, type Lease, LeaseLost } from '../target.ts'
import {
  type ColorRecord,
  deployedShape,
  environmentOf,
  parseSaid,
  type State,
  stateShape,
} from './environment.ts'
import type { Workplace } from './workplace.ts'

const readTimeout = 20_000

/** The environment of every command about a color. */
export async function tell(workplace: Workplace, color: Color, record?: ColorRecord): Promise<Environment> {
  const { services, surroundings } = workplace
  return environmentOf({
    app: surroundings.app,
    color,
    services,
    record: record ?? (await readRecord(workplace, color)),
  })
}

/** For a way back, which goes on without what the ledger kept where that cannot be read; it says so. */
export async function readRecordIfPossible(workplace: Workplace, color: Color): Promise<ColorRecord> {
  try {
    return await readRecord(workplace, color)
  } catch (error) {
    const { signal, output } = workplace.surroundings
    signal.throwIfAborted()
    output('ledger', `${error instanceof Error ? error.message : String(error)}\n`)
    return { deployed: null, state: {} }
  }
}

export const deployedFile = (color: Color) => `deployed-${color}`
export const stateFile = (color: Color) => `state-${color}`

export async function readRecord(
  { settings, connection, surroundings }: Workplace,
  color: Color,
): Promise<ColorRecord> {
  const text = readFileScript(settings.stateDirectory, [deployedFile(color), stateFile(color)])
  const { signal, clock } = surroundings
  const finish = await connection.run(text, { signal, clock, timeout: readTimeout })
  if (finish.kind === 'lost') throw lost('reading the ledger', connection, finish.detail)
  if (finish.code !== 0) {
    raiseFailure(finish.stdout, connection.name)
    // What was not read is not absent: a color taken for one that never ran has no way back to it.
    throw lost('reading the ledger', connection, `sh ended with exit code ${finish.code}`)
  }
  const files = new Map(
    finish.stdout.split('\n').map((line): [string, string] => {
      const blank = line.indexOf(' ')
      return [line.slice(0, blank), line.slice(blank + 1)]
    }),
  )
  const kept = <T>(name: string, shape: z.ZodType<T>) =>
    parseKept(files.get(name), shape, `${settings.stateDirectory}/ledger/${name}`)
  return {
    deployed: kept(deployedFile(color), deployedShape),
    state: kept(stateFile(color), stateShape) ?? {},
  }
}

/** null: there is no such file. */
function parseKept<T>(text: string | undefined, shape: z.ZodType<T>, path: string): T | null {
  if (text === undefined) return null
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    throw new ChangeFailed(
      `${path} is damaged. It holds what commands are told about a color; to start without: rm ${path}`,
    )
  }
}

async function keepState(workplace: Workplace, lease: Lease, color: Color, state: State): Promise<void> {
  const { settings, connection, surroundings } = workplace
  const { signal, clock } = surroundings
  const text = writeScript(settings.stateDirectory, lease, stateFile(color), JSON.stringify(state))
  const finish = await connection.run(text, { signal, clock, timeout: readTimeout })
  if (finish.kind === 'lost') throw lost('writing the ledger', connection, finish.detail)
  if (finish.code !== 0) raiseFailure(finish.stdout, connection.name)
  if (keptOrLost(finish.stdout) === 'lost') {
    throw new LeaseLost('Another deployment took over while the values of a command were kept.')
  }
}

export interface Words {
  readonly name: string
  readonly lease: Lease
  readonly color: Color
  /** What was written to $BLUE_GREEN_OUTPUT. */
  readonly output: string
  /** What cannot be kept is said and dropped: the change itself has happened and must not be called failed. */
  readonly lenient: boolean
}

export async function keepSaid(
  workplace: Workplace,
  { name, lease, color, output, lenient }: Words,
): Promise<void> {
  if (output === '') return
  const said = parseSaid(output, workplace.surroundings.secrets)
  try {
    if (said.refused.length > 0) {
      throw new ChangeFailed(
        `"${name}" wrote to $BLUE_GREEN_OUTPUT what cannot be kept. ${said.refused.join(' ')}`,
      )
    }
    const { state } = await readRecord(workplace, color)
    await keepState(workplace, lease, color, { ...state, ...said.state })
  } catch (error) {
    workplace.surroundings.signal.throwIfAborted()
    if (!lenient || error instanceof LeaseLost) throw error
    workplace.surroundings.output(name, `${error instanceof Error ? error.message : error}\n`)
  }
}
