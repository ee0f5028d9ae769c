import { z } from 'zod'
import type { RouterSettings } from '../../targets/kubernetes/settings.ts'
import { choiceForm } from './choice.ts'
import { type Form, namedMap, strictMap, textForm } from './form.ts'
import { backendNames, namePattern } from './kubernetes.ts'
import { accept, type Parsed, refuse } from './parsed.ts'
import { planned, plannedList, unread } from './planned.ts'
import { port } from './port.ts'
import { nameHint } from './text.ts'

export interface NginxFlag {
  readonly kind: 'nginx-flag'
  /** Port of the switch server, of the only service or of each; null: the color is a variable in the owner's own server. */
  readonly listen: number | Readonly<Record<string, number>> | null
}

/** For one target each; `{app}` is left in names. */
export type RouterChoice = NginxFlag | RouterSettings

const accepted =
  '`nginx-flag` or `{ nginx-flag: { listen: 8100 } }` for `vps`; `service`, `{ ingress: NAME }` or `{ httproute: NAME }` for `kubernetes`'
const listenAccepted = 'a port, or a map: service → port'
const flagAccepted = `nothing, or a map of \`listen\`: ${listenAccepted}`

const plain: NginxFlag = { kind: 'nginx-flag', listen: null }
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
      (given): NginxFlag => ({ ...plain, listen: given.listen ?? null }),
    ),
  ],
  { error: flagAccepted },
)

/** Of an Ingress: a host, a path, or both. */
export function parseRule(text: string): Parsed<string> {
  const [, bareRule] = /^https?:\/\/(.+)$/.exec(text) ?? []
  if (bareRule !== undefined) return refuse('begins with a scheme', bareRule)
  return /^(\*\.)?[^\s/*]*(\/\S*)?$/.test(text) && text !== ''
    ? accept(text)
    : refuse('is not a host with or without a path')
}

const rule = textForm('a host, a path, or both, such as `shop.example.com/api`', parseRule, {
  type: 'string',
})

const keysOfEachPlanned = {
  file: ['tokens', 'copy', 'template', 'values'],
  link: ['to'],
  switch: ['read'],
} as const
const others = Object.fromEntries(
  Object.entries(keysOfEachPlanned).flatMap(([key, companions]) => [
    [key, planned],
    ...companions.map((companion) => [companion, unread]),
  ]),
) as Readonly<Record<keyof typeof keysOfEachPlanned, typeof planned>>

const builtKeys = {
  'nginx-flag': flag.optional(),
  ingress: namePattern.schema.optional(),
  rule: rule.schema.optional(),
  service: backendNames.schema.optional(),
  httproute: namePattern.schema.optional(),
  backend: backendNames.schema.optional(),
}
/** What each of the three may be given with. */
const companionsOf = { 'nginx-flag': [], ingress: ['rule', 'service'], httproute: ['backend'] } as const
type BuiltRouter = keyof typeof companionsOf
const builtRouters = Object.keys(companionsOf) as readonly BuiltRouter[]
const companions = Object.entries(companionsOf).flatMap(([name, keys]) =>
  keys.map((key) => ({ key, router: name })),
)

const shape = strictMap(accepted, { ...others, ...builtKeys }, Object.keys(builtKeys))
type GivenRouter = z.output<typeof shape>

const usualBackend = { blue: '{app}-blue', green: '{app}-green' }

const map = shape.transform((given, context): RouterChoice => {
  const why = misfit(given)
  if (why !== null) {
    context.issues.push({ code: 'custom', input: given, message: why, params: { accepted, nearest: null } })
    return z.NEVER
  }
  const { ingress, httproute } = given
  if (ingress !== undefined) {
    return {
      kind: 'ingress',
      name: ingress,
      rule: given.rule ?? null,
      backend: given.service ?? usualBackend,
    }
  }
  if (httproute !== undefined)
    return { kind: 'httproute', name: httproute, backend: given.backend ?? usualBackend }
  return given['nginx-flag'] ?? plain
})

function misfit(given: GivenRouter): string | null {
  const named = builtRouters.filter((name) => given[name] !== undefined)
  if (named.length === 0) return 'names no router'
  if (named.length > 1) return 'names more than one router'
  const stray = companions.find(({ key, router: name }) => given[key] !== undefined && name !== named[0])
  return stray === undefined ? null : `has \`${stray.key}\`, which goes with \`${stray.router}\``
}

const names: Form<RouterChoice> = {
  ...choiceForm(['nginx-flag', 'service']),
  schema: choiceForm(['nginx-flag', 'service']).schema.transform(
    (kind): RouterChoice => (kind === 'service' ? { kind } : plain),
  ),
}

export const router: Form<RouterChoice> = {
  accepted,
  schema: z.union([names.schema, map, plannedList], { error: accepted }),
  input: 'yaml',
}
