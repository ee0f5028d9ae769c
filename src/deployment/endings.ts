/** How a run ended, in the user's words: pure, from what failed and how it was settled. */
import type { Evidence } from '../checks/evidence.ts'
import type { Color } from '../targets/target.ts'
import type { Ending } from './chronicle.ts'
import type { Operation } from './operation.ts'
import type { Failure, PhaseName } from './report.ts'
import type { Settled } from './settle.ts'

export interface Failing {
  readonly phase: PhaseName | null
  readonly cause: string
  readonly operation: Operation | null
  readonly settled: Settled
  readonly active: Color | null
  readonly app: string
}

interface Success {
  readonly operation: Operation
  readonly active: Color | null
  readonly evidence: readonly Evidence[]
}

export function endingOfSuccess({ operation, active, evidence }: Success): Ending {
  const { kind, release, to } = operation
  const rollback = kind === 'rollback'
  return {
    result: rollback ? 'rolled-back' : 'deployed',
    ok: true,
    headline: `${rollback ? 'Rolled back:' : 'Deployed:'} ${release.version} is live on ${to}.`,
    active,
    operation,
    rolledBack: rollback,
    evidence,
  }
}

export const endingOfUnchanged = ({
  why,
  live,
}: {
  readonly why: string
  readonly live: Color | null
}): Ending => ({
  result: 'unchanged',
  ok: true,
  headline: `Nothing to do: ${why}.`,
  active: live,
})

interface ClosedByHand {
  readonly settled: Settled
  readonly operation: Operation | null
  readonly active: Color | null
  readonly app: string
}

/** An operation that another run had left open, closed by somebody who came for just that. */
export function endingOfClosing({ settled, operation, active, app }: ClosedByHand): Ending {
  if (settled.kind === 'failed' || settled.kind === 'left-open') {
    return endingOfFailure({
      phase: operation?.phase ?? null,
      cause: settled.why,
      operation,
      settled,
      active,
      app,
    })
  }
  const version = operation?.release.version ?? 'the release'
  const wentBack = settled.kind === 'undone' && settled.how === 'went-back'
  return {
    result: wentBack ? 'rolled-back' : 'unchanged',
    ok: true,
    headline: closingSentence(settled, version, active),
    active,
    operation,
    rolledBack: wentBack,
  }
}

function closingSentence(settled: Settled, version: string, active: Color | null): string {
  switch (settled.kind) {
    case 'committed':
      return `${version} is live on ${active}; its deployment is closed${settled.retired ? ' and the old color retired' : ''}.`
    case 'undone':
      return settled.how === 'went-back'
        ? `${version} was taken back; traffic is on ${active}.`
        : `The deployment of ${version} is closed; traffic is on ${active}.`
    default:
      return 'Nothing was open.'
  }
}

/** An operation that failed and was settled by the table. */
export function endingOfFailure(failing: Failing): Ending {
  const { operation, settled, active, cause, phase } = failing
  const shared = { active, operation, ok: false as const }
  const failure = (done: readonly string[], next: readonly string[]): Failure => ({
    phase,
    cause,
    traffic: trafficSentence(active),
    done,
    next,
    diagnosis: settled.kind === 'undone' ? settled.diagnosis : null,
  })
  const version = operation?.release.version ?? 'The release'
  switch (settled.kind) {
    case 'undone':
      if (settled.how === 'went-back') {
        return {
          ...shared,
          result: 'rolled-back',
          rolledBack: true,
          headline: `${version} failed after the switch; traffic is back on ${active ?? 'the old color'}.`,
          failure: failure(
            [`Traffic was put back on ${operation?.from}.`, whatOfFailed(operation)],
            ['Fix the release and deploy again.'],
          ),
        }
      }
      return {
        ...shared,
        result: 'failed',
        headline:
          settled.how === 'conceded'
            ? `Somebody moved traffic away from ${version}; it was left where it is.`
            : `${version} failed before the switch; traffic never moved.`,
        failure: failure([whatOfFailed(operation)], ['Fix the release and deploy again.']),
      }
    case 'failed':
      return {
        ...shared,
        result: 'rollback-failed',
        headline: `${version} failed, and traffic was not put back: ${settled.why}.`,
        failure: failure(['Nothing was moved or stopped.'], byHand(operation)),
      }
    case 'left-open':
      return {
        ...shared,
        result: 'rollback-failed',
        headline: `${version} failed, and the deployment could not be closed: ${settled.why}.`,
        failure: failure(
          ['Nothing was stopped.', 'The deployment stays open: the post step or the next run tries again.'],
          [...settled.repair, 'Then run with `mode: unlock`.'],
        ),
      }
    default:
      return {
        ...shared,
        result: 'failed',
        headline: `${failing.app}: ${cause}`,
        failure: failure(['Nothing was changed.'], ['Look at the cause above and run again.']),
      }
  }
}

const trafficSentence = (active: Color | null): string =>
  active === null ? 'The router names no single color, or could not be read.' : `Traffic is on ${active}.`

function whatOfFailed(operation: Operation | null): string {
  if (operation === null) return 'Nothing was changed.'
  return operation.onFailure === 'stop'
    ? `${operation.to} was stopped after its logs were kept.`
    : `${operation.to} is left running for a look, as \`on-failure: keep\` asks.`
}

const byHand = (operation: Operation | null): readonly string[] => [
  'Fix the release and deploy again, or go back by hand:',
  ...(operation?.inverse ?? []),
]
