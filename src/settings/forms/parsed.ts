/** What a parser makes of a text. Parsers never throw; `why` goes on after the refused value: "`30` has no unit". */
export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'refused'; readonly why: string; readonly nearest: string | null }

export const accept = <T>(value: T): Parsed<T> => ({ kind: 'value', value })

/** `nearest`: what was probably meant, ready to be pasted. */
export const refuse = (why: string, nearest: string | null = null): Parsed<never> => ({
  kind: 'refused',
  why,
  nearest,
})
