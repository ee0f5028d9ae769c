import { isCollection, LineCounter, parseDocument } from 'yaml'

/** All scalars are text: `version: 1.10` stays `1.10`, `no` stays `no`. Nothing at all is the empty text. */
export type Raw = string | readonly Raw[] | RawMap
export interface RawMap {
  readonly [key: string]: Raw
}

export type YamlText =
  | { readonly kind: 'value'; readonly value: Raw; lineOf(path: readonly string[]): number | null }
  | {
      readonly kind: 'broken'
      readonly why: string
      readonly line: number | null
      readonly column: number | null
    }

/** Enough for people who share a block; a document that grows by aliases has far more. */
const maxAliasCount = 100

export function readYaml(text: string): YamlText {
  try {
    return readDocument(text)
  } catch (error) {
    // The yaml package throws for unknown and too many aliases, and the stack ends in documents nested thousands deep.
    const why = error instanceof ReferenceError ? error.message : 'is nested too deeply'
    return { kind: 'broken', why, line: null, column: null }
  }
}

function readDocument(text: string): YamlText {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    schema: 'failsafe',
    stringKeys: true,
    prettyErrors: false,
    lineCounter,
  })
  const [error] = document.errors
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0])
    // Some messages end with a piece of the source, which may be a secret.
    return { kind: 'broken', why: error.message.replace(/: ".*$/s, ''), line, column: col }
  }
  return {
    kind: 'value',
    value: toRaw(document.toJS({ maxAliasCount }), []),
    lineOf: (path) => {
      const node = isCollection(document.contents) ? document.getIn(path, true) : document.contents
      const start = rangeStart(node)
      return start === null ? null : lineCounter.linePos(start).line
    },
  }
}

function rangeStart(node: unknown): number | null {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : null
}

function toRaw(value: unknown, around: readonly unknown[]): Raw {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'object') return String(value)
  if (around.includes(value)) throw new ReferenceError('An alias stands inside what it names')
  const inside = [...around, value]
  if (Array.isArray(value)) return value.map((item) => toRaw(item, inside))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toRaw(item, inside)]))
}

export const isList = (raw: Raw | undefined): raw is readonly Raw[] => Array.isArray(raw)
export const isMap = (raw: Raw | undefined): raw is RawMap => typeof raw === 'object' && !Array.isArray(raw)
