/** The services of an app, each with what was given for it alone. */
import type { Values } from './catalog/catalog.ts'
import type { ServiceSettings } from './forms/services.ts'

export interface Given {
  readonly own: ServiceSettings
  readonly isOnly: boolean
  readonly values: Values
}

/** Without `services` the app is its only one. */
export const eachService = <Service>(
  values: Values,
  make: (name: string, given: Given) => Service,
): readonly Service[] =>
  Object.entries(values.services ?? { [values.app ?? '']: {} }).map(([name, own], _, { length }) =>
    make(name, { own, isOnly: length === 1, values }),
  )
