import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export function parseUrl(text: string): Parsed<string> {
  if (!/^https?:\/\//i.test(text)) return refuse('is not an http or https URL', likelyUrl(text))
  if (/\s/.test(text) || !URL.canParse(text)) return refuse('is not a URL')
  const { username, password, hash } = new URL(text)
  if (username || password)
    return refuse('holds a user name or password, which logs and summaries would show')
  return hash
    ? refuse('holds a `#` part, which is never sent', text.slice(0, text.indexOf('#')))
    : accept(text)
}

function likelyUrl(text: string): string | null {
  const guess = `https://${text.replace(/^[a-z]*:?\/+/i, '')}`
  return /^https:\/\/[\w.-]+\.[\w-]+(:\d+)?(\/[^\s#]*)?$/.test(guess) && URL.canParse(guess) ? guess : null
}

/** A URL may carry a password even where none belongs: it is never repeated. */
export const withoutUserInfo = (text: string) => text.replaceAll(/\/\/[^/?#\s]*@/g, '//***@')

export const url = textForm('an http or https URL', parseUrl, { type: 'string', pattern: '^https?://' })
