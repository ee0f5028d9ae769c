/** Whether users are answered by the color that traffic was moved to. */
import type { Clock } from '../../../clock.ts'
import type { Color } from '../../target.ts'

/** A public URL, whose answers name their color. */
export interface PublicColor {
  readonly url: string
  /** The color that the answer to one request on a fresh connection names; null: it names none, or there is none. */
  ask(signal: AbortSignal): Promise<string | null>
}

export type Proof =
  | { readonly kind: 'proven'; readonly requests: number }
  /** `answers`: what was named last, of a URL that did not follow. */
  | { readonly kind: 'elsewhere'; readonly url: string; readonly answers: string }
  /** Nothing names a color. */
  | { readonly kind: 'unnamed' }

/** A load balancer has several nodes, and AWS tells nowhere when all of them have followed. */
const inARow = 3
const [pause, patience] = [200, 30_000]
/** What never names a color is waited for no longer; the color that was left may have named none, and a node follow late. */
const moment = 5_000

interface Question {
  readonly color: Color
  readonly clock: Clock
  readonly signal: AbortSignal
}

export async function proveColor(urls: readonly PublicColor[], question: Question): Promise<Proof> {
  const proofs = await Promise.all(urls.map((url) => proveOne(url, question)))
  const elsewhere = proofs.find(({ kind }) => kind === 'elsewhere')
  if (elsewhere !== undefined) return elsewhere
  const requests = proofs.reduce((sum, proof) => sum + (proof.kind === 'proven' ? proof.requests : 0), 0)
  return requests === 0 || proofs.some(({ kind }) => kind === 'unnamed')
    ? { kind: 'unnamed' }
    : { kind: 'proven', requests }
}

async function proveOne({ url, ask }: PublicColor, { color, clock, signal }: Question): Promise<Proof> {
  const began = clock.monotonic()
  let [row, requests] = [0, 0]
  let named: string | null = null
  for (;;) {
    const word = await ask(signal)
    requests += 1
    named = word ?? named
    row = word?.trim().toLowerCase() === color ? row + 1 : 0
    if (row === inARow) return { kind: 'proven', requests }
    if (clock.monotonic() - began >= (named === null ? moment : patience))
      return named === null ? { kind: 'unnamed' } : { kind: 'elsewhere', url, answers: named }
    if (row === 0) await clock.sleep(pause, signal)
  }
}
