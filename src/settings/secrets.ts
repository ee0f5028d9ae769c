import { catalog, isSettingName } from './catalog/catalog.ts'
import { credentialsIn } from './forms/kubeconfig.ts'
import type { Entry } from './given.ts'
import { isMap, type Raw } from './yaml.ts'

/** Shorter pieces are no secrets, and masking them would blot out every log. */
const shortest = 4

/** Env files hold them beside secrets, and every log does: hidden, they would make it unreadable and empty our outputs. */
const commonplace: readonly string[] = [
  ...['blue', 'green', 'true', 'false', 'null', 'none', 'info', 'debug', 'warn', 'error'],
  ...['production', 'staging', 'development', 'test', 'http', 'https', 'localhost', '127.0.0.1', '0.0.0.0'],
]

/** What must never be shown: each line of a secret, and the value alone of a `NAME=value` line. */
export function secretsOf(entries: readonly Entry[]): readonly string[] {
  const isSecret = ({ name }: Entry) => isSettingName(name) && catalog[name].secret === true
  const open = new Set(entries.flatMap(shownOf))
  const isTelling = (value: string) => !commonplace.includes(value.toLowerCase()) && !open.has(value)
  const lines = entries
    .filter(isSecret)
    .flatMap(({ name, raw }) => (name === 'kubeconfig' ? textsOf(raw).flatMap(credentialsIn) : textsOf(raw)))
    .flatMap(linesOf)
  const pieces = lines
    .map((line) => line.trim())
    .filter((line) => !isComment(line))
    .flatMap((line) => [line, ...valuesIn(line).filter(isTelling)])
  return [...new Set(pieces.filter((piece) => piece.length >= shortest))].sort((a, b) => b.length - a.length)
}

/** Of a map only its `url` is secret: the rest are words that would be blotted out everywhere. */
function textsOf(raw: Raw): readonly string[] {
  if (typeof raw === 'string') return [raw]
  return isMap(raw) ? textsOf(raw.url ?? '') : raw.flatMap(textsOf)
}

const shownSettings: readonly string[] = ['app', 'version', 'image', 'url']

/** What every report shows; an env file often holds it too. */
function shownOf({ name, raw }: Entry): readonly Raw[] {
  if (shownSettings.includes(name)) return [raw]
  if (name !== 'services' || !isMap(raw)) return []
  return Object.values(raw).flatMap((own) => (isMap(own) ? [own.image ?? '', own.url ?? ''] : []))
}

/** A key whose line ends became two characters, or blanks, stands on one line with its frame, which is no secret. */
const linesOf = (text: string): readonly string[] =>
  text
    .replaceAll(/-----BEGIN [^-]+-----(.*?)(-----END [^-]+-----|$)/gs, (_, key: string) =>
      ['', ...key.split(/\s+|(?:\\r)?\\n/), ''].join('\n'),
    )
    .split(/\r?\n/)

const isComment = (line: string) => line.startsWith('#')

/** Of a line of an env file: as it stands, without quotes or a comment, and the password of a URL in it. */
function valuesIn(line: string): readonly string[] {
  const [, value] = /^(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*[=:]\s*(.+)$/.exec(line) ?? []
  if (value === undefined) return []
  const [, , quoted] = /^(["'`])(.*)\1(?:\s*#.*)?$/.exec(value) ?? []
  const bare = quoted ?? value.replace(/\s+#.*$/, '')
  const [, password] = /:\/\/[^\s/:@]*:([^\s/]+)@/.exec(bare) ?? []
  return [value, bare, ...(password === undefined ? [] : [password])]
}
