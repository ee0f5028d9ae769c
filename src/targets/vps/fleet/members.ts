/** The hosts of a fleet, and work on all of them at once. */
import { messageOf } from '../../message.ts'
import { ChangeFailed, ChangeRefused, LeaseLost, type Target, TargetUnreachable } from '../../target.ts'
import type { Leases } from './leases.ts'

export interface Member {
  /** For people. */
  readonly host: string
  readonly target: Target
}

export interface Failure {
  readonly host: string
  readonly error: unknown
}

export interface Fleet {
  readonly members: readonly Member[]
  readonly leases: Leases
  /** The target that these hosts are without the others. */
  restOf(reached: readonly Member[]): Target
}

/**
 * Waits for all, then throws one error that names each host where it failed; where some cannot be reached, it carries the rest.
 */
export async function onAll<T>(
  { members, restOf }: Fleet,
  work: (member: Member, index: number) => Promise<T>,
): Promise<readonly T[]> {
  const results = await Promise.allSettled(members.map(async (member, index) => work(member, index)))
  const failures = failuresIn(members, results)
  if (failures.length > 0) {
    const error = joined(failures)
    const reached = members.filter(({ host }) => failures.every((failure) => failure.host !== host))
    if (!(error instanceof TargetUnreachable) || reached.length === 0) throw error
    throw new TargetUnreachable(error.message, { cause: error.cause, rest: restOf(reached) })
  }
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

export const failuresIn = (
  members: readonly Member[],
  results: readonly PromiseSettledResult<unknown>[],
): readonly Failure[] =>
  results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ host: members[index]?.host ?? '', error: result.reason }] : [],
  )

/** What says most of what may be done now comes first. */
const kinds = [LeaseLost, ChangeRefused, TargetUnreachable, ChangeFailed]

export const isForeign = (error: unknown): boolean => !kinds.some((kind) => error instanceof kind)

/**
 * One error of the gravest kind among them. An error of no kind of ours, as the reason of an interrupt, stays itself.
 * `more`: what else there is to say.
 */
export function joined(failures: readonly Failure[], more = ''): unknown {
  const foreign = failures.find(({ error }) => isForeign(error))
  if (foreign) return foreign.error
  const Kind = kinds.find((kind) => failures.some(({ error }) => error instanceof kind)) ?? ChangeFailed
  const said = failures.map(({ host, error }) => naming(host, messageOf(error)))
  return new Kind([...said, ...(more === '' ? [] : [more])].join('\n'), { cause: failures[0]?.error })
}

/** Some of what is said of a host begins with it. */
export const naming = (host: string, text: string): string =>
  text.startsWith(`${host} `) ? text : `${host}: ${text}`

/** Whether all are the same. */
export const agree = (values: readonly unknown[]): boolean => new Set(values).size <= 1
