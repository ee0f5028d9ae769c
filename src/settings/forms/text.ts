import { z } from 'zod'
import { type Form, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export function parseLine(text: string): Parsed<string> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return /[\u0000-\u001f\u007f]/.test(text) ? refuse('holds line breaks or control characters') : accept(text)
}

export const line = textForm('one line of text', parseLine)

/** Text of any shape: keys, file contents. */
export const text = textForm('text', accept)

export function parseName(text: string): Parsed<string> {
  if (namePattern.test(text)) return accept(text)
  const tidy = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return refuse('is not a name', namePattern.test(tidy) ? tidy : null)
}

/** Names become folders, labels and parts of variable names: they begin and end with a letter or digit, so never `..`. */
export const namePattern = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/
const nameRule = 'up to 63 letters, digits, `-` and `.`, with a letter or digit at both ends'
export const name = textForm(nameRule, parseName, { type: ['string', 'number'], pattern: namePattern.source })
export const nameHint = { pattern: namePattern, why: `is not a name: ${nameRule}` } as const

export function parseImage(text: string): Parsed<string> {
  return /^\S+$/.test(text) ? accept(text) : refuse('holds spaces', text.replaceAll(/\s+/g, '') || null)
}

export const image = textForm('an image with its tag or digest', parseImage, { type: 'string' })

export function parseHeaderName(text: string): Parsed<string> {
  const likely = text.replace(/:.*$/s, '').trim()
  if (headerPattern.test(text)) return accept(text)
  return refuse('is not the name of a header', headerPattern.test(likely) ? likely : null)
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
export const headerPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
export const headerName = textForm('the name of a header', parseHeaderName, { type: 'string' })

export function parseAbsolutePath(text: string): Parsed<string> {
  const placeholder = /\{(?!app\})[^}]*\}/.exec(text)?.[0]
  if (placeholder) return refuse(`holds \`${placeholder}\`, and only \`{app}\` is known here`)
  if (!text.startsWith('/')) return refuse('is not absolute')
  return /(^|\/)\.\.(\/|$)/.test(text) ? refuse('holds `..`') : parseLine(text)
}

export const absolutePath = textForm('an absolute path, which may hold `{app}`', parseAbsolutePath, {
  type: 'string',
})

export function parseCount(text: string): Parsed<number> {
  const count = Number(text)
  if (/^\d{1,4}$/.test(text) && count > 0) return accept(count)
  return refuse('is not a whole number from 1 to 9999')
}

export const count = textForm('a whole number from 1 to 9999', parseCount, {
  type: 'integer',
  minimum: 1,
  maximum: 9999,
})

/** For what is planned: nothing reads it yet, so nothing about it is promised to editors. */
export const anything: Form<unknown> = {
  accepted: 'text, a list or a map',
  schema: z.unknown(),
  input: 'text',
}
