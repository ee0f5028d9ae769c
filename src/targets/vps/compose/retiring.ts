/** Ending the containers of a color: its own, and nothing else. No volume, no network and no other service is touched. */
import { containerIds } from './commands.ts'
import type { ColorLayout } from './layout.ts'

/** A container ends in the time its compose file gives it (`stop_grace_period`). */
export const stopText = ({ project, services }: ColorLayout): string =>
  `ids=$(${services.map(({ name }) => containerIds(project, name, { all: false })).join('; ')})
[ -z "$ids" ] || docker stop $ids`

export const removeText = (layout: ColorLayout): string => {
  const { project, services } = layout
  return `${stopText(layout)}
ids=$(${services.map(({ name }) => containerIds(project, name, { all: true })).join('; ')})
[ -z "$ids" ] || docker rm $ids`
}
