/** What the settings of Kubernetes come to. */
import type { KubernetesService, KubernetesSettings, RouterSettings } from '../targets/kubernetes/settings.ts'
import type { PerColor } from '../targets/target.ts'
import type { Values } from './catalog/catalog.ts'
import { eachService, type Given } from './each-service.ts'
import { expand } from './forms/per-color.ts'

export function kubernetesSettingsOf(values: Values): KubernetesSettings {
  const app = values.app ?? ''
  const fill = (text: string) => expand(text, { app })
  const preview = values['preview-service']
  return {
    app,
    kubeconfig: values.kubeconfig ?? { kind: 'ambient' },
    context: values['kube-context'],
    namespace: values.namespace,
    kubectlVersion: values['kubectl-version'],
    router: routerOf(values, fill),
    selectorKey: values['selector-key'],
    selectorValue: eachColor(values['selector-value'], fill),
    overlap: values['kube-overlap'],
    previewService: preview && fill(preview),
    manifests: values.manifests ?? [],
    services: kubernetesServicesOf(values),
  }
}

function routerOf({ router }: Values, fill: (text: string) => string): RouterSettings {
  if (router?.kind !== 'ingress' && router?.kind !== 'httproute') return { kind: 'service' }
  return { ...router, name: fill(router.name), backend: eachColor(router.backend, fill) }
}

export const kubernetesServicesOf = (values: Values): readonly KubernetesService[] =>
  eachService(values, serviceOf)

function serviceOf(name: string, { own, isOnly, values }: Given): KubernetesService {
  const fill = (text: string) => expand(text, { app: values.app ?? '', service: name })
  const named = own['kube-service'] ?? values['kube-service'] ?? (isOnly ? ['{app}'] : [])
  return {
    name,
    kubeServices: routerOf(values, fill).kind === 'service' ? named.map(fill) : [],
    deployment: eachColor(own['kube-deployment'] ?? values['kube-deployment'], fill),
    container: own['kube-container'] ?? values['kube-container'],
    url: own.url ?? (isOnly ? values.url : null),
    start: own.start ?? 'before-switch',
  }
}

const eachColor = <T, U>({ blue, green }: PerColor<T>, turn: (value: T) => U): PerColor<U> => ({
  blue: turn(blue),
  green: turn(green),
})
