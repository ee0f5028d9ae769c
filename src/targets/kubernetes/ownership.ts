/** Who keeps objects as Git or a chart has them, and puts back, or takes away again, what it did not make itself. */
import type { Metadata } from './objects.ts'

/** `mark`: a label or an annotation of its own; `writes`: its name as a field manager; `manages`: what charts call it in a label. */
const owners = [
  {
    name: 'Argo CD',
    mark: /^argocd\.argoproj\.io\/(instance|tracking-id)$/,
    writes: /^argocd/,
    manages: /^argo-?cd$/i,
  },
  {
    name: 'Flux',
    mark: /^(kustomize|helm)\.toolkit\.fluxcd\.io\/(name|namespace)$/,
    writes: /^(kustomize|helm)-controller$/,
    manages: /^flux/i,
  },
  { name: 'Helm', mark: /^meta\.helm\.sh\//, writes: /^helm$/, manages: /^helm$/i },
] as const

export type Owner = (typeof owners)[number]['name']

/** By its marks alone; null: nobody that is known. */
export function markedBy({ labels = {}, annotations = {} }: Metadata): Owner | null {
  const marks = [...Object.keys(labels), ...Object.keys(annotations)]
  return owners.find(({ mark }) => marks.some((key) => mark.test(key)))?.name ?? null
}

export const writtenBy = (manager: string): Owner | null =>
  owners.find(({ writes }) => writes.test(manager))?.name ?? null

/** By its marks, or by what the object says of itself. */
export function ownerOf({ metadata }: { readonly metadata: Metadata }): Owner | null {
  const manager = metadata.labels?.[managedBy] ?? ''
  return markedBy(metadata) ?? owners.find(({ manages }) => manages.test(manager))?.name ?? null
}

const managedBy = 'app.kubernetes.io/managed-by'

/** Labels and annotations that an object made by somebody else must not have. */
export const isOwnersKey = (key: string): boolean =>
  key === managedBy ||
  /^(argocd\.argoproj\.io|(kustomize|helm)\.toolkit\.fluxcd\.io|(meta\.)?helm\.sh)\//.test(key)
