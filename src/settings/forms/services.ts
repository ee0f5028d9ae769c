import { z } from 'zod'
import type { Check, VersionCheck } from '../../targets/intent.ts'
import { check } from './check.ts'
import { listed } from './choice.ts'
import { type Form, namedMap, strictMap, textForm } from './form.ts'
import { accept, refuse } from './parsed.ts'
import { type PerColor, perColorForm } from './per-color.ts'
import { image, nameHint } from './text.ts'
import { parseUrl, url } from './url.ts'
import { versionCheck } from './version-check.ts'

/** What a service says for itself; the rest comes from the settings of the same meaning. */
export interface ServiceSettings {
  readonly image?: string | undefined
  readonly url?: string | undefined
  readonly 'color-url'?: PerColor | undefined
  readonly health?: Check | undefined
  readonly verify?: Check | undefined
  readonly 'version-check'?: VersionCheck | undefined
}

export const colorUrl = perColorForm('an http or https URL', parseUrl)

const plannedKeys = [
  'blue-port',
  'green-port',
  'start',
  'compose-service',
  'compose-profile',
  'kube-service',
  'kube-deployment',
  'kube-container',
  'ecs-service',
  'ecs-container',
  'listener-arn',
  'rule-arn',
] as const

const planned = z
  .unknown()
  .transform((input, context): undefined => {
    const params = { accepted: null, nearest: null, subject: 'setting' }
    context.issues.push({ code: 'custom', input, message: 'is not available yet in this version', params })
    return z.NEVER
  })
  .optional()

const builtKeys = {
  image: image.schema.optional(),
  url: url.schema.optional(),
  'color-url': colorUrl.schema.optional(),
  health: check.schema.optional(),
  verify: check.schema.optional(),
  'version-check': versionCheck.schema.optional(),
}
const accepted = `a map of ${listed(Object.keys(builtKeys), 'and')}`
const service = strictMap(
  accepted,
  { ...builtKeys, ...Object.fromEntries(plannedKeys.map((key) => [key, planned])) },
  Object.keys(builtKeys),
)
const bare = textForm(accepted, (text) => (text === '' ? accept({}) : refuse('is not a map')), {
  type: 'null',
})

const allAccepted = `a map: name → ${accepted}`

export const services: Form<Readonly<Record<string, ServiceSettings>>> = {
  accepted: allAccepted,
  schema: namedMap(
    allAccepted,
    nameHint,
    z.union([bare.schema, service], { error: accepted }) as z.ZodType<ServiceSettings>,
  ).refine((given) => Object.keys(given).length > 0, { error: 'names no service' }),
  input: 'yaml',
}
