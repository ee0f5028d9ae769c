/** An HTTPRoute as the router: https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
import { ChangeFailed, type PerColor } from '../../target.ts'
import { move, type PatchOperation } from '../guarding.ts'
import { type ObjectName, pointer, titleOf } from '../names.ts'
import { type Condition, type HttpRoute, httpRouteSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { readObject } from '../reading.ts'
import type { RouterSettings } from '../settings.ts'
import { backendRouter, type Lead } from './backends.ts'
import { colorOf } from './colors.ts'
import type { KubernetesRouter } from './kubernetes-router.ts'

type HttpRouteSettings = Extract<RouterSettings, { kind: 'httproute' }>

export function httpRouteRouter(place: Place, { name, backend }: HttpRouteSettings): KubernetesRouter {
  const object = { resource: 'httproutes', name } as const
  return backendRouter(place, {
    object,
    shape: httpRouteSchema,
    backend,
    rule: null,
    leads: (route) => leadsOf(route, backend),
    confirm: (route) => confirm(place, object, route),
  })
}

type BackendRef = HttpRoute['spec']['rules'][number]['backendRefs'][number]

interface Ref {
  readonly path: string
  readonly ref: BackendRef
}

export function leadsOf({ metadata, spec }: HttpRoute, backend: PerColor<string>): readonly Lead[] {
  const isOurs = ({ name, kind = 'Service', namespace = metadata.namespace }: BackendRef) =>
    kind === 'Service' && namespace === metadata.namespace && colorOf(backend, name) !== null
  return spec.rules.flatMap(({ backendRefs }, ruleIndex) => {
    const refs = backendRefs
      .map((ref, index) => ({ ref, path: pointer('spec', 'rules', ruleIndex, 'backendRefs', index) }))
      .filter(({ ref }) => isOurs(ref))
    if (refs.length === 0) return []
    return [leadOf(`rule ${ruleIndex + 1}`, refs, backend)]
  })
}

const weightOf = ({ ref: { weight = 1 } }: Ref): number => weight

function leadOf(title: string, refs: readonly Ref[], backend: PerColor<string>): Lead {
  const names = new Set(refs.map(({ ref }) => ref.name))
  const fed = new Set(refs.filter((ref) => weightOf(ref) > 0).map(({ ref }) => ref.name))
  const [only, ...more] = fed
  const tests = refs.flatMap(({ path, ref: { name, weight } }) => [
    ...move(`${path}/name`, name, name),
    ...move(`${path}/weight`, weight, weight),
  ])
  const to = more.length > 0 ? 'both' : (colorOf(backend, only) ?? 'neither')
  const full = Math.max(1, ...refs.map(weightOf))
  return {
    title,
    to,
    tests,
    writes: (color) =>
      refs.flatMap(({ path, ref }): readonly PatchOperation[] => {
        const weight = (value: number) => ({ op: 'add', path: `${path}/weight`, value }) as const
        if (names.size > 1) return [weight(ref.name === backend[color] ? full : 0)]
        // A rule that leads to one of the two alone has no weights to turn, unless it leads to nobody.
        const name = { op: 'replace', path: `${path}/name`, value: backend[color] } as const
        return fed.size === 0 ? [name, weight(full)] : [name]
      }),
  }
}

interface Report {
  /** The gateway and its controller. */
  readonly by: string
  readonly condition: Condition
}

const reportsIn = ({ status }: HttpRoute): readonly Report[] =>
  status.parents.flatMap(({ parentRef, controllerName, conditions }) =>
    conditions.map((condition) => ({ by: JSON.stringify([controllerName, parentRef]), condition })),
  )

const isRefusal = ({ condition: { type, status } }: Report): boolean =>
  /^(Accepted|ResolvedRefs)$/.test(type) && status === 'False'

const isFor = (generation: number, { condition: { observedGeneration = 0 } }: Report): boolean =>
  observedGeneration >= generation

const [pause, patience] = [100, 2_000]

/** Each gateway that the route is attached to reports in it. Without any nobody is waited for. */
async function confirm(
  { cluster, surroundings }: Place,
  object: ObjectName,
  written: HttpRoute,
): Promise<string> {
  const { clock, signal } = surroundings
  const generation = written.metadata.generation ?? 0
  const deadline = clock.monotonic() + patience
  // A gateway that does not take the route at all did not do so before the change.
  const strangers = reportsIn(written)
    .filter(
      (report) => isRefusal(report) && report.condition.type === 'Accepted' && !isFor(generation, report),
    )
    .map(({ by }) => by)
  for (let route: HttpRoute = written; ; ) {
    const reports = reportsIn(route).filter(({ by }) => !strangers.includes(by))
    if (reports.length === 0) return `read back as generation ${generation}; no gateway has reported on it`
    const current = reports.filter((report) => isFor(generation, report))
    const refused = current.find(isRefusal)?.condition
    if (refused !== undefined)
      throw new ChangeFailed(
        `${titleOf(object)} was written, and its gateway says no: ${refused.reason}: ${refused.message}`,
      )
    if (current.length === reports.length) return `its gateways have taken generation ${generation}`
    if (clock.monotonic() >= deadline)
      return `read back as generation ${generation}; its gateways report on an older one after ${patience / 1_000} s`
    await clock.sleep(pause, signal)
    route = (await readObject(cluster, object, httpRouteSchema)) ?? route
  }
}
