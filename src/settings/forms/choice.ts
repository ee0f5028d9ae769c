import { type Form, textForm } from './form.ts'
import { nearestName } from './nearest.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export function parseChoice<T extends string>(
  text: string,
  choices: readonly T[],
  planned: readonly string[] = [],
): Parsed<T> {
  const choice = choices.find((name) => name === text)
  if (choice !== undefined) return accept(choice)
  if (planned.includes(text)) return refuse('is not available yet in this version')
  return refuse('is not one of the choices', nearestName(text, choices))
}

/** `planned`: names that have a meaning already but are not built yet. */
export function choiceForm<const T extends string>(
  choices: readonly T[],
  planned: readonly string[] = [],
): Form<T> {
  const booleans = choices
    .filter((name) => name === 'true' || name === 'false')
    .map((name) => name === 'true')
  return textForm(listed(choices), (text) => parseChoice(text, choices, planned), {
    enum: [...choices, ...booleans],
  })
}

export function listed(names: readonly string[], joint: 'or' | 'and' = 'or'): string {
  const quoted = names.map((name) => `\`${name}\``)
  return quoted.length > 1 ? `${quoted.slice(0, -1).join(', ')} ${joint} ${quoted.at(-1)}` : quoted.join('')
}
