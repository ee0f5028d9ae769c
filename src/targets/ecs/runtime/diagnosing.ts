/** What is to be learned of a color that failed, while it is still there. */
import type { Service } from '@aws-sdk/client-ecs'
import type { Color, Diagnosis } from '../../target.ts'
import type { Place } from '../place.ts'
import type { ServiceReader } from '../services.ts'
import { diagnosisOf, type Remains } from './diagnosis.ts'
import { readHealth } from './health.ts'
import { judgeService } from './judge.ts'
import { stoppedTasks } from './listing.ts'
import { isFailure } from './tasks.ts'

export async function diagnose(place: Place, reader: ServiceReader, color: Color): Promise<Diagnosis> {
  const found = await reader.read()
  const there = place.settings.services.flatMap(({ ecsService }) => found.get(ecsService[color]) ?? [])
  return diagnosisOf(await Promise.all(there.map((service) => remainsOf(place, reader, service))))
}

async function remainsOf(place: Place, reader: ServiceReader, service: Service): Promise<Remains> {
  const [definition, ended, groups] = await Promise.all([
    reader.definition(service.taskDefinition ?? ''),
    stoppedTasks(place.aws, place.settings.cluster, service),
    readHealth(place, service),
  ])
  const failures = ended.filter(isFailure)
  const judgment = judgeService(service, {
    began: null,
    groups,
    now: place.aws.now(),
    failures,
    reached: null,
  })
  return {
    service,
    definition,
    ended,
    targets: groups.flat(),
    verdict: judgment.kind === 'ready' ? null : judgment.reason,
  }
}
