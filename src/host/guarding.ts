/** What a change demands of the router, and how a refusal is told. */
import { ChangeRefused, type Color, type Guard, otherColor } from '../targets/target.ts'
import type { Observed, RouterWord } from './guarded-change.ts'

/** null: any. */
export function allowedBy({ color: demanded }: Guard, color: Color): readonly RouterWord[] | null {
  if (demanded === 'any') return null
  return demanded === 'live' ? [color] : [otherColor(color), 'none']
}

/** `name`: the change, for people. */
export const refusal = (name: string, color: Color, observed: Observed): ChangeRefused =>
  new ChangeRefused(
    observed === 'unknown'
      ? `"${name}" for ${color} was not run: the router does not say where traffic is.`
      : `"${name}" for ${color} was not run: traffic is on ${observed} now.`,
  )
