/** Command lines of docker and compose, as text of sh. */
import { quote } from '../../../host/script.ts'
import { type Color, type Environment, environmentName } from '../../target.ts'
import type { VpsSettings } from '../settings.ts'
import type { ColorLayout, ComposeService } from './layout.ts'

/** What a compose file may use as variables. */
export function composeEnvironment(
  { app, services }: VpsSettings,
  color: Color,
  version: string,
): Environment {
  const [only, ...others] = services
  const ports = services.map(({ name, ports }): [string, number | null] => [
    `BLUE_GREEN_PORT_${environmentName(name)}`,
    ports[color],
  ])
  if (only && others.length === 0) ports.push(['BLUE_GREEN_PORT', only.ports[color]])
  return {
    BLUE_GREEN_APP: app,
    BLUE_GREEN_COLOR: color,
    BLUE_GREEN_VERSION: version,
    ...Object.fromEntries(ports.flatMap(([name, port]) => (port === null ? [] : [[name, String(port)]]))),
  }
}

/** Called before anything else of docker. sudo drops every variable that is not named. */
export const dockerFunction = (sudo: boolean, handedOn: Environment = {}): string =>
  sudo ? `docker() { sudo -n --preserve-env=${Object.keys(handedOn).join(',')} docker "$@"; }\n` : ''

export const overrideFile = (color: Color) => `compose-${color}.json`
export const ledgerPath = ({ stateDirectory }: VpsSettings, name: string) =>
  `${stateDirectory.replace(/(?<=.)\/+$/, '')}/ledger/${name}`

export interface ComposeLine {
  readonly settings: VpsSettings
  readonly color: Color
  readonly project: string
  readonly services: readonly ComposeService[]
  /** Whether the override file with the images of the release is laid over. */
  readonly overridden: boolean
}

/** To be run in the folder of the app. */
export function composeLine({ settings, color, project, services, overridden }: ComposeLine): string {
  const { compose, envFile } = settings
  const files = [...compose.files[color], ...(overridden ? [ledgerPath(settings, overrideFile(color))] : [])]
  const profiles = [...new Set(services.flatMap(({ profile }) => profile ?? []))]
  return [
    'docker compose',
    `-p ${quote(project)}`,
    // Once a file is named, compose does not look for .env by itself.
    ...(envFile
      ? ['$(test ! -f .env || echo --env-file .env)', `--env-file ${quote(envFile.path[color])}`]
      : []),
    ...files.map((file) => `-f ${quote(file)}`),
    ...profiles.map((profile) => `--profile ${quote(profile)}`),
  ].join(' ')
}

/** Ids of all containers of one compose service, as a command. */
export const containerIds = (project: string, service: string): string =>
  `docker ps -aq --no-trunc ${labelFilters(project, service)}`

/** Names are what docker says back to people. `all`: of those that do not run as well. */
export const containerNames = (
  project: string,
  service: string,
  { all }: { readonly all: boolean },
): string => `docker ps ${all ? '-a ' : ''}${labelFilters(project, service)} --format '{{.Names}}'`

export const labelFilters = (project: string, service: string | null): string =>
  [
    `label=com.docker.compose.project=${project}`,
    'label=com.docker.compose.oneoff=False',
    ...(service === null ? [] : [`label=com.docker.compose.service=${service}`]),
  ]
    .map((filter) => `--filter ${quote(filter)}`)
    .join(' ')

export const servicesNamed = (layout: ColorLayout, names: readonly string[]): readonly ComposeService[] =>
  layout.services.filter(({ app }) => names.includes(app))
