/** Where the user's commands run, and the two ways to run them: to look, and to change. */
import { type Answer, ask } from '../../host/asking.ts'
import { runChange } from '../../host/change.ts'
import type { Connection } from '../../host/connection.ts'
import type { GuardedChange } from '../../host/guarded-change.ts'
import type { Command } from '../../host/script.ts'
import type { ServiceIntent } from '../intent.ts'
import type { Environment, Hook, Surroundings } from '../target.ts'
import type { CommandName, CommandSettings } from './settings.ts'

export interface Workplace {
  readonly settings: CommandSettings
  readonly services: readonly ServiceIntent[]
  readonly connection: Connection
  readonly surroundings: Surroundings
}

/** The word that counts of what a command said. */
export const lastLine = (text: string): string => text.slice(text.lastIndexOf('\n') + 1)

export const withEnvironment = (hooks: readonly Hook[], env: Environment): readonly Command[] =>
  hooks.map((hook) => ({ run: hook.run, env: { ...hook.env, ...env } }))

export const timeOf = (hooks: readonly Hook[]): number => hooks.reduce((sum, { timeout }) => sum + timeout, 0)

export function look(workplace: Workplace, name: CommandName, env: Environment): Promise<Answer> {
  const hooks = workplace.settings.commands[name]
  return ask(workplace, name, {
    commands: withEnvironment(hooks, env),
    limit: timeOf(hooks),
    merged: name === 'diagnose',
  })
}

export const change = (
  { settings, connection, surroundings }: Workplace,
  name: string,
  options: Omit<GuardedChange, 'directory'>,
) => runChange({ connection, stateDirectory: settings.stateDirectory, surroundings }, name, options)
