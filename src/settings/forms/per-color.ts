import { z } from 'zod'
import type { Color } from '../../targets/target.ts'
import { type Form, strictMap, textForm } from './form.ts'
import { nearestName } from './nearest.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export type PerColor = Readonly<Record<Color, string>>

const placeholders = ['color', 'app', 'service'] as const
type Placeholder = (typeof placeholders)[number]

/** A text for both colors: `{color}` is filled in, `{app}` and `{service}` are left for `expand`. */
export function parsePattern(text: string): Parsed<PerColor> {
  const known = parsePlaceholders(text)
  if (known.kind === 'refused') return known
  if (!text.includes('{color}'))
    return refuse('names the same thing for both colors: it needs `{color}`, or a map')
  return accept({ blue: expand(text, { color: 'blue' }), green: expand(text, { color: 'green' }) })
}

export function parsePlaceholders(text: string): Parsed<string> {
  const unknown = [...text.matchAll(/\{([^{}]*)\}/g)].find(
    ([, word]) => !placeholders.some((known) => known === word),
  )
  if (!unknown) return accept(text)
  const meant = unknown[1] === 'colour' ? 'color' : nearestName(unknown[1] ?? '', placeholders)
  return refuse(
    `holds \`${unknown[0]}\`, which is not known`,
    meant && text.replaceAll(unknown[0], `{${meant}}`),
  )
}

export const expand = (text: string, values: Readonly<Partial<Record<Placeholder, string>>>) =>
  text.replaceAll(/\{(color|app|service)\}/g, (found, word: Placeholder) => values[word] ?? found)

/** `parse` judges each color's text with the placeholders filled in. */
export function perColorForm(what: string, parse: (text: string) => Parsed<string> = accept): Form<PerColor> {
  const accepted = `${what} with \`{color}\` (also \`{app}\`, \`{service}\`), or a map \`{ blue: …, green: … }\``
  const judge = (text: string): Parsed<string> => {
    const judged = parse(expand(text, { app: 'app', service: 'service' }))
    return judged.kind === 'value' ? accept(text) : refuse(judged.why)
  }
  const pattern = textForm(accepted, (text) => {
    const colors = parsePattern(text)
    const judged = colors.kind === 'value' ? judge(colors.value.blue) : colors
    return judged.kind === 'value' ? colors : judged
  })
  const one = textForm(what, (text) => {
    const known = parsePlaceholders(text)
    return known.kind === 'value' ? judge(expand(text, {})) : known
  })
  const map = strictMap(accepted, { blue: one.schema, green: one.schema })
  return { accepted, schema: z.union([pattern.schema, map], { error: accepted }), input: ['blue', 'green'] }
}
