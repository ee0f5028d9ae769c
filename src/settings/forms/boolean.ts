import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export function parseBoolean(text: string): Parsed<boolean> {
  if (text === 'true') return accept(true)
  if (text === 'false') return accept(false)
  const word = text.toLowerCase()
  if (['true', 'yes', 'y', 'on', '1'].includes(word)) return refuse('is neither `true` nor `false`', 'true')
  if (['false', 'no', 'n', 'off', '0'].includes(word)) return refuse('is neither `true` nor `false`', 'false')
  return refuse('is neither `true` nor `false`')
}

export const boolean = textForm('`true` or `false`', parseBoolean, { type: 'boolean' })
