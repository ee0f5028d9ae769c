/** The ledger of a case as files: read from outside, saved, and put back for another case. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, parseDocument } from '../../src/deployment/document.ts'
import type { HostedCase } from '../bed/color-host.ts'

export const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

export const leaseLine = (stateDirectory: string): string =>
  textOf(join(stateDirectory, 'ledger', 'lease')).split('\n')[0] ?? ''

export function readDocument(stateDirectory: string): Document {
  const text = textOf(join(stateDirectory, 'ledger', 'document'))
  const parsed = parseDocument(text === '' ? null : text)
  if (parsed.kind === 'unreadable') throw new Error(`The ledger holds garbage: ${parsed.why}`)
  return parsed.document
}

export function saveState({ stateDirectory, folder }: HostedCase, to: string): void {
  mkdirSync(to, { recursive: true })
  cpSync(stateDirectory, join(to, 'state'), { recursive: true })
  writeFileSync(join(to, 'home'), folder)
}

/** Commands in the document name the folder of the case they were written for. */
export function restoreState({ stateDirectory, folder }: HostedCase, from: string): void {
  cpSync(join(from, 'state'), stateDirectory, { recursive: true })
  const path = join(stateDirectory, 'ledger', 'document')
  const home = readFileSync(join(from, 'home'), 'utf8')
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`${home}/`, `${folder}/`))
}
