import type { Observation } from '../../host/guarded-change.ts'
import { timeOf, type Workplace, withEnvironment } from './workplace.ts'

/** What says where traffic is, as refusals name it. */
export const observer = '"observe"'

/** The router as a command sees it, for the comparison in the same script as a change. */
export const observing = ({ settings, surroundings }: Workplace): Observation => ({
  commands: withEnvironment(settings.commands.observe, { BLUE_GREEN_APP: surroundings.app }),
  limit: timeOf(settings.commands.observe),
})
