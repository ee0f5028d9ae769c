/** The health of targets, as the load balancer sees it. */
import type { Service } from '@aws-sdk/client-ecs'
import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2'
import { groupsOf } from '../pairs.ts'
import type { Place } from '../place.ts'

/** Of one target group. */
export type Targets = readonly TargetHealthDescription[]

/** By target group of the service. */
export async function readHealth({ aws }: Place, service: Service): Promise<readonly Targets[]> {
  const groups = await Promise.all(
    groupsOf(service).map(({ arn }) =>
      aws.ask('elasticloadbalancing:DescribeTargetHealth', { TargetGroupArn: arn }),
    ),
  )
  return groups.map(({ TargetHealthDescriptions = [] }) => TargetHealthDescriptions)
}
