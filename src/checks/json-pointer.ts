/**
 * The value a pointer (https://www.rfc-editor.org/rfc/rfc6901) names, as text, or null where there is none. Numbers keep the
 * digits they were written with, so that `1.10` and long build numbers compare as they look. Throws on text that is not JSON.
 */
export const readPointer = (json: string, pointer: string): string | null => {
  const value = follow(JSON.parse(json), pointer)
  if (value === undefined) return null
  if (typeof value === 'number') return String(follow(JSON.parse(json, keepDigits), pointer))
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const follow = (document: unknown, pointer: string): unknown => {
  if (pointer !== '' && !pointer.startsWith('/')) return undefined
  let value = document
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(key)) return undefined
    if (!Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

const keepDigits = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' ? (context?.source ?? String(value)) : value
