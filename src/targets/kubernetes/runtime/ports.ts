/** At which port a pod answers the requests of its Service. */
import type { Color } from '../../target.ts'
import type { Deployment, Service } from '../objects.ts'
import type { KubernetesService, RouterSettings } from '../settings.ts'

/** Service whose port leads to the pods of a color; null: nobody sends requests there, or there is no Service to tell. */
export function serviceOf(
  { kubeServices }: KubernetesService,
  router: RouterSettings,
  color: Color,
): string | null {
  const [first] = kubeServices
  if (first !== undefined) return first
  return router.kind === 'service' ? null : router.backend[color]
}

/** null: neither the Service nor a container names one. */
export function portOf(deployment: Deployment, service: Service | null): number | null {
  const declared = deployment.spec.template.spec.containers.flatMap(({ ports }) => ports)
  const served = service?.spec.ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP') ?? []
  const chosen = served.find(({ name }) => name === 'http') ?? served[0]
  if (chosen === undefined) return declared[0]?.containerPort ?? null
  const target = chosen.targetPort ?? chosen.port
  if (typeof target === 'number') return target
  return declared.find(({ name }) => name === target)?.containerPort ?? null
}
