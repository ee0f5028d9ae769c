/** What the settings of a VPS come to. */

import type { PerColor } from '../targets/target.ts'
import type { EnvFile, RegistryLogin, VpsService, VpsSettings } from '../targets/vps/settings.ts'
import type { Values } from './catalog/catalog.ts'
import { eachService } from './each-service.ts'
import { expand } from './forms/per-color.ts'
import type { NginxFlag } from './forms/router.ts'
import type { ServiceSettings } from './forms/services.ts'

export function vpsSettingsOf(values: Values): VpsSettings {
  const app = values.app ?? ''
  const fill = (text: string) => expand(text, { app })
  return {
    app,
    directory: folder(fill(values.directory ?? '')),
    stateDirectory: folder(fill(values['state-directory'])),
    sudo: values.sudo,
    compose: {
      files: eachColor(values['compose-file'], (paths) => paths.map(fill)),
      project: values['compose-project'] && eachColor(values['compose-project'], fill),
    },
    envFile: envFileOf(values, fill),
    registry: registryOf(values),
    router: { listen: listenOf(values), proxyUrl: values['proxy-url'] },
    services: vpsServicesOf(values),
  }
}

export const vpsServicesOf = (values: Values): readonly VpsService[] =>
  eachService(values, (name, { own, isOnly }) =>
    serviceOf(name, isOnly ? { ...ofTheOnlyService(values), ...own } : own, values),
  )

const ofTheOnlyService = (values: Values): ServiceSettings => ({
  url: values.url ?? undefined,
  'blue-port': values['blue-port'] ?? undefined,
  'green-port': values['green-port'] ?? undefined,
})

function serviceOf(name: string, own: ServiceSettings, values: Values): VpsService {
  const named = (setting: 'compose-service' | 'compose-profile') => {
    const names = own[setting] ?? values[setting]
    return names && eachColor(names, (text) => expand(text, { app: values.app ?? '', service: name }))
  }
  return {
    name,
    ports: { blue: own['blue-port'] ?? null, green: own['green-port'] ?? null },
    composeService: named('compose-service'),
    composeProfile: named('compose-profile'),
    url: own.url ?? null,
    start: own.start ?? 'before-switch',
  }
}

export const listenGiven = ({ router }: Values): NginxFlag['listen'] =>
  router?.kind === 'nginx-flag' ? router.listen : null

/** One port alone is that of the only service that users are sent to. */
function listenOf(values: Values): VpsSettings['router']['listen'] {
  const listen = listenGiven(values)
  if (typeof listen !== 'number') return listen
  return Object.fromEntries(
    vpsServicesOf(values)
      .filter(isRouted)
      .map(({ name }) => [name, listen]),
  )
}

/** Users are sent to a port of each color. */
export const isRouted = ({ ports }: VpsService): boolean => ports.blue !== null || ports.green !== null

function envFileOf(values: Values, fill: (text: string) => string): EnvFile | null {
  const content = values['env-file-content']
  return content === null ? null : { content, path: eachColor(values['env-file-path'], fill) }
}

function registryOf(values: Values): RegistryLogin | null {
  const { registry: host, 'registry-username': username, 'registry-password': password } = values
  return host === null || username === null || password === null ? null : { host, username, password }
}

const eachColor = <T, U>({ blue, green }: PerColor<T>, turn: (value: T) => U): PerColor<U> => ({
  blue: turn(blue),
  green: turn(green),
})

const folder = (path: string) => path.replace(/(?<=.)\/+$/, '')
