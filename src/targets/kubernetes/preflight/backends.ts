/** Whether the Services of the colors, which an Ingress or an HTTPRoute leads to, are what their names say. */
import { type Color, otherColor, type Problem } from '../../target.ts'
import type { Deployment, Service } from '../objects.ts'
import { labelsOf, textOf } from '../router/advice.ts'
import { mismatches } from '../router/colors.ts'
import type { KubernetesSettings } from '../settings.ts'

export interface Backends {
  readonly settings: KubernetesSettings
  readonly services: readonly Service[]
  readonly deployments: readonly Deployment[]
}

const colors = ['blue', 'green'] as const

/** A switch would be proven, and users would be somewhere else. */
export function backendProblems(look: Backends): readonly Problem[] {
  return colors.flatMap((color) => {
    const service = backendOf(look, color)
    const selector = service?.spec.selector ?? {}
    // Whoever gives it no selector gives it its endpoints.
    if (service === null || Object.keys(selector).length === 0) return []
    const selected = (of: Color) =>
      deploymentsOf(look, of).filter((each) => mismatches(selector, null, labelsOf(each)).length === 0)
    const strangers = selected(otherColor(color)).map(({ metadata }) => metadata.name)
    const isUnknown = deploymentsOf(look, color).length === 0
    if (strangers.length === 0 && (isUnknown || selected(color).length > 0)) return []
    const { name } = service.metadata
    const whose = strangers.length > 0 ? `the pods of ${strangers.join(', ')} have` : 'no pods of ours have'
    return [
      {
        setting: 'router',
        what: `Service ${name}, which is to lead to ${color}, selects ${textOf(selector)}, which ${whose}.`,
        fix: `Have it select the pods of ${color} alone, or correct the names of the Services in \`router\`.`,
      },
    ]
  })
}

/** A path or a rule names a port of the one, and goes on with it at the other. */
export function backendRemarks(look: Backends): readonly string[] {
  return colors.flatMap((color) => {
    const { settings } = look
    const [one, other] = [backendOf(look, color), backendOf(look, otherColor(color))]
    if (one === null || other === null) return []
    const there = portsOf(settings, other)
    const lacking = portsOf(settings, one).filter((port) => !there.includes(port))
    if (lacking.length === 0) return []
    return [
      `Service ${other.metadata.name} has no port ${lacking.join(', ')}, as ${one.metadata.name} has: what leads there by that port finds nobody after a switch to ${otherColor(color)}.`,
    ]
  })
}

/** An Ingress may go by their names. */
const portsOf = ({ router }: KubernetesSettings, { spec }: Service): readonly string[] =>
  spec.ports.flatMap(({ name, port }) =>
    router.kind === 'ingress' && name !== undefined ? [String(port), name] : [String(port)],
  )

function backendOf({ settings: { router }, services }: Backends, color: Color): Service | null {
  if (router.kind === 'service') return null
  return services.find(({ metadata }) => metadata.name === router.backend[color]) ?? null
}

const deploymentsOf = ({ settings, deployments }: Backends, color: Color): readonly Deployment[] =>
  settings.services.flatMap(
    ({ deployment }) => deployments.find(({ metadata }) => metadata.name === deployment[color]) ?? [],
  )
