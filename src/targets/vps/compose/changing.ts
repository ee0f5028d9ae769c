/** Changes of a color, each under the locks and the fence of the lease. */
import { posix } from 'node:path'
import { runChange } from '../../../host/change.ts'
import type { GuardedChange } from '../../../host/guarded-change.ts'
import { allowedBy, refusal } from '../../../host/guarding.ts'
import { quote } from '../../../host/script.ts'
import type { Color, DeployOrder, Environment, Guard, Images } from '../../target.ts'
import type { Workplace } from '../workplace.ts'
import { composeEnvironment, dockerFunction, overrideFile, servicesNamed } from './commands.ts'
import { fetchText, loginEnvironment, parseFetched } from './fetching.ts'
import { dockerHost } from './looking.ts'
import { removeText, stopText } from './retiring.ts'
import { overrideDocument, upText } from './starting.ts'
import type { DockerHost } from './survey.ts'

export async function deploy(
  place: Workplace,
  color: Color,
  order: DeployOrder,
  guard: Guard,
): Promise<Images> {
  const host = await dockerHost(place)
  const layout = host.layout[color]
  const images = await fetchImages(place, { host, color, order, guard })
  const overrides = layout.services.map(({ name }) => ({ service: name, image: images[name] ?? '' }))
  const { settings } = place
  const environment = composeEnvironment(settings, color, order.release.version)
  await change(place, 'compose up', {
    color,
    guard,
    run:
      dockerFunction(host.sudo, environment) +
      upText({ settings, color, project: layout.project, services: servicesNamed(layout, order.services) }),
    env: environment,
    record: { name: overrideFile(color), text: overrideDocument(overrides, order.release.version) },
  })
  return Object.fromEntries(layout.services.map(({ app, name }) => [app, images[name] ?? null]))
}

interface Fetching {
  readonly host: DockerHost
  readonly color: Color
  readonly order: DeployOrder
  readonly guard: Guard
}

/** By compose service. The images of services that start later are fetched as well: after the switch is no time to wait. */
async function fetchImages(place: Workplace, { host, color, order, guard }: Fetching) {
  const { settings } = place
  const { project, services } = host.layout[color]
  const { images, version, configuration } = order.release
  const envFile = configuration === place.configuration ? settings.envFile : null
  const environment = composeEnvironment(settings, color, version)
  const wanted = services.map((service) => ({ service, image: images[service.app] ?? null }))
  const output = await change(place, 'fetching images', {
    color,
    guard,
    run:
      dockerFunction(host.sudo, environment) +
      (envFile === null ? '' : envFileText(settings.directory, envFile.path[color])) +
      fetchText({ line: { settings, color, project }, wanted, login: settings.registry }),
    env: {
      ...environment,
      ...loginEnvironment(settings.registry),
      ...(envFile === null ? {} : { BLUE_GREEN_ENV_FILE: envFile.content }),
    },
  })
  return parseFetched(output)
}

/** A release of former times keeps the file it was deployed with: what is sent now belongs to another one. */
const envFileText = (directory: string, path: string): string => {
  const file = quote(posix.resolve(directory, path))
  // Nothing is started while it stands in the environment, where Linux takes 128 KiB at most.
  return `( umask 077; printf '%s\\n' "$BLUE_GREEN_ENV_FILE" >${file}.blue-green-new )
unset BLUE_GREEN_ENV_FILE
mv -f ${file}.blue-green-new ${file}
`
}

interface Change extends Partial<Pick<GuardedChange, 'lenient' | 'record' | 'forget'>> {
  readonly color: Color
  readonly guard: Guard
  readonly run: string
  readonly env?: Environment
}

/** What the change wrote to $BLUE_GREEN_OUTPUT. */
async function change(
  place: Workplace,
  name: string,
  { color, guard, run, env = {}, lenient = false, record = null, forget = [] }: Change,
): Promise<string> {
  const { lease, unreadableLedger = 'refuse' } = guard
  const result = await runChange(place, name, {
    lease,
    commands: [{ run, env }],
    limit: place.surroundings.deployTimeout,
    observe: place.observing,
    allowed: allowedBy(guard, color),
    confirm: false,
    onClientDeath: 'end',
    lenient: lenient || unreadableLedger === 'ignore',
    record,
    forget,
    unreadableLedger,
  })
  if (result.kind === 'refused-color') throw refusal({ name, color, observed: result.observed })
  return result.output
}

export async function retire(
  place: Workplace,
  name: 'stop' | 'remove',
  color: Color,
  { lease }: Guard,
): Promise<void> {
  const { sudo, layout } = await dockerHost(place)
  const text = name === 'stop' ? stopText(layout[color]) : removeText(layout[color])
  await change(place, name, {
    color,
    guard: { lease, color: 'not-live' },
    run: dockerFunction(sudo) + text,
    lenient: true,
    forget: name === 'remove' ? [overrideFile(color)] : [],
  })
}
