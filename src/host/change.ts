/** One change at the place where a target's commands run, under its locks and the fence of its lease. */
import { ChangeFailed, LeaseLost, type Surroundings, TargetUnreachable } from '../targets/target.ts'
import type { Connection } from './connection.ts'
import { lastWords, raiseFailure } from './failures.ts'
import {
  type ChangeResult,
  changeOverhead,
  type GuardedChange,
  guardedChangeScript,
  parseChange,
} from './guarded-change.ts'

export interface ChangePlace {
  readonly connection: Connection
  /** Absolute. */
  readonly stateDirectory: string
  readonly surroundings: Surroundings
}

type Finished = Extract<ChangeResult, { kind: 'finished' }>
type Refused = Extract<ChangeResult, { kind: 'refused-color' }>

/** Throws LeaseLost when the fence has moved on. `name`: the command, for people. */
export async function runChange(
  { connection, stateDirectory, surroundings }: ChangePlace,
  name: string,
  options: Omit<GuardedChange, 'directory'>,
): Promise<Finished | Refused> {
  const finish = await connection.run(guardedChangeScript({ directory: stateDirectory, ...options }), {
    signal: surroundings.signal,
    clock: surroundings.clock,
    timeout: options.limit + 2 * (options.observe?.limit ?? 0) + changeOverhead,
    onStderr: (chunk) => surroundings.output(name, chunk),
  })
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
