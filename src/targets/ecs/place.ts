import type { Aws } from '../../aws/aws.ts'
import type { Surroundings } from '../target.ts'
import type { EcsSettings } from './settings.ts'

/** What every part of the target works with. */
export interface Place {
  readonly settings: EcsSettings
  readonly aws: Aws
  readonly surroundings: Surroundings
  /** Milliseconds until the next look at something that is waited for: others ask AWS for the same account as we do. */
  pause(): number
}
