import { z } from 'zod'
import type { Check } from '../../targets/intent.ts'
import { type Form, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export type StatusRange = Check['status'][number]

/** One status, or a range with both ends included. */
export function parseStatus(text: string): Parsed<StatusRange> {
  const [, first, last] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? []
  const from = Number(first)
  const to = Number(last ?? first)
  if (first === undefined) return refuse('is not a status', likelyRange(text))
  if (from < 100 || to > 599) return refuse('is not from 100 to 599')
  return from <= to ? accept({ from, to }) : refuse('runs backwards', `${to}-${from}`)
}

function likelyRange(text: string): string | null {
  const [, hundred] = /^([1-5])xx$/i.exec(text) ?? []
  return hundred === undefined ? null : `${hundred}00-${hundred}99`
}

const one = textForm('a status such as `200` or a range such as `200-299`', parseStatus, {
  anyOf: [
    { type: 'integer', minimum: 100, maximum: 599 },
    { type: 'string', pattern: '^[1-5]\\d\\d(-[1-5]\\d\\d)?$' },
  ],
})

export const status: Form<readonly StatusRange[]> = {
  accepted: `${one.accepted}, or a list of them`,
  schema: z.union(
    [one.schema.transform((range) => [range]), z.array(one.schema).min(1, { error: 'is empty' })],
    {
      error: `${one.accepted}, or a list of them`,
    },
  ),
  input: 'yaml',
}
