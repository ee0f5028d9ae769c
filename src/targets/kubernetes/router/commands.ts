/** What a person types. */
import { shell } from '../../../host/script.ts'
import { kindOf, type ObjectName } from '../names.ts'
import type { KubernetesSettings } from '../settings.ts'

export interface Where {
  readonly settings: KubernetesSettings
  /** `namespace`: null is that of the context. */
  readonly cluster: { readonly name: string; readonly namespace: string | null }
}

export function kubectl({ cluster, settings }: Where, ...words: readonly string[]): string {
  const context = settings.context === null ? [] : ['--context', settings.context]
  const namespace = cluster.namespace === null ? [] : ['-n', cluster.namespace]
  return shell('kubectl', ...context, ...namespace, ...words)
}

/** Right whatever is there: a merge patch adds what is missing. */
export const mergePatch = (where: Where, { resource, name }: ObjectName, patch: unknown): string =>
  kubectl(where, 'patch', kindOf(resource).toLowerCase(), name, '--type=merge', '-p', JSON.stringify(patch))

export const jsonPatch = (where: Where, { resource, name }: ObjectName, patch: readonly unknown[]): string =>
  kubectl(where, 'patch', kindOf(resource).toLowerCase(), name, '--type=json', '-p', JSON.stringify(patch))

export const selectorPatch = (where: Where, service: string, selector: Readonly<Record<string, string>>) =>
  mergePatch(where, { resource: 'services', name: service }, { spec: { selector } })
