/** Everything that would stop a deployment later, found before anything is touched. */
import { z } from 'zod'
import { ChangeFailed, type Color, otherColor, type Problem, type Router } from '../../target.ts'
import type { ApiAnswer, Cluster } from '../api/cluster.ts'
import { namespacesPath, type ObjectName } from '../names.ts'
import { autoscalerSchema, deploymentSchema, listOf, metadataSchema, serviceSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { ReadRefused, readObject, readObjects } from '../reading.ts'
import { readManifests } from '../runtime/manifest-files.ts'
import { renderManifests } from '../runtime/manifests.ts'
import type { KubernetesSettings } from '../settings.ts'
import { judge } from './judge.ts'
import { quotaSchema } from './quotas.ts'
import { permissionProblems } from './review.ts'
import { rulesFor, type Uses } from './role.ts'

export interface Preflight {
  readonly place: Place
  /** Asks the same cluster. */
  readonly router: Router
  readonly uses: Uses
}

/** What stops nothing is said as output. */
export async function findProblems({ place, router, uses }: Preflight): Promise<readonly Problem[]> {
  const { cluster, settings, surroundings } = place
  const [permissions, traffic, services, deployments, autoscalers, quotas] = await Promise.all([
    permissionProblems(cluster, settings.app, rulesFor(settings, uses)),
    allowed(router.observe()),
    allowed(readNamed(cluster, settings)),
    allowed(readObjects(cluster, { resource: 'deployments' }, deploymentSchema)),
    allowed(readObjects(cluster, { resource: 'horizontalpodautoscalers' }, autoscalerSchema)),
    readQuotas(cluster),
  ])
  const refused = [traffic, services, deployments].flatMap((read) =>
    read.kind === 'refused' ? [read.why] : [],
  )
  const isEmpty = [services, deployments].every((read) => read.kind === 'read' && read.found.length === 0)
  const absent = isEmpty ? await missingNamespace(cluster) : null
  if (absent !== null) return [absent]
  if (permissions.length > 0) return permissions
  if (services.kind === 'refused' || deployments.kind === 'refused' || refused.length > 0) {
    return [...new Set(refused)].map((why) => ({ setting: 'kubeconfig', what: why, fix: 'Then run again.' }))
  }
  const { problems: judged, remarks } = judge({
    settings,
    name: cluster.name,
    traffic: traffic.kind === 'read' ? traffic.found : null,
    services: services.found,
    deployments: deployments.found,
    autoscalers: autoscalers.kind === 'read' ? autoscalers.found : [],
    quotas,
  })
  for (const remark of remarks) surroundings.output('preflight', `${remark}\n`)
  const found = traffic.kind === 'read' && traffic.found.kind === 'color' ? traffic.found.color : 'green'
  const problems = [...judged, ...(await manifestProblems(place, otherColor(found)))]
  const lacking = await missingServices(cluster, settings, services.found)
  if (lacking.length === 0) return problems
  // The router, which cannot be read without it, has said how to make it.
  const making = problems.filter(({ setting }) => setting === 'router').map(({ fix }) => fix)
  const rest = problems.filter(({ setting }) => setting !== 'router')
  return [...lacking.map((one) => ({ ...one, fix: [one.fix, ...making].join('\n') })), ...rest]
}

type Allowed<T> =
  | { readonly kind: 'read'; readonly found: T }
  | { readonly kind: 'refused'; readonly why: string }

async function allowed<T>(reading: Promise<T>): Promise<Allowed<T>> {
  try {
    return { kind: 'read', found: await reading }
  } catch (error) {
    if (error instanceof ReadRefused) return { kind: 'refused', why: error.message }
    throw error
  }
}

/** Rendered with words that stand for a release. */
async function manifestProblems(
  { cluster: { namespace }, settings }: Place,
  color: Color,
): Promise<readonly Problem[]> {
  if (settings.manifests.length === 0) return []
  try {
    const services = settings.services.map(({ name }) => name)
    const images = Object.fromEntries(services.map((name) => [name, 'image']))
    const rendering = { settings, color, version: 'version', images, namespace, services }
    renderManifests(await readManifests(settings.manifests), rendering)
    return []
  } catch (error) {
    if (!(error instanceof ChangeFailed)) throw error
    return [{ setting: 'manifests', what: error.message, fix: 'Correct them, or `manifests`.' }]
  }
}

type Service = z.output<typeof serviceSchema>

/** Each by its name, as the router reads them: a list of all of them is asked for only when one is missing. */
async function readNamed(cluster: Cluster, settings: KubernetesSettings): Promise<readonly Service[]> {
  const names = namedServices(settings).map(({ name }) => name)
  const found = await Promise.all(
    names.map((name): Promise<Service | null> => {
      const object: ObjectName = { resource: 'services', name }
      return readObject(cluster, object, serviceSchema)
    }),
  )
  return found.flatMap((service) => service ?? [])
}

interface NamedService {
  readonly setting: string
  readonly name: string
}

function namedServices({ services, router, previewService }: KubernetesSettings): readonly NamedService[] {
  const named = (setting: string, names: readonly string[]) => names.map((name) => ({ setting, name }))
  return [
    ...services.flatMap(({ kubeServices }) => named('kube-service', kubeServices)),
    ...(router.kind === 'service' ? [] : named('router', [router.backend.blue, router.backend.green])),
    ...named('preview-service', previewService === null ? [] : [previewService]),
  ]
}

async function missingServices(
  cluster: Cluster,
  settings: KubernetesSettings,
  found: readonly Service[],
): Promise<readonly Problem[]> {
  const missing = namedServices(settings).filter(
    ({ name }) => !found.some(({ metadata }) => metadata.name === name),
  )
  if (missing.length === 0) return []
  const all = await allowed(readObjects(cluster, { resource: 'services' }, serviceSchema))
  const there = all.kind === 'read' ? all.found.map(({ metadata }) => metadata.name) : []
  const known = there.length === 0 ? '' : ` Those there are: ${there.join(', ')}.`
  return missing.map(({ setting, name }) => ({
    setting,
    what: `There is no Service ${name} in ${cluster.name}.`,
    fix: `Correct \`${setting}\`, or make it.${known}`,
  }))
}

const items = <T>(answer: ApiAnswer, parse: (body: unknown) => readonly T[]): readonly T[] =>
  answer.kind === 'answered' ? parse(answer.body) : []

async function readQuotas(cluster: Cluster) {
  const path = `${namespacesPath}/${encodeURIComponent(cluster.namespace)}/resourcequotas`
  return items(await cluster.ask({ method: 'GET', path }), (body) => listOf(quotaSchema).parse(body).items)
}

const namespacesSchema = listOf(z.object({ metadata: metadataSchema }))

/** A namespace that is not there is empty to whoever lists what is in it. */
async function missingNamespace(cluster: Cluster): Promise<Problem | null> {
  const answer = await cluster.ask({
    method: 'GET',
    path: `${namespacesPath}/${encodeURIComponent(cluster.namespace)}`,
  })
  if (answer.kind === 'answered' || answer.status !== 404) return null
  const all = await cluster.ask({ method: 'GET', path: namespacesPath })
  const names = items(all, (body) => namespacesSchema.parse(body).items.map(({ metadata }) => metadata.name))
  return {
    setting: 'namespace',
    what: `There is no namespace ${cluster.namespace} in ${cluster.name}.`,
    fix: names.length === 0 ? 'Correct `namespace`.' : `Those there are: ${names.join(', ')}.`,
  }
}
