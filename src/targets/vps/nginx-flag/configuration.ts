/** nginx's own files as a tree. https://github.com/nginx/nginx/blob/master/src/core/ngx_conf_file.c */
import { join, resolve } from 'node:path'

export interface Directive {
  readonly name: string
  readonly arguments: readonly string[]
  /** null: it ends with a semicolon. */
  readonly block: readonly Directive[] | null
  /** File and line, for people. */
  readonly at: string
}

interface Token {
  /** A quoted word is never a mark. */
  readonly kind: 'word' | 'mark'
  readonly text: string
  readonly line: number
}

const pattern =
  /[ \t\r\n]+|#[^\n]*|(?<mark>[;{}])|"(?<double>(?:\\[\s\S]|[^"\\])*)"?|'(?<single>(?:\\[\s\S]|[^'\\])*)'?|(?<bare>(?:\\[\s\S]|\$\{|[^ \t\r\n;{])+)/g

function* tokensOf(text: string): Generator<Token> {
  let line = 1
  for (const { 0: whole, groups = {} } of text.matchAll(pattern)) {
    const word = groups.double ?? groups.single ?? groups.bare
    if (groups.mark !== undefined) yield { kind: 'mark', text: groups.mark, line }
    else if (word !== undefined) yield { kind: 'word', text: unescaped(word), line }
    line += whole.split('\n').length - 1
  }
}

const letters: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' }
const unescaped = (word: string): string =>
  word.replaceAll(/\\(["'\\trn])/g, (_, character: string) => letters[character] ?? character)

/** What it can make of any text; nginx itself says what is wrong with it. */
export function parseFile(text: string, file: string): readonly Directive[] {
  const tokens = tokensOf(text)
  const readBlock = (): readonly Directive[] => {
    const block: Directive[] = []
    let words: readonly string[] = []
    let at = ''
    for (let next = tokens.next(); !next.done; next = tokens.next()) {
      const token = next.value
      if (token.kind === 'word') {
        if (words.length === 0) at = `${file}:${token.line}`
        words = [...words, token.text]
        continue
      }
      if (token.text === '}') return block
      const inner = token.text === '{' ? readBlock() : null
      const [name = '', ...rest] = words
      // The inside of a Lua block is no configuration, and its braces come in pairs.
      block.push({ name, arguments: rest, block: name.endsWith('_by_lua_block') ? [] : inner, at })
      words = []
    }
    return block
  }
  return readBlock()
}

export interface Files {
  /** By absolute path. */
  readonly texts: ReadonlyMap<string, string>
  /** Where nginx.conf is. */
  readonly root: string
}

/** nginx.conf with all that it includes in place. */
export function assemble({ texts, root }: Files): readonly Directive[] {
  const expand = (directives: readonly Directive[], open: readonly string[]): readonly Directive[] =>
    directives.flatMap((directive) => {
      const { name, block } = directive
      if (name === 'include')
        return matching(directive.arguments[0] ?? '').flatMap((path) => load(path, open))
      return [block === null ? directive : { ...directive, block: expand(block, open) }]
    })
  const load = (path: string, open: readonly string[]): readonly Directive[] => {
    const text = texts.get(path)
    return text === undefined || open.includes(path) ? [] : expand(parseFile(text, path), [...open, path])
  }
  const matching = (mask: string) => {
    const glob = globOf(resolve(root, mask))
    return [...texts.keys()].filter((path) => glob.test(path)).toSorted()
  }
  return load(join(root, 'nginx.conf'), [])
}

function globOf(mask: string): RegExp {
  const text = mask
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  try {
    return new RegExp(`^${text}$`)
  } catch {
    return /(?!)/
  }
}

export interface Place {
  readonly directive: Directive
  /** The blocks it stands in, the nearest last. */
  readonly around: readonly Directive[]
}

export function* walk(directives: readonly Directive[], around: readonly Directive[] = []): Generator<Place> {
  for (const directive of directives) {
    yield { directive, around }
    if (directive.block !== null) yield* walk(directive.block, [...around, directive])
  }
}

/** The directives of that name that hold within the innermost of these blocks: those of the nearest that has any. */
export const inherited = (name: string, around: readonly Directive[]): readonly Directive[] =>
  around
    .map(({ block }) => (block ?? []).filter((directive) => directive.name === name))
    .findLast((found) => found.length > 0) ?? []
