/** What was done to the ECS services of a shop and to its traffic, by whom, as the lab has noted it. */
import type { Color } from '../../src/targets/target.ts'
import type { Entry } from '../bed/aws/control.ts'
import type { Noted } from './commands.ts'

const colorOf = (service: string | undefined): Color => (service?.endsWith('-blue') ? 'blue' : 'green')

const isByAws = ({ caller }: Entry): boolean => caller === null
const subjectOf = ({ service, after }: Entry): string => service ?? after?.[0] ?? ''

/** Of the runs alone: AWS ends tasks when it has time to. */
export const notedIn = (entries: readonly Entry[]): readonly Noted[] =>
  entries
    .filter((entry) => !isByAws(entry))
    .map((entry) => ({
      // Nobody can stop a run in the middle of what AWS does: these are no points.
      by: `${entry.caller?.client ?? entry.caller?.user} at AWS`,
      kind: 'change',
      moment: 'begin',
      command: commandOf(entry),
      color: colorOf(subjectOf(entry)),
      version: '-',
      fence: entry.fence ?? 0,
    }))

function commandOf({ operation, desired }: Entry): string {
  if (operation === 'Move') return 'switch'
  return desired === 0 ? 'stop' : 'deploy'
}

/** A service that users are sent to was changed, or one of its tasks was ended. */
export const changesOfServed = (entries: readonly Entry[]): readonly string[] =>
  entries
    .filter(({ service, served }) => service !== null && served.includes(service))
    .map((entry) => JSON.stringify(entry))

/** Users were sent to a service that does not run all it is to run, or whose targets have not passed. */
export const movesTooEarly = (entries: readonly Entry[]): readonly string[] =>
  entries
    .filter(({ after, served, ready }) =>
      after?.some((service) => !served.includes(service) && !ready?.includes(service)),
    )
    .map((entry) => `users were sent to a color that was not up: ${JSON.stringify(entry)}`)
