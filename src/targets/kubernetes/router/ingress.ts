/** An Ingress as the router: https://kubernetes.io/docs/concepts/services-networking/ingress/ */
import { move } from '../guarding.ts'
import { pointer } from '../names.ts'
import { type Ingress, ingressSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import type { RouterSettings } from '../settings.ts'
import { backendRouter, type Lead } from './backends.ts'
import { colorOf } from './colors.ts'
import type { KubernetesRouter } from './kubernetes-router.ts'

type IngressSettings = Extract<RouterSettings, { kind: 'ingress' }>

export const ingressRouter = (place: Place, settings: IngressSettings): KubernetesRouter =>
  backendRouter(place, {
    object: { resource: 'ingresses', name: settings.name },
    shape: ingressSchema,
    backend: settings.backend,
    rule: settings.rule,
    leads: (ingress) => leadsOf(ingress, settings),
    // What a controller makes of an Ingress stands nowhere in it.
    confirm: async ({ metadata }) =>
      `read back as generation ${metadata.generation}, which its controller follows in its own time`,
  })

export function leadsOf({ spec }: Ingress, { rule, backend }: IngressSettings): readonly Lead[] {
  const { defaultBackend, rules } = spec
  const name = defaultBackend?.service?.name
  const byDefault = rule === null ? leadAt({ title: 'default', at: ['defaultBackend'], name, backend }) : []
  return [
    ...byDefault,
    ...rules.flatMap(({ host, http }, ruleIndex) =>
      (http?.paths ?? []).flatMap(({ path, backend: { service } }, pathIndex) => {
        const title = `${host ?? ''}${path ?? '/'}`
        if (rule !== null && rule !== title && rule !== host) return []
        const at = ['rules', ruleIndex]
        const pathAt = [...at, 'http', 'paths', pathIndex]
        const leads = leadAt({ title, at: [...pathAt, 'backend'], name: service?.name, backend })
        // Rules have no names: what stands in this place may be another one by now.
        const tests = [...move(spot(...at, 'host'), host, host), ...move(spot(...pathAt, 'path'), path, path)]
        return leads.map((lead) => ({ ...lead, tests: [...tests, ...lead.tests] }))
      }),
    ),
  ]
}

type Keys = readonly (string | number)[]
const spot = (...keys: Keys): string => pointer('spec', ...keys)

interface Spot {
  readonly title: string
  readonly at: Keys
  /** Of the Service that it leads to. */
  readonly name: string | undefined
  readonly backend: IngressSettings['backend']
}

function leadAt({ title, at, name, backend }: Spot): readonly Lead[] {
  const to = colorOf(backend, name)
  if (to === null) return []
  const path = spot(...at, 'service', 'name')
  const tests = move(path, name, name)
  return [{ title, to, tests, writes: (color) => [{ op: 'replace', path, value: backend[color] }] }]
}
