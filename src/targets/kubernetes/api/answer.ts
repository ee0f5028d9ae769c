/** What an answer of the API means. */
import { z } from 'zod'
import type { ApiAnswer } from './cluster.ts'

export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly date: string | undefined
  readonly retryAfter: string | undefined
  readonly body: string
}

export type Verdict =
  | ApiAnswer
  /** The server had no answer to give. `pause`: milliseconds it asks us to wait, where it does. */
  | { readonly kind: 'silent'; readonly why: string; readonly pause: number | null }

const statusShape = z.object({ reason: z.string().catch(''), message: z.string().catch('') })

/** `now`: for an answer without a date. */
export function judge(reply: Reply, now: number): Verdict {
  const { status, body } = reply
  const serverTime = Date.parse(reply.date ?? '')
  const time = Number.isNaN(serverTime) ? now : serverTime
  if (status >= 200 && status < 300) return answered(reply, time)
  const { reason, message } = statusOf(body)
  if (status >= 400 && status < 500 && status !== 429)
    return { kind: 'refused', status, reason, message, serverTime: time }
  return { kind: 'silent', why: `${status} ${message}`.trim(), pause: pauseOf(reply.retryAfter) }
}

/** What is no JSON, as a log of a pod, is handed on as its text. */
function answered({ contentType, body }: Reply, serverTime: number): Verdict {
  if (!/\bjson\b/.test(contentType)) return { kind: 'answered', body, serverTime }
  try {
    return { kind: 'answered', body: JSON.parse(body), serverTime }
  } catch {
    return { kind: 'silent', why: 'The answer was cut short', pause: null }
  }
}

/** What stands between us and the API server answers with plain text. */
export function statusOf(body: string): { readonly reason: string; readonly message: string } {
  try {
    return statusShape.parse(JSON.parse(body))
  } catch {
    return { reason: '', message: body.trim().slice(0, 1_000) }
  }
}

const longestPause = 10_000

function pauseOf(seconds: string | undefined): number | null {
  if (seconds === undefined || !/^\d+$/.test(seconds)) return null
  return Math.min(Number(seconds) * 1_000, longestPause)
}
