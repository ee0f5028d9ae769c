/** What has a meaning already but does not work yet. */
import { z } from 'zod'
import { choiceForm } from './choice.ts'
import type { Form } from './form.ts'

const notYet = 'is not available yet in this version'

/** Editors underline it, as reading refuses it. */
const unavailable = { editor: { not: {} } }

const refused = (shape: z.ZodType, subject: 'setting' | 'value') =>
  shape.meta(unavailable).transform((input, context): never => {
    const params = { accepted: null, nearest: null, subject }
    context.issues.push({ code: 'custom', input, message: notYet, params })
    return z.NEVER
  })

/** A key of a map, whatever its value. */
export const planned = refused(z.unknown(), 'setting').optional()
/** A key that is refused in another place: with what it goes with, or for the target it is given to. */
export const unread = z.unknown().meta(unavailable).optional()

const plannedMap = refused(z.record(z.string(), z.unknown()), 'value')
export const plannedList = refused(z.array(z.unknown()), 'value')

/** Names of presets, where a map of the user's own commands is to come. */
export function presetForm<const T extends string>(
  presets: readonly T[],
  later: readonly string[] = [],
): Form<T> {
  const { accepted, schema } = choiceForm(presets, later)
  return { accepted, schema: z.union([schema, plannedMap], { error: accepted }), input: 'yaml' }
}
