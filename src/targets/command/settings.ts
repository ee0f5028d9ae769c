import type { Hook } from '../target.ts'

export const commandNames = [
  'observe',
  'status',
  'deploy',
  'ready',
  'stop',
  'remove',
  'switch',
  'manual',
  'diagnose',
] as const
export type CommandName = (typeof commandNames)[number]

export interface CommandSettings {
  /** Absolute; `{app}` is already replaced. */
  readonly stateDirectory: string
  /** A command that was not given is an empty list. */
  readonly commands: Readonly<Record<CommandName, readonly Hook[]>>
}
