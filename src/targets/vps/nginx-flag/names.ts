/** What things of an app are called in nginx, and which of its services nginx leads to. */
import type { Color } from '../../target.ts'
import type { VpsService, VpsSettings } from '../settings.ts'

export type FlagSettings = Pick<VpsSettings, 'app' | 'stateDirectory' | 'services' | 'router'>

/** nginx takes `$1` to `$9` for what an expression has captured, hence the letters before a digit. */
export function nginxName(name: string): string {
  const derived = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')
  return /^[0-9]/.test(derived) ? `app_${derived}` : derived
}

/** The service that bears the app's name, as the only one of an app does, is not named twice. */
export function upstreamOf(app: string, service: string): string {
  return service === app
    ? nginxName(app)
    : `${nginxName(app)}_${service.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`
}

export const colorVariable = (app: string): string => `$${nginxName(app)}_color`
export const colorPath = (app: string): string => `/.blue-green/${app}/color`
export const fileName = (app: string): string => `blue-green-${app}.conf`

/** Without a slash at its end. */
export const flagFolder = (stateDirectory: string): string => stateDirectory.replace(/(?<=.)\/+$/, '')

export interface RoutedService {
  readonly name: string
  readonly upstream: string
  readonly ports: Readonly<Record<Color, number>>
  readonly url: string | null
  /** Port of its switch server; null: the color is a variable in the owner's own server block. */
  readonly listen: number | null
}

/** A service without ports, such as a worker, is not nginx's. */
export function routedServices({ app, services, router }: FlagSettings): readonly RoutedService[] {
  return services.flatMap(({ name, ports: { blue, green }, url }: VpsService) =>
    blue === null || green === null
      ? []
      : [
          {
            name,
            upstream: upstreamOf(app, name),
            ports: { blue, green },
            url,
            listen: router.listen?.[name] ?? null,
          },
        ],
  )
}
