import type { Observation } from '../../host/guarded-change.ts'
import { ChangeRefused, type Color, type Guard, otherColor } from '../target.ts'
import { timeOf, type Workplace, withEnvironment } from './workplace.ts'

/** The router as a command sees it, for the comparison in the same script as a change. */
export const observing = ({ settings, surroundings }: Workplace): Observation => ({
  commands: withEnvironment(settings.commands.observe, { BLUE_GREEN_APP: surroundings.app }),
  limit: timeOf(settings.commands.observe),
})

export function allowedBy({ color: demanded }: Guard, color: Color) {
  if (demanded === 'any') return null
  return demanded === 'live' ? [color] : [otherColor(color), 'none' as const]
}

export const refused = (name: string, color: Color, observed: string) =>
  new ChangeRefused(
    observed === 'unknown'
      ? `"${name}" for ${color} was not run: "observe" does not say where traffic is.`
      : `"${name}" for ${color} was not run: traffic is on ${observed} now.`,
  )
