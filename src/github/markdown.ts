import { stripVTControlCharacters } from 'node:util'
import { clip, lineEnd, visible } from './plain.ts'

/** GitHub's Markdown from text that is never trusted: nothing in it becomes a tag, a link, a cell or a fence. */

const meaningful = /[&<>|`*_[\]\\~#@$]|:(?=\/\/)|(?<=www)\./g

export const inline = (text: string, limit = 300): string =>
  visible(clip(text.trim(), limit)).replace(meaningful, reference)

const reference = (character: string): string => `&#${character.charCodeAt(0)};`

export const code = (text: string, limit = 120): string => `<code>${inline(text, limit)}</code>`

/** An address that a person can follow, if it is one at all. */
export function link(address: string): string {
  const url = address.length < 2000 ? URL.parse(address) : null
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return code(address, 200)
  return `<a href="${url.href.replace(/["&'<>|`*_\\]/g, reference)}">${inline(url.host + url.pathname.replace(/\/$/, ''), 200)}</a>`
}

export const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** The first column is words, the others are centered. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[], first = ':--'): string =>
  [row(head), row(head.map((_, column) => (column === 0 ? first : ':-:'))), ...rows.map(row)].join('\n')

/** Long enough that no line of the text ends it. */
export function fenced(language: string, lines: readonly string[]): string {
  const text = lines.map((line) => visible(line)).join('\n')
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return [fence + language, text, fence].join('\n')
}

/** Text as a program wrote it, without its colors. */
export function preformatted(text: string, limit: number): string {
  const lines = clip(stripVTControlCharacters(text), limit).split(lineEnd)
  const escaped = lines.map((line) => visible(line).replace(/[&<>]/g, reference))
  return `<pre>${escaped.join('\n')}</pre>`
}

export const details = (title: string, content: string): string =>
  [`<details><summary>${title}</summary>`, '', content, '', '</details>'].join('\n')

export const bullets = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n')
export const steps = (items: readonly string[]): string =>
  items.map((item, index) => `${index + 1}. ${item}`).join('\n')
