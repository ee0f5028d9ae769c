import { z } from 'zod'
import type { Check, ServiceIntent, VersionCheck } from '../../targets/intent.ts'
import { check } from './check.ts'
import { choiceForm, listed } from './choice.ts'
import { composeName } from './compose.ts'
import { ecsName, ecsServiceNames, listenerArns, ruleArns } from './ecs.ts'
import { type Form, namedMap, strictMap, textForm } from './form.ts'
import { deploymentNames, kubeServices, labelName } from './kubernetes.ts'
import { accept, refuse } from './parsed.ts'
import { type PerColor, perColorForm } from './per-color.ts'
import { port } from './port.ts'
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
  readonly 'blue-port'?: number | undefined
  readonly 'green-port'?: number | undefined
  readonly start?: ServiceIntent['start'] | undefined
  readonly 'compose-service'?: PerColor | undefined
  readonly 'compose-profile'?: PerColor | undefined
  readonly 'kube-service'?: readonly string[] | undefined
  readonly 'kube-deployment'?: PerColor | undefined
  readonly 'kube-container'?: string | undefined
  readonly 'ecs-service'?: PerColor | undefined
  readonly 'ecs-container'?: string | undefined
  readonly 'listener-arn'?: readonly string[] | undefined
  readonly 'rule-arn'?: readonly string[] | undefined
}

export const colorUrl = perColorForm('an http or https URL', { parse: parseUrl, shared: true })

const keys = {
  image: image.schema.optional(),
  url: url.schema.optional(),
  'color-url': colorUrl.schema.optional(),
  health: check.schema.optional(),
  verify: check.schema.optional(),
  'version-check': versionCheck.schema.optional(),
  'blue-port': port.schema.optional(),
  'green-port': port.schema.optional(),
  start: choiceForm(['before-switch', 'after-switch']).schema.optional(),
  'compose-service': composeName.schema.optional(),
  'compose-profile': composeName.schema.optional(),
  'kube-service': kubeServices.schema.optional(),
  'kube-deployment': deploymentNames.schema.optional(),
  'kube-container': labelName.schema.optional(),
  'ecs-service': ecsServiceNames.schema.optional(),
  'ecs-container': ecsName.schema.optional(),
  'listener-arn': listenerArns.schema.optional(),
  'rule-arn': ruleArns.schema.optional(),
}
const accepted = `a map of ${listed(Object.keys(keys), 'and')}`
const service = strictMap(accepted, keys)
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
