/** What of a site is in files of this machine: its ledger, its flag, and what its commands noted. */
import type { Color } from '../../src/targets/target.ts'
import { createFlag, readFlag } from '../bed/flag.ts'
import { logOf, parseLog } from './commands.ts'
import { leaseLine, type Place, readDocument, restoreState, saveState, textOf } from './ledger.ts'
import type { Start } from './scenarios.ts'
import type { Site } from './site.ts'

export interface FileSite extends Place {
  stateFolder(name: string): string
  /** Before the first deployment, when no color runs; null: nobody. */
  readonly firstNamed: Color | null
  /** The state directory has been made: by a human, when no run is about. */
  take(): Promise<void>
  /** As a human would. */
  start(color: Color, version: string): Promise<void>
}

export type InFiles = Pick<Site, 'keep' | 'document' | 'lease' | 'named' | 'log'>

export function inFiles(site: FileSite): InFiles {
  const { stateDirectory, folder, stateFolder } = site
  return {
    keep: async (start) => saveState(site, stateFolder(start)),
    document: async () => readDocument(stateDirectory),
    lease: async () => leaseLine(stateDirectory),
    named: async () => readFlag(stateDirectory),
    log: async () => parseLog(textOf(logOf(folder))),
  }
}

export async function setUpFiles(site: FileSite, start: Start | 'nothing'): Promise<void> {
  if (start === 'nothing') await createFlag(site.stateDirectory, site.firstNamed)
  else restoreState(site, site.stateFolder(start))
  await site.take()
  if (start !== 'nothing') await site.start(...runningAt[start])
}

const runningAt: Readonly<Record<Start, readonly [Color, string]>> = {
  'v1 on blue': ['blue', 'v1'],
  'v2 on green': ['green', 'v2'],
}
