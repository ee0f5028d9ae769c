import { z } from 'zod'
import type { VersionCheck } from '../../targets/intent.ts'
import { parsePath, pointerPattern } from './check.ts'
import { type Form, strictMap, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'
import { headerName } from './text.ts'

export function parsePointer(text: string): Parsed<string> {
  const likely = `/${text.replaceAll('.', '/')}`
  if (pointerPattern.test(text)) return accept(text)
  return refuse('is not a JSON pointer', pointerPattern.test(likely) ? likely : null)
}

const accepted = 'a map `{ path, json: /pointer }`, `{ path, header: name }` or `{ path, body }`'
const path = textForm('a path that begins with `/`', parsePath, { type: 'string', pattern: '^/' })
const pointer = textForm('a JSON pointer such as `/version`', parsePointer, { type: 'string' })
const body = textForm(
  'nothing or `true`: the whole body is the version',
  (text) => (text === '' || text === 'true' ? accept(true) : refuse('is not understood')),
  { enum: [true, null] },
)

export const versionCheck: Form<VersionCheck> = {
  accepted,
  schema: strictMap(accepted, {
    path: path.schema,
    json: pointer.schema.optional(),
    header: headerName.schema.optional(),
    body: body.schema.optional(),
  })
    .transform((given, context): VersionCheck => {
      const sources: VersionCheck['from'][] = []
      if (given.json !== undefined) sources.push({ kind: 'json', pointer: given.json })
      if (given.header !== undefined) sources.push({ kind: 'header', name: given.header })
      if (given.body) sources.push({ kind: 'body' })
      const [from] = sources
      if (from !== undefined && sources.length === 1) return { path: given.path, from }
      const message = 'needs exactly one of `json`, `header` and `body`'
      context.issues.push({ code: 'custom', input: given, message, params: { accepted, nearest: null } })
      return z.NEVER
    })
    .meta({ id: 'version-check' }),
  input: 'yaml',
}
