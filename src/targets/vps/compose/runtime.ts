/** Colors that docker compose runs. */
import { posix } from 'node:path'
import { runChange } from '../../../host/change.ts'
import type { GuardedChange } from '../../../host/guarded-change.ts'
import { allowedBy, refusal } from '../../../host/guarding.ts'
import { quote } from '../../../host/script.ts'
import {
  ChangeFailed,
  type Color,
  type ColorState,
  type DeployOrder,
  type Diagnosis,
  type Environment,
  type Guard,
  type Images,
  otherColor,
  type Reach,
  type Readiness,
  type Runtime,
} from '../../target.ts'
import { look, type Workplace } from '../workplace.ts'
import { composeEnvironment, dockerFunction, labelFilters, overrideFile, servicesNamed } from './commands.ts'
import { connectionsText, sumOfLines } from './connections.ts'
import {
  type Container,
  containerTemplate,
  describePresence,
  judgeReadiness,
  parseContainers,
} from './containers.ts'
import { diagnosisOf, logsText, parseLogs } from './diagnosis.ts'
import { fetchText, loginEnvironment, parseFetched } from './fetching.ts'
import type { ColorLayout, ComposeService } from './layout.ts'
import { removeText, stopText } from './retiring.ts'
import { overrideDocument, upText } from './starting.ts'
import type { DockerHost } from './survey.ts'

export function composeRuntime(place: Workplace): Runtime {
  /** Colors whose ports somebody was seen connected to. */
  const seen = new Set<Color>()
  return {
    observe: (color) => observe(place, color),
    deploy: (color, order, guard) => deploy(place, color, order, guard),
    ready: (color, services) => unlessSilent(() => ready(place, { color, services, seen })),
    reach: (color, service) => reach(place, color, service),
    stop: (color, guard) => retire(place, 'stop', color, guard),
    remove: (color, guard) => retire(place, 'remove', color, guard),
    quiet: (color) => quiet(place, color, seen),
    diagnose: (color) => diagnose(place, color),
  }
}

/** Containers may serve on while docker itself does not answer. */
async function unlessSilent(ask: () => Promise<Readiness>): Promise<Readiness> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof ChangeFailed)) throw error
    return { kind: 'silent', reason: error.message }
  }
}

/** Throws ChangeFailed with what is wrong with docker on this host. */
async function dockerHost(place: Workplace): Promise<DockerHost> {
  const survey = await place.survey()
  if (survey.kind === 'usable') return survey.host
  throw new ChangeFailed(survey.problems.map(({ what, fix }) => `${what} ${fix}`).join('\n'))
}

const containersText = ({ sudo }: DockerHost, { project }: ColorLayout): string =>
  `${dockerFunction(sudo)}ids=$(docker ps -aq --no-trunc ${labelFilters(project, null)})
[ -z "$ids" ] || docker inspect --format ${quote(containerTemplate)} $ids`

const ownContainers = (text: string, { services }: ColorLayout): readonly Container[] =>
  parseContainers(text).filter(({ service }) => services.some(({ name }) => name === service))

async function readContainers(
  place: Workplace,
  host: DockerHost,
  color: Color,
): Promise<readonly Container[]> {
  const layout = host.layout[color]
  return ownContainers(await look(place, 'the look at its containers', containersText(host, layout)), layout)
}

/** A docker that went away since it was looked at says as little as one that was never there. */
async function observe(place: Workplace, color: Color): Promise<ColorState> {
  const survey = await place.survey()
  if (survey.kind === 'unusable') return unknown(survey.problems.map(({ what }) => what).join(' '))
  const { host } = survey
  try {
    const containers = await readContainers(place, host, color)
    return describePresence(containers, firstServices(place, host.layout[color]))
  } catch (error) {
    if (error instanceof ChangeFailed) return unknown(error.message)
    throw error
  }
}

const unknown = (detail: string): ColorState => ({ presence: 'unknown', version: null, detail })

/** What starts after the switch alone says nothing about whether a color is there. */
const firstServices = ({ settings }: Workplace, layout: ColorLayout): readonly ComposeService[] => {
  const first = settings.services.filter(({ start }) => start === 'before-switch').map(({ name }) => name)
  return servicesNamed(layout, first)
}

