/** Which services of an app start when: a color takes traffic without those that start after the switch. */
import type { Intent, ServiceIntent } from '../targets/intent.ts'

type Services = Pick<Intent, 'services'>

export const startedBefore = ({ services }: Services): readonly ServiceIntent[] =>
  services.filter(({ start }) => start === 'before-switch')

export const startedAfter = ({ services }: Services): readonly ServiceIntent[] =>
  services.filter(({ start }) => start === 'after-switch')

export const namesOf = (services: readonly ServiceIntent[]): readonly string[] =>
  services.map(({ name }) => name)
