import { z } from 'zod'
import type { Parsed } from './parsed.ts'

/** How a value is written. All scalars arrive as text, whatever YAML would make of them. */
export interface Form<T> {
  /** Completes "Accepted: …". */
  readonly accepted: string
  readonly schema: z.ZodType<T>
  /**
   * How the text of an input is read: as it stands, as YAML, or as YAML only where that gives a map with one of these keys (or
   * a list). The last is for shell commands and patterns, which often happen to be YAML too.
   */
  readonly input: 'text' | 'yaml' | readonly string[]
}

export type ValueOf<F> = F extends Form<infer T> ? T : never

/** What an editor is told; a scalar that YAML reads as a number or a boolean is text to us. */
export type EditorSchema = Readonly<Record<string, unknown>>

const anyScalar: EditorSchema = { type: ['string', 'number', 'boolean'] }

export function textForm<T>(
  accepted: string,
  parse: (text: string) => Parsed<T>,
  editor: EditorSchema = anyScalar,
): Form<T> {
  const schema = z
    .string({ error: accepted })
    .meta({ editor })
    .transform((text, context) => {
      const parsed = parse(text)
      if (parsed.kind === 'value') return parsed.value
      context.issues.push({
        code: 'custom',
        input: text,
        message: parsed.why,
        params: { accepted, nearest: parsed.nearest },
      })
      return z.NEVER
    })
  return { accepted, schema, input: 'text' }
}

/** The message of a type error is what is accepted instead; that of an unknown key is the list of known ones. */
export const strictMap = <S extends z.core.$ZodShape>(
  accepted: string,
  shape: S,
  offered: readonly string[] = Object.keys(shape),
) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? offered.join(', ') : accepted),
  })

/** A map with names of the user's choice. */
export const namedMap = <T>(
  accepted: string,
  name: { readonly pattern: RegExp; readonly why: string },
  value: z.ZodType<T>,
) => z.record(z.string().regex(name.pattern, { error: name.why }), value, { error: accepted })
