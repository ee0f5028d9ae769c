/** Owners as ledgers keep them. */
import { z } from 'zod'
import type { Owner } from './target.ts'

export const ownerShape: z.ZodType<Owner> = z.object({
  nonce: z.string(),
  run: z.string(),
  attempt: z.string(),
  job: z.string(),
  step: z.string(),
  url: z.string(),
  actor: z.string(),
})

/** null: it is none, or damaged. */
export function parseOwner(text: string): Owner | null {
  try {
    return ownerShape.parse(JSON.parse(text))
  } catch {
    return null
  }
}
