import { z } from 'zod'
import type { Color } from '../../targets/target.ts'
import { listed } from './choice.ts'
import { type Form, strictMap, textForm } from './form.ts'
import { nearestName } from './nearest.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export type PerColor = Readonly<Record<Color, string>>

const placeholders = ['color', 'app', 'service'] as const
export type Placeholder = (typeof placeholders)[number]

export interface PerColorOptions {
  /** Judges each color's text with the placeholders filled in. */
  readonly parse?: (text: string) => Parsed<string>
  readonly known?: readonly Placeholder[]
  /** Whether both colors may have the same text. */
  readonly shared?: boolean
}

/** A text for both colors: `{color}` is filled in, `{app}` and `{service}` are left for `expand`. */
export function parsePattern(text: string, options: PerColorOptions = {}): Parsed<PerColor> {
  const known = parsePlaceholders(text, options.known)
  if (known.kind === 'refused') return known
  if (!options.shared && !text.includes('{color}'))
    return refuse('names the same thing for both colors: it needs `{color}`, or a map')
  return accept({ blue: expand(text, { color: 'blue' }), green: expand(text, { color: 'green' }) })
}

export function parsePlaceholders(
  text: string,
  known: readonly Placeholder[] = placeholders,
): Parsed<string> {
  const unknown = [...text.matchAll(/\{([^{}]*)\}/g)].find(([, word]) => !known.some((one) => one === word))
  if (!unknown) return accept(text)
  const meant = unknown[1] === 'colour' ? 'color' : nearestName(unknown[1] ?? '', known)
  return refuse(
    `holds \`${unknown[0]}\`, which is not known`,
    meant && text.replaceAll(unknown[0], `{${meant}}`),
  )
}

export const expand = (text: string, values: Readonly<Partial<Record<Placeholder, string>>>) =>
  text.replaceAll(/\{(color|app|service)\}/g, (found, word: Placeholder) => values[word] ?? found)

export function perColorForm(what: string, options: PerColorOptions = {}): Form<PerColor> {
  const { parse = accept, known = placeholders, shared = false } = options
  const others = known.filter((name) => name !== 'color').map((name) => `{${name}}`)
  const accepted = `${what} with \`{color}\` (also ${listed(others, 'and')})${shared ? ' or without' : ''}, or a map \`{ blue: …, green: … }\``
  const judge = (text: string): Parsed<string> => {
    const judged = parse(expand(text, { color: 'blue', app: 'app', service: 'service' }))
    return judged.kind === 'value' ? accept(text) : refuse(judged.why)
  }
  const pattern = textForm(accepted, (text) => {
    const colors = parsePattern(text, options)
    const judged = colors.kind === 'value' ? judge(colors.value.blue) : colors
    return judged.kind === 'value' ? colors : judged
  })
  const one = textForm(what, (text) => {
    const judged = parsePlaceholders(text, known)
    return judged.kind === 'value' ? judge(text) : judged
  })
  const map = strictMap(accepted, { blue: one.schema, green: one.schema }).transform(({ blue, green }) => ({
    blue: expand(blue, { color: 'blue' }),
    green: expand(green, { color: 'green' }),
  }))
  return { accepted, schema: z.union([pattern.schema, map], { error: accepted }), input: ['blue', 'green'] }
}
