/** Where the user's commands run, and the two ways to run them: to look, and to change. */
import { askScript, parseAnswer } from '../../host/asking.ts'
import { lost, runChange } from '../../host/change.ts'
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

export interface Answer {
  /** null: the command was ended by its time limit. */
  readonly code: number | null
  readonly said: string
  readonly stderr: string
}

/** The word that counts of what a command said. */
export const lastLine = (text: string): string => text.slice(text.lastIndexOf('\n') + 1)

/** What a command needs besides its own time to start and to end. */
const lookOverhead = 30_000

export const withEnvironment = (hooks: readonly Hook[], env: Environment): readonly Command[] =>
  hooks.map((hook) => ({ run: hook.run, env: { ...hook.env, ...env } }))

export const timeOf = (hooks: readonly Hook[]): number => hooks.reduce((sum, { timeout }) => sum + timeout, 0)

export async function look(workplace: Workplace, name: CommandName, env: Environment): Promise<Answer> {
  const { settings, connection, surroundings } = workplace
  const hooks = settings.commands[name]
  const observation = { commands: withEnvironment(hooks, env), limit: timeOf(hooks) }
  const finish = await connection.run(askScript(observation, { merged: name === 'diagnose' }), {
    signal: surroundings.signal,
    clock: surroundings.clock,
    timeout: observation.limit + lookOverhead,
  })
  if (finish.kind === 'lost') throw lost(name, connection, finish.detail)
  return { ...parseAnswer(finish.stdout), stderr: finish.stderrTail }
}

export const change = (
  { settings, connection, surroundings }: Workplace,
  name: string,
  options: Omit<GuardedChange, 'directory'>,
) => runChange({ connection, stateDirectory: settings.stateDirectory, surroundings }, name, options)
