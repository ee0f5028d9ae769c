/** Autoscalers of the colors: each goes on with its own Deployment, which must not be left without one by mistake. */
import type { Color } from '../../target.ts'
import type { Autoscaler } from '../objects.ts'
import type { KubernetesService } from '../settings.ts'

const colors = ['blue', 'green'] as const

/** `live`: the color that users are on; null: none. */
export function autoscalerRemarks(
  { deployment }: KubernetesService,
  autoscalers: readonly Autoscaler[],
  live: Color | null,
): readonly string[] {
  const of = (color: Color) =>
    autoscalers.filter(
      ({ spec: { scaleTargetRef } }) =>
        scaleTargetRef.kind === 'Deployment' && scaleTargetRef.name === deployment[color],
    )
  const scaled = colors.filter((color) => of(color).length > 0)
  const [only] = scaled
  if (only === undefined || scaled.length === 2) return []
  const bare = only === 'blue' ? 'green' : 'blue'
  const [autoscaler] = of(only)
  const name = autoscaler?.metadata.name
  const now = live === bare ? `, though users are on ${bare}` : ''
  return [
    `HorizontalPodAutoscaler ${name} scales ${deployment[only]} alone${now}: ${deployment[bare]} keeps the number of instances it begins with. Give each color its own: kubectl get hpa ${name} -o yaml, with another name and ${deployment[bare]} in scaleTargetRef.`,
  ]
}
