/** The ledger of a case as files: read from outside, saved, and put back for another case. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, parseDocument } from '../../src/deployment/document.ts'
import type { Site } from './site.ts'

export const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

export const leaseLine = (stateDirectory: string): string =>
  textOf(join(stateDirectory, 'ledger', 'lease')).split('\n')[0] ?? ''

export function readDocument(stateDirectory: string): Document {
  const text = textOf(join(stateDirectory, 'ledger', 'document'))
  const parsed = parseDocument(text === '' ? null : text)
  if (parsed.kind === 'unreadable') throw new Error(`The ledger holds garbage: ${parsed.why}`)
  return parsed.document
}

export interface Place extends Pick<Site, 'app' | 'folder'> {
  readonly stateDirectory: string
}

export function saveState({ app, stateDirectory, folder }: Place, to: string): void {
  mkdirSync(to, { recursive: true })
  cpSync(stateDirectory, join(to, 'state'), { recursive: true })
  writeFileSync(join(to, 'home'), JSON.stringify({ app, stateDirectory, folder } satisfies Place))
}

/** The records name the app and the folders of the case they were written for. */
export function restoreState({ app, stateDirectory, folder }: Place, from: string): void {
  cpSync(join(from, 'state'), stateDirectory, { recursive: true })
  const home = JSON.parse(readFileSync(join(from, 'home'), 'utf8')) as Place
  const ledger = join(stateDirectory, 'ledger')
  for (const name of readdirSync(ledger)) {
    const text = readFileSync(join(ledger, name), 'utf8')
      .replaceAll(home.stateDirectory, stateDirectory)
      .replaceAll(`${home.folder}/`, `${folder}/`)
      .replaceAll(home.app, app)
    writeFileSync(join(ledger, name), text)
  }
}