interface ReadyQuestion {
  readonly color: Color
  readonly services: readonly string[]
  readonly seen: Set<Color>
}

const mark = '== connections'

/** On the same way it is learned whether connections to the live color can be seen at all, for the time when it is drained. */
async function ready(place: Workplace, { color, services, seen }: ReadyQuestion): Promise<Readiness> {
  const host = await dockerHost(place)
  const layout = host.layout[color]
  const live = otherColor(color)
  const text = `${containersText(host, layout)}\necho '${mark}'\n${connectionsText(portsOf(place, live))}`
  const [containers = '', connections = ''] = (await look(place, 'the look at its containers', text)).split(
    mark,
  )
  if (sumOfLines(connections) > 0) seen.add(live)
  return judgeReadiness(ownContainers(containers, layout), servicesNamed(layout, services))
}

const portsOf = ({ settings }: Workplace, color: Color): readonly number[] =>
  settings.services.flatMap(({ ports }) => ports[color] ?? [])

async function deploy(place: Workplace, color: Color, order: DeployOrder, guard: Guard): Promise<Images> {
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
    record: null,
  })
  return parseFetched(output)
}

/** A release of former times keeps the file it was deployed with: what is sent now belongs to another one. */
const envFileText = (directory: string, path: string): string => {
  const file = quote(posix.resolve(directory, path))
  return `(
  umask 077
  printf '%s\\n' "$BLUE_GREEN_ENV_FILE" >${file}.blue-green-new
  mv -f ${file}.blue-green-new ${file}
)
unset BLUE_GREEN_ENV_FILE
`
}

interface Change extends Pick<GuardedChange, 'record'> {
  readonly color: Color
  readonly guard: Guard
  readonly run: string
  readonly env: Environment
}

/** What the change wrote to $BLUE_GREEN_OUTPUT. */
async function change(
  place: Workplace,
  name: string,
  { color, guard, run, env, record }: Change,
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
    lenient: unreadableLedger === 'ignore',
    record,
    forget: [],
    unreadableLedger,
  })
  if (result.kind === 'refused-color') throw refusal(name, color, result.observed)
  return result.output
}

async function retire(
  place: Workplace,
  name: 'stop' | 'remove',
  color: Color,
  { lease }: Guard,
): Promise<void> {
  const { sudo, layout } = await dockerHost(place)
  const text = name === 'stop' ? stopText(layout[color]) : removeText(layout[color])
  const result = await runChange(place, name, {
    lease,
    commands: [{ run: dockerFunction(sudo) + text, env: {} }],
    limit: place.surroundings.deployTimeout,
    observe: place.observing,
    allowed: [otherColor(color), 'none'],
    confirm: false,
    onClientDeath: 'end',
    lenient: true,
    record: null,
    forget: name === 'remove' ? [overrideFile(color)] : [],
  })
  if (result.kind === 'refused-color') throw refusal(name, color, result.observed)
}

async function reach(place: Workplace, color: Color, name: string): Promise<readonly Reach[]> {
  const service = place.settings.services.find((each) => each.name === name)
  if (service === undefined) return []
  const port = service.ports[color]
  if (port === null) return []
  const { connection } = place
  return [
    {
      kind: 'stream',
      url: `http://127.0.0.1:${port}`,
      dial: (signal) => connection.dial({ host: '127.0.0.1', port }, signal),
    },
  ]
}

/** Without a single connection while the color had users, something else than this host leads to it, and nothing is known. */
async function quiet(place: Workplace, color: Color, seen: Set<Color>): Promise<number | 'unknown'> {
  const ports = portsOf(place, color)
  if (ports.length === 0) return 'unknown'
  const open = sumOfLines(await look(place, 'counting connections', connectionsText(ports)))
  if (open > 0) seen.add(color)
  return seen.has(color) ? open : 'unknown'
}

async function diagnose(place: Workplace, color: Color): Promise<Diagnosis> {
  const host = await dockerHost(place)
  const containers = await readContainers(place, host, color)
  const logs = parseLogs(
    await look(place, 'reading logs', dockerFunction(host.sudo) + logsText(host.layout[color])),
  )
  return diagnosisOf(containers, logs)
}
