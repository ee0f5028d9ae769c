/** Who else says what the selector of a Service is, and puts it back one day: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
import { z } from 'zod'
import type { Metadata, Service } from '../objects.ts'
import { markedBy, writtenBy } from '../ownership.ts'

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

/** The API server takes it from the user agent: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
const ownName = 'blue-green-action'

/** As `kubectl apply` calls itself, with and without `--server-side`. */
const isApply = (manager: string): boolean => /^kubectl(-client-side-apply)?$/.test(manager)

/** Set once, and left then: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources */
const isLeftByFlux = ({ labels = {}, annotations = {} }: Metadata): boolean =>
  /^(IfNotPresent|Ignore)$/i.test({ ...labels, ...annotations }['kustomize.toolkit.fluxcd.io/ssa'] ?? '')

/** What to know before somebody else sends users back to the old color; null: nobody is known to. */
export function ownerRemark(service: Service, key: string): string | null {
  const { metadata } = service
  const manager = managerOf(service)
  // Nobody has put back what we have switched.
  if (manager === null || manager === ownName) return null
  const writer = writtenBy(manager)
  const owner = writer ?? markedBy(metadata)
  const what = `${key} in the selector of Service ${metadata.name}`
  const seen =
    writer === null ? `${what} is kept by ${owner}` : `${what} was written by ${owner} (${manager})`
  switch (owner) {
    case 'Argo CD':
      return `${seen}: unless its Application ignores that, its next sync puts users back on the color in Git.\n${argoSnippet(metadata.name, key)}`
    case 'Flux':
      if (isLeftByFlux(metadata)) return null
      return `${seen}: its next reconciliation puts users back on the color in Git. In Git, give the Service and both Deployments:\n${fluxSnippet}`
    case 'Helm':
      return `${seen}: its next upgrade may put users back on the color in the chart. Upgrade with the color that is live, or take the key out of the chart.`
    case null:
      if (!isApply(manager)) return null
      return `${what} was written by kubectl apply (${manager}): who applies that manifest again sends users to the color in it. Take ${key} out of its selector.`
  }
}

/** https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/ and …/sync-options/#respect-ignore-difference-configs */
const argoSnippet = (name: string, key: string): string => `In the Application:
spec:
  ignoreDifferences:
    - { kind: Service, name: ${name}, jsonPointers: [/spec/selector/${key.replaceAll('~', '~0').replaceAll('/', '~1')}] }
    - { group: apps, kind: Deployment, jqPathExpressions: [.spec.replicas, '.spec.template.spec.containers[].image', .spec.template.metadata.annotations] }
  syncPolicy: { syncOptions: [RespectIgnoreDifferences=true] }`

const fluxSnippet = `metadata:
  annotations: { kustomize.toolkit.fluxcd.io/ssa: IfNotPresent }`
