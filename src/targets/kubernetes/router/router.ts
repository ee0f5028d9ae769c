import type { Place } from '../place.ts'
import { httpRouteRouter } from './httproute.ts'
import { ingressRouter } from './ingress.ts'
import type { KubernetesRouter } from './kubernetes-router.ts'
import { serviceRouter } from './service.ts'

export function kubernetesRouter(place: Place): KubernetesRouter {
  const { router } = place.settings
  switch (router.kind) {
    case 'service':
      return serviceRouter(place)
    case 'ingress':
      return ingressRouter(place, router)
    case 'httproute':
      return httpRouteRouter(place, router)
  }
}
