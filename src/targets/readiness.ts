/** What the parts of a color say of themselves, taken together. */
import { type Readiness, TargetUnreachable } from './target.ts'

/** One fatal is enough to end the wait; one that waits, to go on with it. */
export function judgeAll(judged: readonly Readiness[]): Readiness {
  const isPartlyUp = judged.every(
    (each) => each.kind === 'ready' || ('isPartlyUp' in each && each.isPartlyUp),
  )
  for (const kind of ['fatal', 'silent', 'waiting'] as const) {
    const reasons = judged.flatMap((each) => (each.kind === kind ? [each.reason] : []))
    if (reasons.length === 0) continue
    const reason = reasons.join('; ')
    return kind === 'silent' ? { kind, reason } : { kind, reason, isPartlyUp }
  }
  const restarts = judged.reduce((sum, each) => sum + (each.kind === 'ready' ? each.restarts : 0), 0)
  return { kind: 'ready', restarts }
}

/** What runs there may be well all the same. */
export function silent(error: unknown): Readiness {
  if (error instanceof TargetUnreachable) return { kind: 'silent', reason: error.message }
  throw error
}
