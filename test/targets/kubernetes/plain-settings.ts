import type { KubernetesService, KubernetesSettings } from '../../../src/targets/kubernetes/settings.ts'

export const plainService: KubernetesService = {
  name: 'shop',
  kubeServices: ['shop'],
  deployment: { blue: 'shop-blue', green: 'shop-green' },
  container: null,
  url: 'https://shop.example.com',
  start: 'before-switch',
}

/** Of a user who says no more than must be said. */
export const plainSettings: KubernetesSettings = {
  app: 'shop',
  kubeconfig: { kind: 'ambient' },
  context: null,
  namespace: null,
  kubectlVersion: null,
  router: { kind: 'service' },
  selectorKey: null,
  selectorValue: { blue: 'blue', green: 'green' },
  overlap: 0,
  previewService: null,
  manifests: [],
  services: [plainService],
}
