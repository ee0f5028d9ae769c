import type { SettingName, Values } from './catalog/catalog.ts'
import type { Fault } from './problem.ts'
import type { Raw } from './yaml.ts'

/** What a rule looks at. */
export interface Context {
  readonly values: Values
  readonly environment: Readonly<Record<string, string>>
  /** Given, but with a problem of its own: nothing can be said about its value. */
  isUnknown(name: SettingName): boolean
  /** As it was given, whether it could be read or not. */
  raw(name: SettingName): Raw | undefined
}

/** A fault of what is missing, or of what does not go together. */
export const demand = (setting: string, why: string, accepted: string): Fault => ({
  setting,
  why,
  accepted,
  subject: 'setting',
})
