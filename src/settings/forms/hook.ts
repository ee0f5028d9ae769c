import { z } from 'zod'
import type { Hook } from '../../targets/target.ts'
import { choiceForm } from './choice.ts'
import { someDuration } from './duration.ts'
import { type Form, namedMap, strictMap, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

const usualTimeout = 600_000

export function parseCommand(text: string): Parsed<string> {
  if (text.trim() === '') return refuse('is empty')
  return text.includes('\0') ? refuse('holds a NUL character, which no shell takes') : accept(text)
}

const accepted = 'a command, a map of `run`, `where`, `timeout`, `env`, or a list of them'
const command = textForm('a command', parseCommand)
const value = textForm('text', (text) =>
  text.includes('\0') ? refuse('holds a NUL character') : accept(text),
)
const env = namedMap(
  'a map: variable → value',
  {
    pattern: /^(?!BLUE_GREEN_)[A-Za-z_][A-Za-z0-9_]*$/,
    why: 'is not a name for a variable: letters, digits and `_`, and `BLUE_GREEN_` is taken',
  },
  value.schema,
)

/** One command or several, in order. `where`: where a command runs that does not say. */
export function hookForm(where: Hook['where']): Form<readonly Hook[]> {
  const plain = command.schema.transform((run): Hook => ({ run, where, timeout: usualTimeout, env: {} }))
  const map = strictMap(accepted, {
    run: command.schema,
    where: choiceForm(['runner', 'target']).schema.optional(),
    timeout: someDuration.schema.optional(),
    env: env.optional(),
  }).transform(
    (given): Hook => ({
      run: given.run,
      where: given.where ?? where,
      timeout: given.timeout ?? usualTimeout,
      env: given.env ?? {},
    }),
  )
  const one = z.union([plain, map], { error: accepted })
  const schema = z
    .union([plain.transform((hook) => [hook]), map.transform((hook) => [hook]), z.array(one)], {
      error: accepted,
    })
    .meta({ id: where === 'runner' ? 'hook' : 'command' })
  return { accepted, schema, input: ['run', 'where', 'timeout', 'env'] }
}

export const hook = hookForm('runner')
