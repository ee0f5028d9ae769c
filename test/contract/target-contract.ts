/** The one suite that every target passes: what the engine relies on, seen from outside the target. */
import { describe } from 'vitest'
import { describeEnd } from './end.ts'
import { describeLedger } from './ledger.ts'
import { describeOwnership } from './ownership.ts'
import { describePreflight } from './preflight.ts'
import { describeRouter } from './router.ts'
import { describeRuntime } from './runtime.ts'
import type { Open } from './stand.ts'

/** `open`: a fresh place, with the target opened on it. */
export function describeTarget(name: string, open: Open): void {
  describe(name, { concurrent: true }, () => {
    describePreflight(open)
    describeRuntime(open)
    describeRouter(open)
    describeLedger(open)
    describeOwnership(open)
    describeEnd(open)
  })
}
