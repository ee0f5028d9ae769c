/** One app in the bed: its colors, its users, and the runs that come to deploy it. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Document } from '../../src/deployment/document.ts'
import type { Color } from '../../src/targets/target.ts'
import type { HostedCase } from '../bed/color-host.ts'
import { createFlag, readFlag } from '../bed/flag.ts'
import { type Load, startLoad } from '../bed/load.ts'
import { type Bed, forgetWishes } from './bed.ts'
import { type CommandTexts, commandTexts, logOf, type Noted, parseLog } from './commands.ts'
import { leaseLine, readDocument, restoreState, textOf } from './ledger.ts'
import { keepRuns, type Runs } from './runs.ts'
import type { Start } from './scenarios.ts'

export interface Scene extends AsyncDisposable {
  readonly one: HostedCase
  readonly load: Load
  readonly begin: Runs['begin']
  /** In the environment of every process of the case. */
  readonly mark: string
  /** Appears when a run has been frozen. */
  readonly trapped: string
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
  scenes += 1
  const number = `${process.pid}-${scenes}`
  const trapped = join(one.folder, 'trapped')
  const env = { ...bed.env, KILL_SCENE: number, KILL_TRAPPED: trapped }
  const runs = stack.use(keepRuns({ bed, one, texts: commands(one), env }))
  const load = stack.use(
    startLoad({ url: one.url, keepAlive: 1, fresh: 1, think: { min: 100, max: 300 }, patience: 20_000 }),
  )
  const owned = stack.move()
  return {
    one,
    load,
    begin: runs.begin,
    mark: `KILL_SCENE=${number}`,
    trapped,
    document: () => readDocument(one.stateDirectory),
    lease: () => leaseLine(one.stateDirectory),
    named: () => readFlag(one.stateDirectory),
    log: () => parseLog(textOf(logOf(one.folder))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function setUp(bed: Bed, one: HostedCase, start: SceneOptions['start']): Promise<void> {
  if (start === 'nothing') return createFlag(one.stateDirectory, null)
  restoreState(one, bed.stateFolder(start))
  const [color, version] = start === 'v1 on blue' ? (['blue', 'v1'] as const) : (['green', 'v2'] as const)
  await one.start(color, version)
  await fetch(`${one.colorUrl[color]}/health`)
}
