/** Values of which there may be several. */
import { z } from 'zod'
import { type Form, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

/** As a list, or as one text that holds several. */
export function listForm(
  accepted: string,
  parse: (text: string) => Parsed<readonly string[]>,
): Form<readonly string[]> {
  const one = textForm(accepted, parse, { type: 'string' }).schema
  const list = z.array(one).min(1, { error: 'is an empty list' })
  return {
    accepted,
    schema: z.union([one, list.transform((parts) => parts.flat())], { error: accepted }),
    input: [],
  }
}

/** `[a, b]` is a list too, though `{app}` at the beginning of a name keeps such a text from being read as YAML. */
export const piecesOf = (text: string, between: RegExp): readonly string[] => {
  const [, inside] = /^\[(.*)\]$/s.exec(text.trim()) ?? []
  return (inside === undefined ? text.split(between) : inside.split(','))
    .map((piece) => piece.trim().replace(/^(["'])(.*)\1$/, '$2'))
    .filter((piece) => piece !== '')
}

export function parseEach(
  pieces: readonly string[],
  parse: (text: string) => Parsed<string>,
): Parsed<readonly string[]> {
  const parsed = pieces.map(parse)
  const wrong = parsed.find((one) => one.kind === 'refused')
  if (wrong) return wrong
  const values = parsed.flatMap((one) => (one.kind === 'value' ? [one.value] : []))
  return values.length === 0 ? refuse('is empty') : accept(values)
}
