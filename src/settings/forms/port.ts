import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export function parsePort(text: string): Parsed<number> {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port > 0 && port < 65_536 ? accept(port) : refuse('is not a port')
}

export const port = textForm('a port, from 1 to 65535', parsePort, {
  type: 'integer',
  minimum: 1,
  maximum: 65_535,
})
