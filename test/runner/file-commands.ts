import { existsSync, readFileSync } from 'node:fs'

/**
 * The grammar of GITHUB_STATE, GITHUB_OUTPUT and GITHUB_ENV: `key=value` or `key<<delimiter`. Entries count one by one, so what
 * stands before a torn one is kept: https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
 */
export function parseEntries(text: string): {
  readonly entries: [string, string][]
  readonly error: string | null
} {
  const lines = text.split(/\r?\n/)
  const entries: [string, string][] = []
  const stop = (error: string) => ({ entries, error })
  while (lines.length > 0) {
    const line = lines.shift() ?? ''
    if (line === '') continue
    const heredoc = line.match(/^([^=]*?)<<(.*)$/)
    const equals = line.indexOf('=')
    if (!heredoc && equals < 1) return stop(`Invalid format '${line}'`)
    if (!heredoc) {
      entries.push([line.slice(0, equals), line.slice(equals + 1)])
      continue
    }
    const [, key = '', delimiter = ''] = heredoc
    if (key === '' || delimiter === '')
      return stop(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`)
    const end = lines.indexOf(delimiter)
    if (end < 0) return stop(`Invalid value. Matching delimiter not found '${delimiter}'`)
    entries.push([key, lines.splice(0, end).join('\n')])
    lines.shift()
  }
  return { entries, error: null }
}

/** A later value of a key wins; keys differ by more than case. */
export function toValues(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const values = new Map<string, readonly [string, string]>()
  for (const [key, value] of entries)
    values.set(key.toLowerCase(), [values.get(key.toLowerCase())?.[0] ?? key, value])
  return Object.fromEntries(values.values())
}

export const readIfThere = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')
