import type { Color } from '../../target.ts'
import type { KubernetesSettings } from '../settings.ts'
import { manualUnseen } from './backends.ts'
import { repairOf, routedServices } from './survey.ts'

/** What a person types before we have seen the cluster, or can. */
export function manualBySettings(settings: KubernetesSettings, to: Color): readonly string[] {
  const { router, context, namespace } = settings
  const where = { settings, cluster: { name: context ?? 'the current context', namespace } }
  switch (router.kind) {
    case 'service':
      return routedServices({ settings }).map((routed) => repairOf(where, { ...routed, reading: null }, to))
    case 'ingress':
      return [manualUnseen(where, { ...router, object: { resource: 'ingresses', name: router.name } }, to)]
    case 'httproute': {
      const object = { resource: 'httproutes', name: router.name } as const
      return [manualUnseen(where, { ...router, rule: null, object }, to)]
    }
  }
}
