/** What the host's docker says of a color. */
import { quote } from '../../../host/script.ts'
import {
  ChangeFailed,
  type Color,
  type ColorState,
  type Diagnosis,
  otherColor,
  type Readiness,
} from '../../target.ts'
import { look, type Workplace } from '../workplace.ts'
import { dockerFunction, labelFilters, servicesNamed } from './commands.ts'
import {
  type Container,
  containerTemplate,
  describePresence,
  judgeReadiness,
  parseContainers,
} from './containers.ts'
import { diagnosisOf, logsText, parseLogs } from './diagnosis.ts'
import type { ColorLayout, ComposeService } from './layout.ts'
import { connectionsText, portsOf, sumOfLines } from './ports.ts'
import type { DockerHost } from './survey.ts'

/** Throws ChangeFailed with what is wrong with docker on this host. */
export async function dockerHost(place: Workplace): Promise<DockerHost> {
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
export async function observe(place: Workplace, color: Color): Promise<ColorState> {
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
async function judge(place: Workplace, { color, services, seen }: ReadyQuestion): Promise<Readiness> {
  const host = await dockerHost(place)
  const layout = host.layout[color]
  const live = otherColor(color)
  const text = `${containersText(host, layout)}\necho '${mark}'\n${connectionsText(portsOf(place.settings, live))}`
  const [containers = '', connections = ''] = (await look(place, 'the look at its containers', text)).split(
    mark,
  )
  if (sumOfLines(connections) > 0) seen.add(live)
  return judgeReadiness(ownContainers(containers, layout), servicesNamed(layout, services))
}

/** Containers may serve on while docker itself does not answer. */
export async function ready(place: Workplace, question: ReadyQuestion): Promise<Readiness> {
  try {
    return await judge(place, question)
  } catch (error) {
    if (!(error instanceof ChangeFailed)) throw error
    return { kind: 'silent', reason: error.message }
  }
}

/** Without a single connection while the color had users, something else than this host leads to it, and nothing is known. */
export async function quiet(place: Workplace, color: Color, seen: Set<Color>): Promise<number | 'unknown'> {
  const ports = portsOf(place.settings, color)
  if (ports.length === 0) return 'unknown'
  const open = sumOfLines(await look(place, 'counting connections', connectionsText(ports)))
  if (open > 0) seen.add(color)
  return seen.has(color) ? open : 'unknown'
}

export async function diagnose(place: Workplace, color: Color): Promise<Diagnosis> {
  const host = await dockerHost(place)
  const containers = await readContainers(place, host, color)
  const logs = parseLogs(
    await look(place, 'reading logs', dockerFunction(host.sudo) + logsText(host.layout[color])),
  )
  return diagnosisOf(containers, logs)
}
