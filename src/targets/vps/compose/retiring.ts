/** Ending the containers of a color: its own, and nothing else. No volume, no network and no other service is touched. */
import { containerNames } from './commands.ts'
import type { ColorLayout } from './layout.ts'

/** A container ends in the time its compose file gives it (`stop_grace_period`). */
export const stopText = ({ project, services }: ColorLayout): string =>
  `names=$(${services.map(({ name }) => containerNames(project, name, { all: false })).join('; ')})
[ -z "$names" ] || docker stop $names`

export const removeText = (layout: ColorLayout): string => {
  const { project, services } = layout
  return `${stopText(layout)}
names=$(${services.map(({ name }) => containerNames(project, name, { all: true })).join('; ')})
[ -z "$names" ] || docker rm $names`
}
