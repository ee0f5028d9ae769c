/** What the parts of a color say of themselves, taken together. */
import { type Readiness, TargetUnreachable } from './target.ts'

/** One fatal is enough to end the wait; one that waits, to go on with it. */
export function judgeAll(judged: readonly Readiness[]): Readiness {
  for (const kind of ['fatal', 'silent'] as const) {
    const reasons = judged.flatMap((each) => (each.kind === kind ? [each.reason] : []))
    if (reasons.length > 0) return { kind, reason: reasons.join('; ') }
  }
  const waiting = judged.filter((each) => each.kind === 'waiting')
  if (waiting.length > 0) {
    const isPartlyUp = waiting.every((each) => each.isPartlyUp === true)
    return { kind: 'waiting', reason: waiting.map(({ reason }) => reason).join('; '), isPartlyUp }
  }
  const restarts = judged.reduce((sum, each) => sum + (each.kind === 'ready' ? each.restarts : 0), 0)
  return { kind: 'ready', restarts }
}

/** What runs there may be well all the same. */
export function silent(error: unknown): Readiness {
  if (error instanceof TargetUnreachable) return { kind: 'silent', reason: error.message }
  throw error
}
