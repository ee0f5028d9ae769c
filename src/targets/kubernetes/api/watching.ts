/** A watch of the API that does not stay when nothing comes any more. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../clock.ts'
import { reasonOf } from '../../../host/dialing.ts'
import { elapsed } from '../../../host/ending.ts'
import { judge } from './answer.ts'
import type { ApiRequest, WatchEvent } from './cluster.ts'
import { receive } from './exchange.ts'
import { eventsIn, watchPath } from './watch-lines.ts'

/** How much later than it promised the server may end it. */
const patience = 10_000

export interface Watching {
  open(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage>
  unanswered(request: ApiRequest, why: string): Error
  readonly clock: Clock
  /** Of the cluster. */
  readonly signal: AbortSignal
}

/** What the API refuses is an event as well: of a Status, as those that come later. */
export async function* watching(
  { open, unanswered, clock, signal }: Watching,
  request: ApiRequest,
  until: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const { path, time } = watchPath(request.path)
  const over = new AbortController()
  const either = AbortSignal.any([signal, until, over.signal])
  let isLate = false
  void elapsed(time + patience, clock, either).then(() => {
    isLate = !either.aborted
    over.abort()
  })
  try {
    const response = await open({ ...request, path }, either)
    if (response.statusCode === 200) return yield* eventsIn(response)
    const verdict = judge(await receive(response), clock.now())
    if (verdict.kind !== 'refused') throw new Error(verdict.kind === 'silent' ? verdict.why : 'no watch')
    const { status, reason, message } = verdict
    yield { type: 'ERROR', object: { kind: 'Status', code: status, reason, message } }
  } catch (error) {
    signal.throwIfAborted()
    if (until.aborted) return
    throw unanswered(request, isLate ? 'The watch did not end in its time' : reasonOf(error))
  } finally {
    over.abort()
  }
}
