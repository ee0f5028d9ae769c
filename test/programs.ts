/** What the tests run that npm does not install; scripts/programs.sh and scripts/go-tools.sh see to it. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

const folders = [
  join(import.meta.dirname, '../.cache/bin'),
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
]

/** By its name, or at a path of its own. */
export function findProgram(name: string): string | null {
  for (const folder of folders) {
    const path = resolve(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  return null
}

/** For `describe.skipIf`: this machine does without. In CI nothing is skipped, so that what is missing fails. */
export function lacks(...names: readonly string[]): boolean {
  const missing = names.filter((name) => findProgram(name) === null)
  if (process.env.CI || missing.length === 0) return false
  console.warn(`Skipped, as this machine has no ${missing.join(', ')}`)
  return true
}
