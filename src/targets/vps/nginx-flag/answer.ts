/** What nginx says when it is asked for the color. */
import type { Color } from '../../target.ts'

export type Answer =
  | { readonly kind: 'color'; readonly color: Color }
  /** The workers do not see the marker. */
  | { readonly kind: 'lost' }
  /** Nobody there knows of a color. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'other'; readonly detail: string }

export interface Reply {
  readonly status: number
  readonly location: string | null
  /** Its beginning. */
  readonly body: string
}

export function parseReply({ status, location, body }: Reply): Answer {
  const said = /^(blue|green) (ready|lost)\n$/.exec(body)
  if (status === 200 && said) {
    return said[2] === 'lost'
      ? { kind: 'lost' }
      : { kind: 'color', color: said[1] === 'green' ? 'green' : 'blue' }
  }
  // What answers any path, as many an app does, is as much at a loss.
  if (status === 404 || status === 200) return { kind: 'missing' }
  if (status >= 300 && status < 400 && location !== null) return { kind: 'redirect', location }
  const beginning = body.trim().split('\n')[0]?.slice(0, 80) ?? ''
  return {
    kind: 'other',
    detail: `answers ${status}${beginning === '' ? '' : ` ${JSON.stringify(beginning)}`} instead of a color`,
  }
}
