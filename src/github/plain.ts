/** Text of users and remote machines, made harmless to show. */

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Control characters, line ends and direction marks become something one can see; a tab stays. */
export const visible = (text: string): string => text.toWellFormed().replace(invisible, picture)

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (character === '\t') return character
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`
}

/**
 * The runner takes `::name::` for a command at the start of a line, after any white space, and the older `##[name]` anywhere in it:
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export const plainLine = (text: string): string =>
  withoutOldCommands(visible(text).replace(/^(\s*)::/, '$1: :'))

/** Where the runner does not listen, the log's viewer still takes `##[endgroup]` for the end of a group. */
export const withoutOldCommands = (text: string): string => text.replaceAll('##[', '## [')

export const lineEnd = /\r\n|\n|\r/

/** Lengths are UTF-16 units; a character is never cut in two. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
