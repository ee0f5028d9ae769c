import type { Intent } from '../../targets/intent.ts'
import { parseDuration } from './duration.ts'
import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export type MaxP99 = NonNullable<Intent['maxP99']>

/** `300ms`, or `x1.5` of what was measured before the switch. */
export function parseMaxP99(text: string): Parsed<MaxP99> {
  const [, number] = /^x(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (number !== undefined) {
    const factor = Number(number)
    return factor > 1 ? accept({ kind: 'factor', factor }) : refuse('must be above `x1`')
  }
  const [, swapped] = /^(\d+(?:\.\d+)?)\s*x$|^x\s+(\d+(?:\.\d+)?)$/i.exec(text) ?? []
  if (swapped !== undefined) return refuse('is not a factor', `x${swapped}`)
  const time = parseDuration(text, 'ms')
  if (time.kind === 'refused') return time
  return time.value > 0 ? accept({ kind: 'time', time: time.value }) : refuse('is too short')
}

export const maxP99 = textForm('a duration such as `300ms`, or a factor such as `x1.5`', parseMaxP99, {
  type: 'string',
})
