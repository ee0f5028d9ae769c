import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

/** A share: `5%` is 0.05. */
export function parsePercent(text: string): Parsed<number> {
  const [, number, sign] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  if (number === undefined) return refuse('is not a percentage')
  if (sign === '') return refuse('has no `%`', likelyPercent(Number(number)))
  return Number(number) <= 100 ? accept(Number(number) / 100) : refuse('is more than `100%`')
}

/** 5 means 5 %, and so does 0.05. */
function likelyPercent(number: number): string | null {
  if (number > 100) return null
  return number > 0 && number < 1 ? `${Number((number * 100).toPrecision(6))}%` : `${number}%`
}

export const percent = textForm('a percentage such as `5%` or `0.5%`', parsePercent, {
  type: 'string',
  pattern: '^\\d+(\\.\\d+)?%$',
})
