/** Target groups that stand for each other: those of the two ECS services of one service of the app. */
import type { LoadBalancer, Service } from '@aws-sdk/client-ecs'
import type { GroupPair } from './router/forward.ts'
import { bothOf, type Services } from './services.ts'
import type { EcsService } from './settings.ts'

export const pairsIn = (services: readonly EcsService[], found: Services): readonly GroupPair[] =>
  services.flatMap((service) => pairsOf(service, found))

/** Groups that have the same container at the same port behind them, in their order. */
export function pairsOf(service: EcsService, found: Services): readonly GroupPair[] {
  const { blue, green } = bothOf(service, found)
  const left = groupsOf(green)
  return groupsOf(blue).flatMap((one) => {
    const place = left.findIndex((other) => placeOf(other) === placeOf(one))
    const [twin] = place < 0 ? [] : left.splice(place, 1)
    return twin === undefined ? [] : [{ service: service.name, blue: one.arn, green: twin.arn }]
  })
}

interface Group extends Pick<LoadBalancer, 'containerName' | 'containerPort'> {
  readonly arn: string
}

export const groupsOf = (service: Service | undefined): Group[] =>
  (service?.loadBalancers ?? []).flatMap(({ targetGroupArn: arn, containerName, containerPort }) =>
    arn === undefined ? [] : [{ arn, containerName, containerPort }],
  )

const placeOf = ({ containerName, containerPort }: Group): string => `${containerName}:${containerPort}`
