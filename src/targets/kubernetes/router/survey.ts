/** The Services that users come through, and the color that each of them names. */
import type { Color, Traffic } from '../../target.ts'
import type { ObjectName } from '../names.ts'
import { type Deployment, deploymentSchema, type Service, serviceSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { readObject, readObjects } from '../reading.ts'
import type { KubernetesService } from '../settings.ts'
import { type Advice, adviceFor, choices, labelsOf, missingService } from './advice.ts'
import { type ColorKey, type Reading, readBy, readSelector, type Scene } from './colors.ts'
import { selectorPatch, type Where } from './commands.ts'

export interface Routed {
  /** In the cluster. */
  readonly name: string
  readonly app: KubernetesService
}

export interface Seen extends Routed {
  readonly service: Service | null
  readonly reading: Reading | null
  /** For a Service that is missing, or names no color. */
  readonly advice: Advice | null
}

/** What this run knows already. */
export interface Memory {
  /** Found with the Deployments of both colors there, so that no later look has to find it again. */
  readonly keys: Map<string, ColorKey>
  seen: readonly Seen[] | null
}

export const routedServices = ({ settings }: Pick<Place, 'settings'>): readonly Routed[] =>
  settings.services.flatMap((app) => app.kubeServices.map((name) => ({ name, app })))

export const serviceName = (name: string): ObjectName => ({ resource: 'services', name })

export const readDeployments = ({ cluster }: Place): Promise<readonly Deployment[]> =>
  readObjects(cluster, { resource: 'deployments' }, deploymentSchema)

export async function survey(place: Place, memory: Memory): Promise<readonly Seen[]> {
  const routed = routedServices(place)
  const mayBeKnown = routed.every(({ name }) => memory.keys.has(name))
  const early = mayBeKnown ? null : readDeployments(place)
  // Whoever may read neither hears of the Services, whichever answer comes first.
  early?.catch(() => {})
  const found = await Promise.all(
    routed.map(({ name }) => readObject(place.cluster, serviceName(name), serviceSchema)),
  )
  const services = routed.map((one, index) => ({ ...one, service: found[index] ?? null }))
  const known = services.map((one) => readKnown(one, memory))
  const isAllKnown = known.every((reading) => reading?.kind === 'color')
  const deployments = isAllKnown ? [] : await (early ?? readDeployments(place))
  memory.seen = services.map((one, index) => {
    const reading = isAllKnown ? (known[index] ?? null) : readWith(place, one, deployments)
    if (reading !== null && 'key' in reading && hasBoth(one.app, deployments))
      memory.keys.set(one.name, reading)
    return { ...one, reading, advice: adviceOn(place, { ...one, reading, deployments }) }
  })
  return memory.seen
}

interface Known extends Routed {
  readonly service: Service | null
}

const selectorOf = ({ spec }: Service) => spec.selector ?? {}

function readKnown({ name, service }: Known, { keys }: Memory): Reading | null {
  const key = keys.get(name)
  return service === null || key === undefined ? null : readBy({ selector: selectorOf(service) }, key)
}

function readWith(place: Place, { app, service }: Known, deployments: readonly Deployment[]) {
  return service === null ? null : readSelector(sceneOf(place, app, service, deployments))
}

export function sceneOf(
  { settings: { selectorKey, selectorValue } }: Place,
  app: KubernetesService,
  service: Service,
  deployments: readonly Deployment[],
): Scene {
  const labels = (color: Color) => {
    const deployment = deployments.find(({ metadata }) => metadata.name === app.deployment[color])
    return deployment === undefined ? null : labelsOf(deployment)
  }
  const templates = { blue: labels('blue'), green: labels('green') }
  return { selector: selectorOf(service), templates, selectorKey, selectorValue }
}

const hasBoth = ({ deployment }: KubernetesService, all: readonly Deployment[]): boolean =>
  [deployment.blue, deployment.green].every((name) => all.some(({ metadata }) => metadata.name === name))

interface Doubt extends Known {
  readonly reading: Reading | null
  readonly deployments: readonly Deployment[]
}

function adviceOn(where: Place, { name, app, service, reading, deployments }: Doubt): Advice | null {
  if (service === null || reading === null) return missingService({ where, name, app, deployments })
  if (reading.kind === 'color' || reading.kind === 'both') return null
  return adviceFor({ where, name, app, selector: selectorOf(service), deployments }, reading)
}

export function trafficOf(where: Where, seen: readonly Seen[]): Traffic {
  const advice = seen.flatMap((one) => one.advice ?? [])
  if (advice.length > 0)
    return {
      kind: 'unknown',
      detail: advice.map(({ detail }) => detail).join('; '),
      repair: advice.flatMap(({ repair }) => repair),
    }
  const words = new Set(seen.map(({ reading }) => wordOf(reading)))
  const [only, ...more] = words
  if (more.length === 0 && (only === 'blue' || only === 'green')) return { kind: 'color', color: only }
  return {
    kind: 'mixed',
    detail: seen.map(({ name, reading }) => `Service ${name} selects ${wordOf(reading)}`).join(', '),
    repair: choices((color) =>
      seen.filter(({ reading }) => wordOf(reading) !== color).map((one) => repairOf(where, one, color)),
    ),
  }
}

const wordOf = (reading: Reading | null): string =>
  reading?.kind === 'color' ? reading.color : reading?.kind === 'both' ? 'both colors' : 'neither color'

/** As far as the Service was seen: by the settings otherwise. */
export function repairOf(where: Where, { name, reading }: Pick<Seen, 'name' | 'reading'>, to: Color): string {
  const { selectorKey, selectorValue } = where.settings
  const { key, values } =
    reading !== null && 'key' in reading ? reading : { key: selectorKey ?? 'color', values: selectorValue }
  return selectorPatch(where, name, { [key]: values[to] })
}
