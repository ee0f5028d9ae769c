import { lineEnd } from './plain.ts'

/** What a person is told to do: a sentence, a text to copy, or a sentence that ends in a colon and then the text. */
export interface Advice {
  readonly sentence: string | null
  /** Lines to copy as they are. */
  readonly block: readonly string[]
}

export function parseAdvice(text: string): Advice {
  const [first = '', ...rest] = text.trim().split(lineEnd)
  if (rest.length === 0) return { sentence: first, block: [] }
  return first.endsWith(':') ? { sentence: first, block: rest } : { sentence: null, block: [first, ...rest] }
}
