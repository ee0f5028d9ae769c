import { type Form, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

const unitTimes = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
const pattern = /^(?=\d)(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/

/** The longest time a timer of Node can hold: a longer one would fire at once. */
const longest = 2 ** 31 - 1

/** Milliseconds. `likelyUnit`: what a bare number most likely means. */
export function parseDuration(text: string, likelyUnit: 's' | 'ms' = 's'): Parsed<number> {
  if (text === '0') return accept(0)
  const parts = pattern.exec(text)?.slice(1)
  if (!parts) return refuse(misreading(text), likelyDuration(text, likelyUnit))
  const times = Object.values(unitTimes)
  const time = parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (times[index] ?? 0), 0)
  return time <= longest ? accept(time) : refuse('is longer than `596h`')
}

/** The shortest text that `parseDuration` reads as this many milliseconds. */
export function formatDuration(time: number): string {
  let rest = time
  let text = ''
  for (const [unit, unitTime] of Object.entries(unitTimes)) {
    const count = Math.floor(rest / unitTime)
    if (count > 0) text += `${count}${unit}`
    rest -= count * unitTime
  }
  return text || '0s'
}

const misreading = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? 'has no unit' : 'is not a duration')

function likelyDuration(text: string, likelyUnit: string): string | null {
  const [, number, word] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? []
  if (number === undefined || word === undefined) return null
  const unit = word === '' ? likelyUnit : unitOf(word.toLowerCase())
  if (unit === null) return null
  const time = Number(number) * (unit === 'd' ? 24 * unitTimes.h : unitTimes[unit as keyof typeof unitTimes])
  if (time > longest) return null
  if (!number.includes('.') && unit !== 'd') return `${number}${unit}`
  return time >= 1 ? formatDuration(Math.round(time)) : null
}

function unitOf(word: string): string | null {
  const spellings: Readonly<Record<string, RegExp>> = {
    ms: /^(ms|msecs?|milliseconds?|millis)$/,
    s: /^(s|secs?|seconds?)$/,
    m: /^(m|mins?|minutes?)$/,
    h: /^(h|hrs?|hours?)$/,
    d: /^(d|days?)$/,
  }
  return Object.keys(spellings).find((unit) => spellings[unit]?.test(word)) ?? null
}

const usualDuration = 'a duration such as `500ms`, `90s`, `5m` or `1h30m`'

interface DurationLimits {
  readonly atLeast?: number
  readonly whole?: 'seconds'
  readonly likelyUnit?: 's' | 'ms'
}

export function durationForm(limits: DurationLimits = {}): Form<number> {
  const { atLeast = 0, whole, likelyUnit } = limits
  const bound =
    atLeast > 1 ? `, at least \`${formatDuration(atLeast)}\`` : atLeast === 1 ? ', above zero' : ''
  const kind = whole ? 'a duration in whole seconds such as `90s` or `5m`' : usualDuration
  const parse = (text: string): Parsed<number> => {
    const parsed = parseDuration(text, likelyUnit)
    if (parsed.kind === 'refused') return parsed
    if (parsed.value < atLeast) return refuse('is too short', atLeast > 1 ? formatDuration(atLeast) : null)
    if (whole && parsed.value % 1000 > 0) {
      return refuse('is not in whole seconds', formatDuration(Math.ceil(parsed.value / 1000) * 1000))
    }
    return parsed
  }
  return textForm(`${kind}${bound}`, parse, {
    anyOf: [{ const: 0 }, { type: 'string', pattern: pattern.source }],
  })
}

export const duration = durationForm()
export const someDuration = durationForm({ atLeast: 1 })
