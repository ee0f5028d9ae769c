/** One app in the bed: its colors, its users, and the runs that come to deploy it. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, parseDocument } from '../../src/deployment/document.ts'
import type { Color } from '../../src/targets/target.ts'
import type { HostedCase } from '../bed/color-host.ts'
import { createFlag, readFlag } from '../bed/flag.ts'
import { type Load, startLoad } from '../bed/load.ts'
import { type JobStatus, type Step, startStep } from '../runner/runner.ts'
import { type Bed, forgetWishes } from './bed.ts'
import { type CommandTexts, commandTexts, logOf, type Noted, parseLog } from './commands.ts'
import type { Start } from './scenarios.ts'
import { inputsOf, type RunWanted } from './settings.ts'

export type Run = Step & { readonly temp: string; remove(): Promise<void> }

export interface RunOptions {
  /** In the log of the commands, and for people. */
  readonly label: string
  readonly jobStatus?: JobStatus
  /** Frozen there: see the trap. */
  readonly killAt?: string
  /** A file for the names of all points. */
  readonly points?: string
}

export interface Scene extends AsyncDisposable {
  readonly one: HostedCase
  readonly load: Load
  /** In the environment of every process of the case. */
  readonly mark: string
  /** Appears when a run has been frozen. */
  readonly trapped: string
  begin(run: RunWanted, options: RunOptions): Run
  document(): Document
  /** The first line of the lease. */
  lease(): string
  named(): Color | null
  log(): readonly Noted[]
}

export interface SceneOptions {
  readonly start: Start | 'nothing'
  /** For negative controls: users who get their commands wrong. */
  readonly commands?: (one: HostedCase) => CommandTexts
}

let scenes = 0

export async function openScene(bed: Bed, { start, commands = commandTexts }: SceneOptions): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const slot = bed.takeSlot()
  stack.defer(() => bed.giveSlot(slot))
  const one = bed.host.add(slot)
  stack.defer(async () => {
    for (const color of ['blue', 'green'] as const) await one.stop(color)
    forgetWishes(one.control)
    rmSync(one.folder, { recursive: true, force: true, maxRetries: 3 })
    mkdirSync(one.folder)
  })
  await setUp(bed, one, start)
  const runs: Run[] = []
  stack.defer(async () => void (await Promise.all(runs.map((run) => run.remove()))))
  const load = stack.use(
    startLoad({ url: one.url, keepAlive: 1, fresh: 1, think: { min: 100, max: 300 }, patience: 20_000 }),
  )
  scenes += 1
  const mark = `KILL_SCENE=${process.pid}-${scenes}`
  const trapped = join(one.folder, 'trapped')
  const begin = beginIn({ bed, one, texts: commands(one), mark, trapped, runs })
  const owned = stack.move()
  return {
    one,
    load,
    mark,
    trapped,
    begin,
    document: () => documentOf(one.stateDirectory),
    lease: () => textOf(join(one.stateDirectory, 'ledger', 'lease')).split('\n')[0] ?? '',
    named: () => readFlag(one.stateDirectory),
    log: () => parseLog(textOf(logOf(one.folder))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Beginning {
  readonly bed: Bed
  readonly one: HostedCase
  readonly texts: CommandTexts
  readonly mark: string
  readonly trapped: string
  readonly runs: Run[]
}

/** The runner waits longer; an action that leaves at once does not notice. */
const waits = { interrupt: 3_000, terminate: 1_000, heldOutput: 500 }

const beginIn =
  ({ bed, one, texts, mark, trapped, runs }: Beginning): Scene['begin'] =>
  (wanted, { label, jobStatus = 'success', killAt, points }) => {
    const [name = '', value = ''] = mark.split('=')
    const env = {
      ...bed.env,
      [name]: value,
      KILL_RUN: label,
      KILL_TRAPPED: trapped,
      ...(killAt === undefined ? {} : { KILL_AT: killAt }),
      ...(points === undefined ? {} : { KILL_POINTS: points }),
    }
    const inputs = inputsOf(one, texts, wanted)
    const run = startStep({ action: bed.bundles, inputs, env, root: one.folder, waits, jobStatus })
    runs.push(run)
    return run
  }

async function setUp(bed: Bed, one: HostedCase, start: SceneOptions['start']): Promise<void> {
  if (start === 'nothing') return createFlag(one.stateDirectory, null)
  restoreState(bed, one, start)
  const [color, version] = start === 'v1 on blue' ? (['blue', 'v1'] as const) : (['green', 'v2'] as const)
  await one.start(color, version)
  await fetch(`${one.colorUrl[color]}/health`)
}

const folderOf = (bed: Bed, start: Start) => join(bed.root, 'states', start.replaceAll(' ', '-'))

/** The state directory as deployments have left it; later cases start from copies. */
export function saveState(bed: Bed, one: HostedCase, start: Start): void {
  const folder = folderOf(bed, start)
  mkdirSync(folder, { recursive: true })
  cpSync(one.stateDirectory, join(folder, 'state'), { recursive: true })
  writeFileSync(join(folder, 'home'), one.folder)
}

function restoreState(bed: Bed, one: HostedCase, start: Start): void {
  const folder = folderOf(bed, start)
  cpSync(join(folder, 'state'), one.stateDirectory, { recursive: true })
  const path = join(one.stateDirectory, 'ledger', 'document')
  const home = readFileSync(join(folder, 'home'), 'utf8')
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`${home}/`, `${one.folder}/`))
}

function documentOf(stateDirectory: string): Document {
  const text = textOf(join(stateDirectory, 'ledger', 'document'))
  const parsed = parseDocument(text === '' ? null : text)
  if (parsed.kind === 'unreadable') throw new Error(`The ledger holds garbage: ${parsed.why}`)
  return parsed.document
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')
