/** A place where a deployment waits until something has been done meanwhile. */
import { writeFileSync } from 'node:fs'
import type { Inputs } from './shop.ts'

export interface Gated {
  /** A path that no other shop has, where its hooks run. */
  readonly gate: string
}

/** The deployment waits in this hook until its gate is opened. */
export const gated = ({ gate }: Gated, hook: string): Inputs => ({
  [hook]: `echo gated; until [ -e '${gate}' ]; do sleep 0.05; done; rm '${gate}'`,
})

export const openGate = ({ gate }: Gated): void => writeFileSync(gate, '')
