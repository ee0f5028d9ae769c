/** Names and labels as Kubernetes takes them. */
import { textForm } from './form.ts'
import { listForm, parseEach, piecesOf } from './list.ts'
import { accept, type Parsed, refuse } from './parsed.ts'
import { parsePlaceholders, perColorForm } from './per-color.ts'
import { parseLine } from './text.ts'

const label = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?'
const labelPattern = new RegExp(`^${label}$`)
const subdomainPattern = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`)

const labelRule = 'up to 63 small letters, digits and `-`, with a letter or digit at both ends'

/** Of a Service, a namespace, a container: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export function parseLabelName(text: string): Parsed<string> {
  if (labelPattern.test(text)) return accept(text)
  return refuse(`is not a name in Kubernetes: ${labelRule}`, nearest(text, labelPattern, /[^a-z0-9]+/g))
}

/** Of a Deployment, an Ingress, a Lease. */
export function parseObjectName(text: string): Parsed<string> {
  if (subdomainPattern.test(text)) return accept(text)
  const why = 'is not a name in Kubernetes: small letters, digits, `-` and `.`'
  return refuse(why, nearest(text, subdomainPattern, /[^a-z0-9.]+/g))
}

function nearest(text: string, wanted: RegExp, unfit: RegExp): string | null {
  const tidy = text
    .toLowerCase()
    .replaceAll(unfit, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
  return wanted.test(tidy) ? tidy : null
}

const labelText = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export function parseLabelKey(text: string): Parsed<string> {
  const [name = '', prefix, ...rest] = text.split('/').reverse()
  const isPrefixed = prefix === undefined || subdomainPattern.test(prefix)
  if (labelText.test(name) && isPrefixed && rest.length === 0) return accept(text)
  return refuse('is not the key of a label, such as `color` or `example.com/color`')
}

export function parseLabelValue(text: string): Parsed<string> {
  if (labelText.test(text)) return accept(text)
  return refuse('is not the value of a label: up to 63 letters, digits, `-`, `_` and `.`')
}

function parseNamespace(text: string): Parsed<string> {
  if (!text.includes('{color}')) return parseLabelName(text)
  return refuse(
    'holds `{color}`: a selector reaches pods of its own namespace alone, so both colors are in one',
  )
}

export const namespace = textForm(`a name of ${labelRule}`, parseNamespace, { type: ['string', 'number'] })
export const labelName = textForm(`a name of ${labelRule}`, parseLabelName, { type: ['string', 'number'] })
export const labelKey = textForm('the key of a label, such as `color`', parseLabelKey, { type: 'string' })
/** Of every Service alike. */
export const labelValues = perColorForm('the value of a label', {
  parse: parseLabelValue,
  known: ['color', 'app'],
})
export const deploymentNames = perColorForm('a name', { parse: parseObjectName })
/** Of the router, which is one for the app. */
export const backendNames = perColorForm('a name', { parse: parseLabelName, known: ['color', 'app'] })

/** `{app}` and `{service}` are left for `expand`. */
function parseNamePattern(text: string): Parsed<string> {
  const known = parsePlaceholders(text, ['app', 'service'])
  if (known.kind === 'refused') return known
  const judged = parseLabelName(text.replaceAll(/\{(app|service)\}/g, 'app'))
  return judged.kind === 'value' ? accept(text) : judged
}

const nameAccepted = 'a name, which may hold `{app}`'
export const namePattern = textForm(nameAccepted, parseNamePattern, { type: 'string' })

const servicesAccepted =
  'a name, several of them in a list or apart by commas, or `none` (names may hold `{app}` and `{service}`)'

/** Empty: users reach none of them, as a worker. */
export const kubeServices = listForm(servicesAccepted, (text) => {
  if (text === 'none') return accept([])
  return parseEach(piecesOf(text, /[\s,]+/), parseNamePattern)
})

const pathsAccepted = 'the path of a file or folder in the workspace, or a list of them'

export function parseWorkspacePath(text: string): Parsed<string> {
  if (text.startsWith('~')) return refuse('begins with `~`, which is not expanded: write the whole path')
  return text === '' ? refuse('is not a path') : parseLine(text)
}

export const manifests = listForm(pathsAccepted, (text) =>
  parseEach(piecesOf(text, /\r?\n/), parseWorkspacePath),
)

/** https://dl.k8s.io/release/stable.txt names the newest. */
export function parseKubectlVersion(text: string): Parsed<string> {
  const [, numbers] = /^v?(\d+\.\d+\.\d+)$/.exec(text) ?? []
  if (numbers !== undefined) return accept(`v${numbers}`)
  return refuse('is not a whole version', /^v?\d+\.\d+$/.test(text) ? `${text}.0` : null)
}

export const kubectlVersion = textForm('a version such as `v1.34.2`', parseKubectlVersion, { type: 'string' })
