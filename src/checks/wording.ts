/** How times and text that we did not write are shown to people. */

/** `500ms`, `2.5s`, `5m`, `1h30m`. */
export const showTime = (milliseconds: number): string => {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`
  if (milliseconds < 60_000) return `${Number((milliseconds / 1000).toFixed(1))}s`
  const seconds = Math.round(milliseconds / 1000)
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  return parts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('')
}

const longestExcerpt = 200
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * At most 200 characters of foreign text on one line. Controls, line separators and direction marks are shown, never sent: they
 * could forge a log line or hide what was said.
 */
export const excerpt = (text: string): string => {
  const visible = text
    .trim()
    .slice(0, longestExcerpt + 1)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, show)
  return visible.length > longestExcerpt ? `${visible.slice(0, longestExcerpt - 1)}…` : visible
}

const show = (character: string): string =>
  named[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
