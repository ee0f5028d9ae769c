import { z } from 'zod'
import { choiceForm } from './choice.ts'
import { type Form, namedMap, strictMap, textForm } from './form.ts'
import { accept, refuse } from './parsed.ts'
import { planned, plannedList, unread } from './planned.ts'
import { port } from './port.ts'
import { nameHint } from './text.ts'

export interface NginxFlag {
  /** Port of the switch server, of the only service or of each; null: the color is a variable in the owner's own server. */
  readonly listen: number | Readonly<Record<string, number>> | null
}

const accepted = '`nginx-flag`, or a map `{ nginx-flag: { listen: 8100 } }`'
const listenAccepted = 'a port, or a map: service → port'
const flagAccepted = `nothing, or a map of \`listen\`: ${listenAccepted}`

const plain: NginxFlag = { listen: null }
const bare = textForm(flagAccepted, (text) => (text === '' ? accept(plain) : refuse('is not a map')), {
  type: 'null',
})
const listen = z.union([port.schema, namedMap(listenAccepted, nameHint, port.schema)], {
  error: listenAccepted,
})
const flag = z.union(
  [
    bare.schema,
    strictMap(flagAccepted, { listen: listen.optional() }).transform(
      (given): NginxFlag => ({ listen: given.listen ?? null }),
    ),
  ],
  { error: flagAccepted },
)

const keysOfEachPlanned = {
  file: ['tokens', 'copy', 'template', 'values'],
  link: ['to'],
  switch: ['read'],
  ingress: ['rule', 'service'],
  httproute: ['backend'],
} as const
const others = Object.fromEntries(
  Object.entries(keysOfEachPlanned).flatMap(([key, companions]) => [
    [key, planned],
    ...companions.map((companion) => [companion, unread]),
  ]),
) as Readonly<Record<keyof typeof keysOfEachPlanned, typeof planned>>

const map = strictMap(accepted, { ...others, 'nginx-flag': flag.optional() }, ['nginx-flag']).transform(
  (given, context): NginxFlag => {
    if (given['nginx-flag'] !== undefined) return given['nginx-flag']
    const params = { accepted, nearest: null }
    context.issues.push({ code: 'custom', input: given, message: 'names no router', params })
    return z.NEVER
  },
)

export const router: Form<NginxFlag> = {
  accepted,
  schema: z.union([choiceForm(['nginx-flag'], ['service']).schema.transform(() => plain), map, plannedList], {
    error: accepted,
  }),
  input: 'yaml',
}
