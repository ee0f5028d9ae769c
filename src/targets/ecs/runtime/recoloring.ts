/** What is a color's own in a task definition stays with that color when the rest is carried over from the other one. */
import type { TaskDefinition } from '@aws-sdk/client-ecs'
import { isRecord } from '../../record.ts'
import type { Color } from '../../target.ts'

export interface Change {
  readonly from: Color
  readonly to: Color
}

/**
 * The definition of one color for the other. Text in which both differ by the name of their color alone is taken from `own`:
 * `COLOR=green`, the log group `/ecs/shop-green`, the family `shop-green`.
 */
export const recolored = (
  definition: TaskDefinition,
  own: TaskDefinition | undefined,
  change: Change,
): TaskDefinition => kept(definition, own, change) as TaskDefinition

function kept(value: unknown, own: unknown, change: Change): unknown {
  if (typeof value === 'string')
    return typeof own === 'string' && own === renamed(value, change) ? own : value
  if (Array.isArray(value))
    return value.map((item, index) => kept(item, counterpart(item, index, own, change), change))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      kept(each, isRecord(own) ? own[key] : undefined, change),
    ]),
  )
}

const renamed = (text: string, { from, to }: Change): string => text.replaceAll(from, to)

/** By its name where it has one: containers, variables, secrets and volumes come in any order. */
function counterpart(item: unknown, index: number, own: unknown, change: Change): unknown {
  if (!Array.isArray(own)) return undefined
  if (!isRecord(item) || typeof item.name !== 'string') return own[index]
  const { name } = item
  const named = (wanted: string) => own.find((other) => isRecord(other) && other.name === wanted)
  return named(name) ?? named(renamed(name, change))
}
