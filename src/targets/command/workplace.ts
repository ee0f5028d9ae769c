/** Where the user's commands run, and the two ways to run them: to look, and to change. */
import { askScript, parseAnswer } from '../../host/asking.ts'
import type { Connection } from '../../host/connection.ts'
import { lastWords, raiseFailure } from '../../host/failures.ts'
import {
  type ChangeResult,
  changeOverhead,
  type GuardedChange,
  guardedChangeScript,
  parseChange,
} from '../../host/guarded-change.ts'
import type { Command } from '../../host/script.ts'
import type { ServiceIntent } from '../intent.ts'
import {
  ChangeFailed,
  type Environment,
  type Hook,
  LeaseLost,
  type Surroundings,
  TargetUnreachable,
} from '../target.ts'
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

type Finished = Extract<ChangeResult, { kind: 'finished' }>
type Refused = Extract<ChangeResult, { kind: 'refused-color' }>

/** Throws LeaseLost when the fence has moved on. `name`: the command, for people. */
export async function change(
  workplace: Workplace,
  name: string,
  options: Omit<GuardedChange, 'directory'>,
): Promise<Finished | Refused> {
  const { settings, connection, surroundings } = workplace
  const finish = await connection.run(
    guardedChangeScript({ directory: settings.stateDirectory, ...options }),
    {
      signal: surroundings.signal,
      clock: surroundings.clock,
      timeout: options.limit + 2 * (options.observe?.limit ?? 0) + changeOverhead,
      onStderr: (chunk) => surroundings.output(name, chunk),
    },
  )
  if (finish.kind === 'lost') throw lost(name, connection, finish.detail)
  if (finish.code !== 0) raiseFailure(finish.stdout, connection.name)
  const result = parseChange(finish.stdout)
  if (result.kind === 'unknown') throw lost(name, connection, 'its process was ended from outside')
  if (result.kind === 'refused-fence') {
    throw new LeaseLost(
      `Another deployment took over (fence ${result.fence} instead of ${options.lease.fence}); "${name}" was not run.`,
    )
  }
  if (result.kind === 'finished' && result.code !== 0) {
    throw new ChangeFailed(
      `The command "${name}" ${endOf(result, options.limit)}.${lastWords(finish.stderrTail)}`,
    )
  }
  return result
}

function endOf({ ended, code }: Finished, limit: number): string {
  if (ended === 'late') return `did not end within ${limit / 1000} s and was ended`
  if (ended === 'ended') return 'was ended from outside'
  return `ended with exit code ${code}`
}

export const lost = (name: string, { name: host }: Connection, detail: string) =>
  new TargetUnreachable(`What "${name}" did on ${host} is unknown: ${detail}.`)
