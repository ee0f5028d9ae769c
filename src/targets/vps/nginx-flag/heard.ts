/** What nginx has answered where, in words. */
import { type Color, otherColor } from '../../target.ts'
import type { Answer } from './answer.ts'
import type { Listener } from './listeners.ts'
import { colorVariable } from './names.ts'

export interface Heard {
  readonly listener: Listener
  readonly answer: Answer
}

export const names = (answer: Answer, color: Color): boolean =>
  answer.kind === 'color' && answer.color === color

interface Doubts {
  readonly heard: readonly Heard[]
  /** Those that do not name `to`. */
  readonly doubts: readonly Heard[]
  readonly to: Color
  readonly app: string
}

/** Why nginx does not confirm a switch, and what to look at. */
export function describeDoubts({ heard, doubts, to, app }: Doubts): string {
  const old = doubts.filter(({ answer }) => names(answer, otherColor(to)))
  if (old.length === 0) return `${[...new Set(doubts.map(describeAnswer))].join('; ')}.`
  const urls = [...new Set(old.map(({ listener }) => listener.url))].join(', ')
  return (
    `it still says ${otherColor(to)} on ${old.length} of ${heard.length} connections, at ${urls}. It remembers files ` +
    `(open_file_cache) or looks in another folder. Write "open_file_cache off;" where ${colorVariable(app)} is set. ` +
    'Look with: sudo nginx -T | grep -n -e open_file_cache -e "-f "'
  )
}

export function describeAnswer({ listener: { url }, answer }: Heard): string {
  switch (answer.kind) {
    case 'color':
      return `nginx says ${answer.color} at ${url}`
    case 'lost':
      return `nginx says lost at ${url}`
    case 'missing':
      return `nginx does not know the color at ${url}`
    case 'redirect':
      return `${url} only redirects to ${answer.location}`
    case 'other':
      return `${url}: ${answer.detail}`
  }
}
