/** A user's own manifests, rendered for one color. */
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { ChangeFailed, type Color, type Images, otherColor } from '../../target.ts'
import type { KubernetesService, KubernetesSettings } from '../settings.ts'

export interface ManifestFile {
  readonly path: string
  readonly text: string
}

export interface Rendering {
  readonly settings: Pick<KubernetesSettings, 'app' | 'services' | 'router' | 'previewService'>
  readonly color: Color
  readonly version: string
  readonly images: Images
  readonly namespace: string
  /** To be started now. */
  readonly services: readonly string[]
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string }
  readonly [field: string]: unknown
}

export interface RenderedManifests {
  /** What the Deployments may need, in the order of the files. */
  readonly others: readonly Manifest[]
  readonly deployments: readonly { readonly service: KubernetesService; readonly manifest: Manifest }[]
  /** What is not applied, and why: for people. */
  readonly left: readonly string[]
}

/** Throws ChangeFailed with all that is wrong with them. */
export function renderManifests(files: readonly ManifestFile[], rendering: Rendering): RenderedManifests {
  const problems: string[] = []
  const found = files
    .flatMap((file) => readFile(file, problems))
    .flatMap((read) => renderOne(read, rendering, problems))
  const sorted = found.map((each) => ({ ...each, place: placeOf(each.manifest, rendering) }))
  const deployments = sorted.flatMap(({ place, manifest }) =>
    place.kind === 'deployment' ? [{ service: place.service, manifest }] : [],
  )
  const { settings, color, services } = rendering
  for (const { name, deployment } of settings.services) {
    if (!services.includes(name) || deployments.some(({ service }) => service.name === name)) continue
    problems.push(`No manifest is Deployment ${deployment[color]}, which service ${name} runs as.`)
  }
  if (problems.length > 0) throw new ChangeFailed(`The manifests are not to be used:\n${problems.join('\n')}`)
  return {
    others: sorted.flatMap(({ place, manifest }) => (place.kind === 'other' ? [manifest] : [])),
    deployments: deployments.filter(({ service }) => services.includes(service.name)),
    left: sorted.flatMap(({ place, manifest, path }) =>
      place.kind === 'left' ? [`${manifest.kind} ${manifest.metadata.name} of ${path} ${place.why}`] : [],
    ),
  }
}

interface Read {
  readonly path: string
  readonly content: unknown
}

const listShape = z.object({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) })

function readFile({ path, text }: ManifestFile, problems: string[]): readonly Read[] {
  const documents = parseAllDocuments(text)
  if (!Array.isArray(documents)) return []
  return documents.flatMap((document) => {
    if (document.errors.length > 0) {
      problems.push(...document.errors.map(({ message }) => `${path}: ${message.split('\n')[0]}`))
      return []
    }
    const content: unknown = document.toJS()
    if (content === null) return []
    const list = listShape.safeParse(content)
    return (list.success ? list.data.items : [content]).map((each) => ({ path, content: each }))
  })
}

type Words = Readonly<Record<string, string>>

interface Found {
  readonly path: string
  readonly manifest: Manifest
}

const manifestShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
})

/** What names `{service}` is there once for each of them. */
function renderOne({ path, content }: Read, rendering: Rendering, problems: string[]): readonly Found[] {
  const { settings, color, version, namespace } = rendering
  const words: Words = { app: settings.app, color, version }
  const named = placeholdersIn(content)
  const service = named.has('service') ? null : serviceNamed(fill(content, words), rendering)
  if (named.has('image') && !named.has('service') && service === null) {
    problems.push(
      `${path}: {image} stands in what is no Deployment of a service: which service's image is it?`,
    )
    return []
  }
  const services = named.has('service') ? settings.services : [service]
  return services.flatMap((each) => {
    const image = each === null ? null : (rendering.images[each.name] ?? null)
    if (named.has('image') && image === null) {
      problems.push(`${path}: {image} is asked for, and service ${each?.name} has none.`)
      return []
    }
    const filled = fill(content, {
      ...words,
      ...(each !== null && { service: each.name }),
      ...(image !== null && { image }),
    })
    const parsed = manifestShape.safeParse(filled)
    if (!parsed.success) {
      problems.push(`${path}: a manifest needs \`apiVersion\`, \`kind\` and \`metadata.name\`.`)
      return []
    }
    const { metadata, kind } = parsed.data
    if (metadata.namespace !== undefined && metadata.namespace !== namespace) {
      problems.push(
        `${path}: ${kind} ${metadata.name} is for namespace ${metadata.namespace}, and the app's is ${namespace}.`,
      )
      return []
    }
    return [{ path, manifest: parsed.data }]
  })
}

function serviceNamed(content: unknown, { settings, color }: Rendering): KubernetesService | null {
  const parsed = manifestShape.safeParse(content)
  const [only, ...others] = settings.services
  if (only !== undefined && others.length === 0) return only
  if (!parsed.success || parsed.data.kind !== 'Deployment') return null
  return settings.services.find(({ deployment }) => deployment[color] === parsed.data.metadata.name) ?? null
}

const placeholder = /\{(app|color|service|image|version)\}/g
const placeholders: ReadonlySet<string> = new Set(['app', 'color', 'service', 'image', 'version'])

/** What YAML makes of `image: {image}` without quotes: a map with a key and nothing else. */
function barePlaceholder(value: object): string | null {
  const [entry, ...others] = Object.entries(value)
  return entry !== undefined && others.length === 0 && entry[1] === null && placeholders.has(entry[0])
    ? entry[0]
    : null
}

function placeholdersIn(value: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  walk(value, (text) => {
    for (const [, name = ''] of text.matchAll(placeholder)) names.add(name)
    return text
  })
  return names
}

const fill = (value: unknown, words: Words): unknown =>
  walk(value, (text) => text.replace(placeholder, (whole, name: string) => words[name] ?? whole))

/** Filled in after YAML was read: whatever stands in a version stays a text, and one text. */
function walk(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((each) => walk(each, change))
  if (typeof value !== 'object' || value === null) return value
  const bare = barePlaceholder(value)
  if (bare !== null) return change(`{${bare}}`)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [change(key), walk(each, change)]))
}

type Place =
  | { readonly kind: 'deployment'; readonly service: KubernetesService }
  | { readonly kind: 'other' }
  | { readonly kind: 'left'; readonly why: string }

const theSwitch = 'is what the switch changes, so it is not applied: what else is new of it, apply yourself.'

function placeOf({ kind, metadata: { name } }: Manifest, { settings, color }: Rendering): Place {
  const { router, services, previewService } = settings
  const switched = router.kind === 'service' ? services.flatMap(({ kubeServices }) => kubeServices) : []
  if (kind === 'Service' && (switched.includes(name) || name === previewService))
    return { kind: 'left', why: theSwitch }
  if (router.kind !== 'service' && kind.toLowerCase() === router.kind && name === router.name) {
    return { kind: 'left', why: theSwitch }
  }
  if (kind !== 'Deployment') return { kind: 'other' }
  const service = services.find(({ deployment }) => deployment[color] === name)
  if (service !== undefined) return { kind: 'deployment', service }
  return services.some(({ deployment }) => deployment[otherColor(color)] === name)
    ? { kind: 'left', why: `belongs to ${otherColor(color)}, so it is not applied.` }
    : { kind: 'other' }
}
