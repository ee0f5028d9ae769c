import { type CommandName, commandNames } from '../../targets/command/settings.ts'
import type { Hook } from '../../targets/target.ts'
import { listed } from './choice.ts'
import { type Form, strictMap } from './form.ts'
import { hookForm } from './hook.ts'

const accepted = `a map of ${listed(commandNames, 'and')}, each a command, a map with \`run\`, or a list of them`
const command = hookForm('target').schema.optional()

/** The commands that are given; the others are absent. */
export const commands: Form<Readonly<Partial<Record<CommandName, readonly Hook[]>>>> = {
  accepted,
  schema: strictMap(
    accepted,
    Object.fromEntries(commandNames.map((name) => [name, command])) as Record<CommandName, typeof command>,
  ) as Form<Partial<Record<CommandName, readonly Hook[]>>>['schema'],
  input: 'yaml',
}
