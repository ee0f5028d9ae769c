import { catalog, isSettingName } from './catalog/catalog.ts'
import type { Entry } from './given.ts'
import { isMap, type Raw } from './yaml.ts'

/** Shorter pieces are no secrets, and masking them would blot out every log. */
const shortest = 4

/** What must never be shown: each line of a secret, and the value alone of a `NAME=value` line. */
export function secretsOf(entries: readonly Entry[]): readonly string[] {
  const secret = entries.filter(({ name }) => isSettingName(name) && catalog[name].secret)
  const lines = secret.flatMap(({ raw }) => textsOf(raw)).flatMap(linesOf)
  const pieces = lines
    .map((line) => line.trim())
    .filter((line) => !isComment(line))
    .flatMap(piecesOf)
  return [...new Set(pieces.filter((piece) => piece.length >= shortest))].sort((a, b) => b.length - a.length)
}

/** Of a map only its `url` is secret: the rest are words that would be blotted out everywhere. */
function textsOf(raw: Raw): readonly string[] {
  if (typeof raw === 'string') return [raw]
  return isMap(raw) ? textsOf(raw.url ?? '') : raw.flatMap(textsOf)
}

/** A key whose line ends became two characters, or blanks, stands on one line with its frame, which is no secret. */
const linesOf = (text: string): readonly string[] =>
  text
    .replaceAll(/-----BEGIN [^-]+-----(.*?)(-----END [^-]+-----|$)/gs, (_, key: string) =>
      ['', ...key.split(/\s+|(?:\\r)?\\n/), ''].join('\n'),
    )
    .split(/\r?\n/)

const isComment = (line: string) => line.startsWith('#')

function piecesOf(line: string): readonly string[] {
  const [, value] = /^[A-Za-z_][A-Za-z0-9_]*=(.+)$/.exec(line) ?? []
  return value === undefined ? [line] : [line, value.replace(/^(["'])(.*)\1$/, '$2')]
}
