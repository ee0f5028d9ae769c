/** Who else says what the selector of a Service is, and puts it back one day: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
import { z } from 'zod'
import type { Metadata, Service } from '../objects.ts'

const selectorFieldsSchema = z.object({
  manager: z.string(),
  fieldsV1: z.object({ 'f:spec': z.object({ 'f:selector': z.object({}) }) }),
})

/**
 * Who wrote the selector last; null: nobody that is known. A switch of ours makes it ours. It has one owner for all of its
 * keys: https://github.com/kubernetes/api/blob/v0.34.0/core/v1/types.go (`mapType=atomic`)
 */
export function managerOf({ metadata }: Service): string | null {
  const managers = metadata.managedFields.flatMap((entry) => {
    const parsed = selectorFieldsSchema.safeParse(entry)
    return parsed.success ? [parsed.data.manager] : []
  })
  return managers[0] ?? null
}

type Keeper = 'Argo CD' | 'Flux' | 'Helm' | 'kubectl apply'

/** By what it writes as, or by what it marks its objects with; null: it is set once, and left then. */
function keeperOf(manager: string, { labels = {}, annotations = {} }: Metadata): Keeper | null {
  const marks = [...Object.keys(labels), ...Object.keys(annotations)].join('\n')
  if (/^argocd/.test(manager) || /^argocd\.argoproj\.io\/(instance|tracking-id)$/m.test(marks))
    return 'Argo CD'
  if (
    /^(kustomize|helm)-controller$/.test(manager) ||
    /^(kustomize|helm)\.toolkit\.fluxcd\.io\//m.test(marks)
  )
    return 'Flux'
  if (manager === 'helm' || /^meta\.helm\.sh\//m.test(marks)) return 'Helm'
  return /^kubectl(-client-side-apply)?$/.test(manager) ? 'kubectl apply' : null
}

/** What to know before somebody else sends users back to the old color; null: nobody is known to. */
export function ownerRemark(service: Service, key: string): string | null {
  const manager = managerOf(service)
  const keeper = manager === null ? null : keeperOf(manager, service.metadata)
  if (manager === null || keeper === null) return null
  const { name } = service.metadata
  const seen = `${key} in the selector of Service ${name} was written by ${keeper} (${manager})`
  switch (keeper) {
    case 'Argo CD':
      return `${seen}: unless its Application ignores that, its next sync puts users back on the color in Git.\n${argoSnippet(name, key)}`
    case 'Flux':
      return `${seen}: its next reconciliation puts users back on the color in Git. In Git, give the Service and both Deployments:\n${fluxSnippet}`
    case 'Helm':
      return `${seen}: its next upgrade may put users back on the color in the chart. Upgrade with the color that is live, or take the key out of the chart.`
    case 'kubectl apply':
      return `${seen}: who applies that manifest again sends users to the color in it. Take ${key} out of its selector.`
  }
}

/** https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/ and …/sync-options/#respect-ignore-difference-configs */
const argoSnippet = (name: string, key: string): string => `In the Application:
spec:
  ignoreDifferences:
    - { kind: Service, name: ${name}, jsonPointers: [/spec/selector/${key.replaceAll('~', '~0').replaceAll('/', '~1')}] }
    - { group: apps, kind: Deployment, jqPathExpressions: [.spec.replicas, '.spec.template.spec.containers[].image', .spec.template.metadata.annotations] }
  syncPolicy: { syncOptions: [RespectIgnoreDifferences=true] }`

/** https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources */
const fluxSnippet = `metadata:
  annotations: { kustomize.toolkit.fluxcd.io/ssa: IfNotPresent }`
