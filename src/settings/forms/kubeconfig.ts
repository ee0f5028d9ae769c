/** How to reach a cluster and log in to it: the path of a file, or what stands in one. */
import type { Kubeconfig } from '../../targets/kubernetes/settings.ts'
import { isList, isMap, type Raw, readYaml } from '../yaml.ts'
import { textForm } from './form.ts'
import { parseWorkspacePath } from './kubernetes.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

export type GivenKubeconfig = Exclude<Kubeconfig, { readonly kind: 'ambient' }>

const isText = (text: string) => text.includes('\n') || /^(apiVersion\b|kind\b|clusters\b|\{)/.test(text)

/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
export function parseKubeconfig(text: string): Parsed<GivenKubeconfig> {
  if (/^(YXBpVmVyc2lvb|a2luZDog|Y2x1c3RlcnM|eyJ)/.test(text))
    return refuse('is the text in base64: decode it first, or store it in the secret as it is')
  if (!isText(text)) {
    const path = parseWorkspacePath(text)
    return path.kind === 'value' ? accept({ kind: 'path', path: path.value }) : path
  }
  const yaml = readYaml(text)
  if (yaml.kind === 'broken') {
    const where = yaml.line === null ? '' : ` at line ${yaml.line}, column ${yaml.column}`
    return refuse(`is not YAML${where}: ${yaml.why}`)
  }
  if (!isMap(yaml.value)) return refuse('is not the text of a kubeconfig, which is a map')
  const missing = ['clusters', 'contexts', 'users'].find((key) => namesIn(yaml.value, key).length === 0)
  if (missing !== undefined) return refuse(`is not the text of a kubeconfig: it has no \`${missing}\``)
  return accept({ kind: 'text', text })
}

export const kubeconfig = textForm('the path or the text of a kubeconfig', parseKubeconfig, {
  type: 'string',
})

export interface Contexts {
  readonly names: readonly string[]
  /** null where none is chosen. */
  readonly current: string | null
}

/** Of a text that `parseKubeconfig` took. */
export function contextsIn(text: string): Contexts {
  const yaml = readYaml(text)
  if (yaml.kind === 'broken' || !isMap(yaml.value)) return { names: [], current: null }
  const current = yaml.value['current-context']
  return {
    names: namesIn(yaml.value, 'contexts'),
    current: typeof current === 'string' && current !== '' ? current : null,
  }
}

function namesIn(config: Raw, key: string): readonly string[] {
  const entries = isMap(config) ? config[key] : undefined
  if (!isList(entries)) return []
  return entries.flatMap((entry) => (isMap(entry) && typeof entry.name === 'string' ? [entry.name] : []))
}

/** The rest, such as names and the address of the cluster, stands in every report. */
const secretKeys = /^(client-key-data|token|password|(access|id|refresh)-token|client-secret)$/

/** What lets in, of a kubeconfig's text. All of its lines where it cannot be read. */
export function credentialsIn(text: string): readonly string[] {
  const parsed = parseKubeconfig(text)
  if (parsed.kind === 'refused') return text.split(/\r?\n/)
  if (parsed.value.kind === 'path') return []
  const yaml = readYaml(text)
  return yaml.kind === 'value' ? credentialsUnder(yaml.value) : []
}

function credentialsUnder(raw: Raw): readonly string[] {
  if (typeof raw === 'string') return []
  if (isList(raw)) return raw.flatMap(credentialsUnder)
  if (!isMap(raw)) return []
  // An `exec` plugin is given its credentials as `{ name, value }`.
  const { name, value } = raw
  const isSecret = typeof name === 'string' && /TOKEN|SECRET|PASSWORD|KEY/i.test(name)
  const given = isSecret && typeof value === 'string' ? [value] : []
  const own = Object.entries(raw).flatMap(([key, inner]) =>
    typeof inner === 'string' && secretKeys.test(key) ? [inner] : credentialsUnder(inner),
  )
  return [...given, ...own]
}
