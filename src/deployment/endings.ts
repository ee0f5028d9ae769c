/** How a run ended, in the user's words: pure, from what failed and how it was settled. */
import type { Evidence } from '../checks/evidence.ts'
import type { Color, Traffic } from '../targets/target.ts'
import type { Ending } from './chronicle.ts'
import { describeTraffic } from './color-choice.ts'
import type { Operation } from './operation.ts'
import type { PhaseName, Result } from './report.ts'
import type { Settled } from './settled.ts'

interface Success {
  readonly operation: Operation
  readonly traffic: Traffic
  readonly evidence: readonly Evidence[]
}

export function endingOfSuccess({ operation, traffic, evidence }: Success): Ending {
  const { release, to } = operation
  const result = resultOfCommit(operation)
  const headline = `${result === 'deployed' ? 'Deployed' : 'Rolled back'}: ${release.version} is live on ${to}.`
  return { result, ok: true, headline, traffic, operation, rolledBack: result === 'rolled-back', evidence }
}

const resultOfCommit = ({ kind }: Operation): Result => (kind === 'rollback' ? 'rolled-back' : 'deployed')

export const endingOfUnchanged = (why: string, live: Color | null): Ending => ({
  result: 'unchanged',
  ok: true,
  headline: `Nothing to do: ${why}.`,
  traffic: live === null ? { kind: 'nobody' } : { kind: 'color', color: live },
})

interface Closed {
  readonly settled: Settled
  readonly operation: Operation
  readonly traffic: Traffic
}

/** An operation that its own main had left open, closed by somebody who came for just that. */
export function endingOfClosing({ settled, operation, traffic }: Closed): Ending {
  const { version } = operation.release
  const shared = { ok: true, traffic, operation }
  const where = trafficSentence(traffic)
  switch (settled.kind) {
    case 'committed': {
      const old = settled.retired ? ', and the old color is retired' : ''
      return { ...shared, result: resultOfCommit(operation), headline: `${version} is live${old}. ${where}` }
    }
    case 'undone':
      return settled.how === 'went-back'
        ? {
            ...shared,
            result: 'rolled-back',
            rolledBack: true,
            headline: `${version} was taken back. ${where}`,
          }
        : { ...shared, result: 'failed', headline: `The deployment of ${version} was undone. ${where}` }
    case 'failed':
    case 'left-open':
      return endingOfFailure({ phase: operation.phase, cause: settled.why, operation, settled, traffic })
    default:
      return { ...shared, result: 'unchanged', headline: `Nothing was open. ${where}` }
  }
}

export interface Failing {
  readonly phase: PhaseName | null
  readonly cause: string
  readonly operation: Operation
  readonly settled: Settled
  readonly traffic: Traffic
  /** What a person may look at first. */
  readonly look?: readonly string[]
}

/** An operation that failed and was settled by the table. */
export function endingOfFailure({ phase, cause, operation, settled, traffic, look = [] }: Failing): Ending {
  const { done, next, ...shown } = consequences(operation, settled)
  const diagnosis = settled.kind === 'undone' ? settled.diagnosis : null
  const failure = {
    phase,
    cause,
    traffic: trafficSentence(traffic),
    done,
    next: [...look, ...next],
    diagnosis,
  }
  return { ...shown, ok: false, traffic, operation, failure }
}

interface Consequences {
  readonly result: Result
  readonly rolledBack?: boolean
  readonly headline: string
  readonly done: readonly string[]
  readonly next: readonly string[]
}

const again = ['Fix what failed, then deploy again.']
const clarify = ['Find out who moved traffic, then deploy again.']

function consequences(operation: Operation, settled: Settled): Consequences {
  const { version } = operation.release
  switch (settled.kind) {
    case 'undone':
      return { ...undoneWords(operation, settled), next: settled.how === 'conceded' ? clarify : again }
    case 'failed':
      return {
        result: 'rollback-failed',
        headline: `${version} failed, and traffic was not put back: ${settled.why}.`,
        done: ['Nothing was stopped.'],
        next: [
          ...(settled.movedBy === 'others' ? clarify : again),
          'Or go back by hand:',
          ...operation.inverse,
        ],
      }
    case 'left-open':
      return {
        result: 'rollback-failed',
        headline: `${version} failed, and the deployment could not be closed: ${settled.why}.`,
        done: [
          'Nothing was stopped.',
          'The deployment stays open: the post step or the next run tries again.',
        ],
        next: [
          ...settled.repair,
          'Then run with `mode: unlock`, and `force: true` where the router stays unreadable.',
        ],
      }
    default:
      return {
        result: 'failed',
        headline: `${version} failed after it was live and verified.`,
        done: [],
        next: again,
      }
  }
}

type Undone = Extract<Settled, { kind: 'undone' }>

function undoneWords(operation: Operation, { how, newColor, diagnosis }: Undone): Omit<Consequences, 'next'> {
  const { from, to, release } = operation
  const fate = fateSentence(to, newColor, (diagnosis?.sections.length ?? 0) > 0)
  switch (how) {
    case 'went-back':
      return {
        result: 'rolled-back',
        rolledBack: true,
        headline: `${release.version} failed after the switch; traffic is back on ${from}.`,
        done: [`Traffic was put back on ${from}.`, fate],
      }
    case 'conceded':
      return {
        result: 'failed',
        headline: `Somebody moved traffic away from ${release.version}; it was left where it is.`,
        done: [fate],
      }
    case 'untouched':
      return {
        result: 'failed',
        headline:
          operation.traffic === 'from'
            ? `${release.version} failed before the switch; traffic never moved.`
            : `${release.version} failed in the switch; traffic is on ${from ?? 'nobody'}.`,
        done: [fate],
      }
  }
}

function fateSentence(to: Color, fate: Undone['newColor'], diagnosed: boolean): string {
  switch (fate) {
    case 'never started':
      return `${to} was not touched.`
    case 'stopped':
      return diagnosed ? `${to} was stopped after its logs were kept.` : `${to} was stopped.`
    case 'kept':
      return `${to} is left running for a look, as \`on-failure: keep\` asks.`
    case 'left running':
      return `${to} is left as it is.`
  }
}

export function trafficSentence(traffic: Traffic): string {
  switch (traffic.kind) {
    case 'color':
      return `Traffic is on ${traffic.color}.`
    case 'nobody':
      return 'The router names nobody.'
    default:
      return `The router is ${describeTraffic(traffic)}.`
  }
}
