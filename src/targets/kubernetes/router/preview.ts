/** A Service for people, who look at a release before users do. */
import { ChangeFailed, type Color, type Lease } from '../../target.ts'
import { change } from '../guarding.ts'
import { serviceSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { readObject } from '../reading.ts'
import { type ColorKey, readSelector } from './colors.ts'
import { selecting } from './selecting.ts'
import { readDeployments, sceneOf, serviceName } from './survey.ts'

/** Answers what it selects now; null where the settings name none. */
export async function preview(place: Place, color: Color, lease: Lease): Promise<string | null> {
  const { cluster, settings } = place
  if (settings.previewService === null) return null
  const object = serviceName(settings.previewService)
  const [read, deployments] = await Promise.all([
    readObject(cluster, object, serviceSchema),
    readDeployments(place),
  ])
  if (read === null) throw new ChangeFailed(`The preview Service ${object.name} is not there.`)
  // It belongs to the service whose pods it selects.
  const [colorKey] = settings.services.flatMap((app): ColorKey[] => {
    const reading = readSelector(sceneOf(place, app, read, deployments))
    return 'key' in reading ? [reading] : []
  })
  if (colorKey === undefined)
    throw new ChangeFailed(`The selector of the preview Service ${object.name} names no color.`)
  const value = colorKey.values[color]
  await change(cluster, {
    object,
    shape: serviceSchema,
    lease,
    name: `Pointing the preview to ${color}`,
    read,
    edit: (service) => selecting(service, colorKey.key, value),
  })
  return `preview Service ${object.name} selects ${color}`
}
