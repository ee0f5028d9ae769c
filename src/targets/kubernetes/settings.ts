import type { PerColor } from '../target.ts'

export interface KubernetesSettings {
  readonly app: string
  readonly kubeconfig: Kubeconfig
  /** null: the current one. */
  readonly context: string | null
  /** null: that of the context. */
  readonly namespace: string | null
  /** null: kubectl on the PATH, and a version of our own choice where there is none. */
  readonly kubectlVersion: string | null
  readonly router: RouterSettings
  /** null: found in the Services. */
  readonly selectorKey: string | null
  readonly selectorValue: PerColor<string>
  /** Milliseconds for which the selector matches both colors during a switch. */
  readonly overlap: number
  /** Kept pointing at the idle color. */
  readonly previewService: string | null
  /** Files and folders in the workspace; empty: Deployments are patched. */
  readonly manifests: readonly string[]
  /** One for each service of the app, in its order. */
  readonly services: readonly KubernetesService[]
}

export type Kubeconfig =
  /** What kubectl finds by itself. */
  | { readonly kind: 'ambient' }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'text'; readonly text: string }

export interface KubernetesService {
  readonly name: string
  /** Services whose selector is switched; empty for a worker. */
  readonly kubeServices: readonly string[]
  readonly deployment: PerColor<string>
  /** null: the only one. */
  readonly container: string | null
  /** Public URL. */
  readonly url: string | null
  readonly start: 'before-switch' | 'after-switch'
}

export type RouterSettings =
  | { readonly kind: 'service' }
  /** `rule`: host and path of the rules whose backend is changed; null: all that lead to a color. */
  | {
      readonly kind: 'ingress'
      readonly name: string
      readonly rule: string | null
      /** Service of each color. */
      readonly backend: PerColor<string>
    }
  | { readonly kind: 'httproute'; readonly name: string; readonly backend: PerColor<string> }
