import { labelSelector } from './names.ts'
import { type Pod, podSchema } from './objects.ts'
import type { Place } from './place.ts'
import { readObjects } from './reading.ts'
import type { Labels } from './router/colors.ts'

export const readPods = ({ cluster }: Place, selector: Labels): Promise<readonly Pod[]> =>
  readObjects(cluster, { resource: 'pods', query: { labelSelector: labelSelector(selector) } }, podSchema)

/** Those that the control plane gives traffic to. */
export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True')
