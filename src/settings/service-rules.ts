/** What targets demand alike of the services of an app. */
import { hookNames } from '../targets/intent.ts'
import { serviceSettingsOf } from './build.ts'
import type { Values } from './catalog/catalog.ts'
import type { ServiceSettings } from './forms/services.ts'
import type { Fault } from './problem.ts'
import { demand } from './rule.ts'

/** What runs a color would go on with what it ran two releases ago. `what`: for people, as `the idle Deployment`. */
export const missingImages = (values: Values, what: string, accepted: string): readonly Fault[] =>
  serviceSettingsOf(values)
    .filter(({ image }) => image === null)
    .map(({ name }) =>
      demand(
        values.services === null || Object.keys(values.services).length === 1
          ? 'image'
          : `services.${name}.image`,
        `is required: it is what ${what} is to run`,
        accepted,
      ),
    )

/** `instead`: for a hook of this name. */
export const hooksAtTarget = (
  values: Values,
  why: string,
  instead: (name: string) => string,
): readonly Fault[] =>
  hookNames
    .filter((name) => values[name]?.some(({ where }) => where === 'target'))
    .map((name) => demand(name, `has \`where: target\`, and ${why}`, instead(name)))

/** As the user named it: what is said for every service stands outside of `services`. */
export const settingOf = (values: Values, service: string, key: keyof ServiceSettings): string =>
  values.services?.[service]?.[key] === undefined ? key : `services.${service}.${key}`
