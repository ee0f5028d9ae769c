/** How few tasks an autoscaler allows. */
import { isRefused } from '../../../aws/aws.ts'
import type { Place } from '../place.ts'
import { clusterName } from '../settings.ts'

/** By the name of the ECS service; those without an autoscaler are left out. */
export async function readMinimums(
  { aws, settings, surroundings }: Place,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const cluster = clusterName(settings.cluster)
  const idOf = (name: string) => `service/${cluster}/${name}`
  try {
    const { ScalableTargets = [] } = await aws.ask('application-autoscaling:DescribeScalableTargets', {
      ServiceNamespace: 'ecs',
      ResourceIds: names.map(idOf),
      ScalableDimension: 'ecs:service:DesiredCount',
    })
    return new Map(
      names.flatMap((name) => {
        const minimum = ScalableTargets.find(({ ResourceId }) => ResourceId === idOf(name))?.MinCapacity
        return minimum === undefined ? [] : [[name, minimum] as const]
      }),
    )
  } catch (error) {
    // Most have no autoscaler, and need no permission to ask for one.
    if (!isRefused(error, 'AccessDeniedException')) throw error
    surroundings.output('autoscaling', `Its minimum was not asked for: ${error.message}\n`)
    return new Map()
  }
}
