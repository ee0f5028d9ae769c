import type { Surroundings } from '../target.ts'
import type { Cluster } from './api/cluster.ts'
import type { KubernetesSettings } from './settings.ts'

/** What every part of the target works with. */
export interface Place {
  readonly settings: KubernetesSettings
  readonly cluster: Cluster
  readonly surroundings: Surroundings
}
