import * as core from '@actions/core'

/** From now on the runner shows `***` for these values and for each of their lines. */
export function maskSecrets(values: readonly string[]): void {
  for (const piece of piecesOf(values)) core.setSecret(piece)
}

export function redact(text: string, secrets: readonly string[]): string {
  return piecesOf(secrets).reduce((rest, piece) => rest.replaceAll(piece, '***'), text)
}

/** The same for every text, and every name, of a value that is plain data. */
export function redactAll<T>(value: T, secrets: readonly string[]): T {
  const pieces = piecesOf(secrets)
  return pieces.length === 0 ? value : (redactData(value, pieces) as T)
}

function redactData(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return redact(value, secrets)
  if (Array.isArray(value)) return value.map((item) => redactData(item, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [redact(name, secrets), redactData(item, secrets)]),
  )
}

const shortest = 4
const structure = /^(-+(BEGIN|END) [A-Z0-9 ]+-+|[^\p{L}\p{N}]*|true|false|null|blue|green)$/u

/**
 * Line by line, the longest first. The whole of a value with several lines is never given to the runner: it would mask each line
 * of it, and a `{` on a line of its own would blank every brace in the log.
 */
function piecesOf(values: readonly string[]): readonly string[] {
  const lines = values.flatMap((value) => value.split(/[\r\n]+/)).map((line) => line.trim())
  const worthHiding = lines.filter((line) => line.length >= shortest && !structure.test(line))
  return [...new Set(worthHiding)].sort((one, other) => other.length - one.length)
}
