/** One app in the bed: its colors, its users, and the runs that come to deploy it. */
import { join } from 'node:path'
import type { Document } from '../../src/deployment/document.ts'
import type { Color } from '../../src/targets/target.ts'
import { type Load, startLoad } from '../bed/load.ts'
import type { Bed } from './bed.ts'
import type { Noted } from './commands.ts'
import { keepRuns, type Runs } from './runs.ts'
import type { Start } from './scenarios.ts'
import type { Site } from './site.ts'

export interface Scene extends AsyncDisposable {
  readonly site: Site
  readonly load: Load
  readonly begin: Runs['begin']
  /** In the environment of every process of the case. */
  readonly mark: string
  /** Appears when a run has been frozen. */
  readonly trapped: string
  document(): Promise<Document>
  lease(): Promise<string>
  named(): Promise<Color | null>
  log(): Promise<readonly Noted[]>
}

let scenes = 0

export async function openScene(bed: Bed, start: Start | 'nothing'): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const site = stack.use(await bed.openSite(start))
  const { url, folder } = site
  scenes += 1
  const number = `${process.pid}-${scenes}`
  const trapped = join(folder, 'trapped')
  const env = { ...bed.env, KILL_SCENE: number, KILL_TRAPPED: trapped }
  const runs = stack.use(keepRuns({ bed, site, env }))
  const load = stack.use(
    startLoad({ url, keepAlive: 1, fresh: 1, think: { min: 100, max: 300 }, patience: 20_000 }),
  )
  const owned = stack.move()
  return {
    site,
    load,
    begin: runs.begin,
    mark: `KILL_SCENE=${number}`,
    trapped,
    document: site.document,
    lease: site.lease,
    named: site.named,
    log: site.log,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
