import { type Color, otherColor } from '../../target.ts'
import type { KubernetesSettings } from '../settings.ts'
import { manualUnseen } from './backends.ts'
import { kubectl, type Where } from './commands.ts'
import { type Memory, repairOf, routedServices } from './survey.ts'

/** A color that was retired has no pods: whoever goes back to it in the night has to start them first. */
export function manualLines(where: Where, { seen, sizes }: Memory, to: Color): readonly string[] {
  const starts = where.settings.services.flatMap(({ deployment }) => {
    const [size, other] = [sizes.get(deployment[to]), sizes.get(deployment[otherColor(to)])]
    if (size === undefined) return []
    const name = `deployment/${deployment[to]}`
    return [
      kubectl(where, 'scale', name, `--replicas=${size || other || 1}`),
      kubectl(where, 'rollout', 'status', name),
    ]
  })
  const moves = routedServices(where).map((routed) =>
    repairOf(where, seen?.find(({ name }) => name === routed.name) ?? { ...routed, reading: null }, to),
  )
  return [...starts, ...moves]
}

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
