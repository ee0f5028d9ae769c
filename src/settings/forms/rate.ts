import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

/** More than this from one runner is a load test. */
const fastest = 1000

/** Requests a second. */
export function parseRate(text: string): Parsed<number> {
  if (text === '0') return accept(0)
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(\/\s*\w+)?$/.exec(text) ?? []
  if (number === undefined) return refuse('is not a rate')
  const tidy = `${number}/s`
  if (unit === undefined) return refuse('has no unit', tidy)
  if (text !== tidy) return refuse('is not a rate for each second', likelyRate(Number(number), unit))
  return Number(number) <= fastest ? accept(Number(number)) : refuse(`is more than \`${fastest}/s\``)
}

export const formatRate = (rate: number) => (rate === 0 ? '0' : `${rate}/s`)

function likelyRate(number: number, unit: string): string | null {
  const seconds = /^\/\s*(s|secs?|seconds?)$/.test(unit)
    ? 1
    : /^\/\s*(m|mins?|minutes?)$/.test(unit)
      ? 60
      : null
  return seconds === null ? null : `${Number((number / seconds).toFixed(3))}/s`
}

export const rate = textForm(
  `a rate such as \`5/s\` (at most \`${fastest}/s\`), or \`0\` for none`,
  parseRate,
  {
    anyOf: [{ const: 0 }, { type: 'string', pattern: '^\\d+(\\.\\d+)?/s$' }],
  },
)
