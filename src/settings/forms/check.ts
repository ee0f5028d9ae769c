import { z } from 'zod'
import type { Check } from '../../targets/intent.ts'
import { choiceForm } from './choice.ts'
import { durationForm } from './duration.ts'
import { type Form, namedMap, strictMap, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'
import { status } from './status.ts'
import { headerPattern, line, text } from './text.ts'

export function parsePath(text: string): Parsed<string> {
  if (/^https?:\/\//i.test(text)) return refuse('is a URL, and a check takes its path alone', pathOf(text))
  if (pathPattern.test(text)) return accept(text)
  if (text.startsWith('/')) return refuse('holds a character that a request cannot: percent-encode it')
  return refuse('does not begin with `/`', pathPattern.test(`/${text}`) ? `/${text}` : null)
}

/** Visible ASCII without `#`, which never leaves the client. */
const pathPattern = /^\/[!"$-~]*$/

function pathOf(text: string): string | null {
  if (!URL.canParse(text)) return null
  const { pathname, search } = new URL(text)
  return pathname + search
}

/** https://www.rfc-editor.org/rfc/rfc6901; the empty pointer is the whole document. */
export const pointerPattern = /^(\/([^~]|~[01])*)?$/

const accepted =
  'a path that begins with `/`, or a map of `path`, `scheme`, `host`, `status`, `body`, `json`, `header`, `headers`, `max-latency`'
const path = textForm(accepted, parsePath, { type: 'string', pattern: '^/' })
const headers = namedMap(
  'a map: header → value',
  { pattern: headerPattern, why: 'is not the name of a header' },
  line.schema,
)
const json = namedMap(
  'a map: JSON pointer → value',
  { pattern: pointerPattern, why: 'is not a JSON pointer such as `/status`' },
  text.schema,
)

/** Redirects are not followed: the default takes them for failures. */
const plainStatus = [{ from: 200, to: 299 }]

const map = strictMap(accepted, {
  path: path.schema,
  scheme: choiceForm(['http', 'https']).schema.optional(),
  host: line.schema.optional(),
  status: status.schema.optional(),
  body: text.schema.optional(),
  json: json.optional(),
  header: headers.optional(),
  headers: headers.optional(),
  'max-latency': durationForm({ atLeast: 1, likelyUnit: 'ms' }).schema.optional(),
}).transform(
  (given): Check => ({
    path: given.path,
    scheme: given.scheme ?? null,
    host: given.host ?? null,
    status: given.status ?? plainStatus,
    body: given.body ?? null,
    json: given.json ?? {},
    header: given.header ?? {},
    headers: given.headers ?? {},
    maxLatency: given['max-latency'] ?? null,
  }),
)

export const checkOfPath = (path: string): Check => ({
  path,
  scheme: null,
  host: null,
  status: plainStatus,
  body: null,
  json: {},
  header: {},
  headers: {},
  maxLatency: null,
})

export const check: Form<Check> = {
  accepted,
  schema: z.union([path.schema.transform(checkOfPath), map], { error: accepted }).meta({ id: 'check' }),
  input: ['path', 'scheme', 'host', 'status', 'body', 'json', 'header', 'headers', 'max-latency'],
}
