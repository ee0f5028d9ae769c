/** The containers of a color as docker describes them, and what they say about it. */
import { z } from 'zod'
import type { ColorState, Readiness } from '../../target.ts'

/** Labels that our override file puts on each container, so that it tells itself what it is. */
export const versionLabel = 'blue-green.version'

/**
 * One line of JSON for each container. `docker inspect` says the same in every version of docker, restarts included, which
 * `docker compose ps` leaves out. `.ID` and not `.Id`, as it says itself: by a name that docker's own type does not have, the
 * template is applied to plain JSON, where what a container lacks, such as a health check, is an error.
 */
export const containerTemplate = [
  '{"id":{{json .ID}}',
  '"name":{{json .Name}}',
  '"service":{{json (index .Config.Labels "com.docker.compose.service")}}',
  `"version":{{json (index .Config.Labels "${versionLabel}")}}`,
  '"status":{{json .State.Status}}',
  '"exitCode":{{json .State.ExitCode}}',
  '"error":{{json .State.Error}}',
  '"outOfMemory":{{json .State.OOMKilled}}',
  '"restarts":{{json .RestartCount}}',
  '"restartPolicy":{{json .HostConfig.RestartPolicy.Name}}',
  '"health":{{with .State.Health}}{{json .Status}}{{else}}null{{end}}',
  '"probe":{{$probe := ""}}{{with .State.Health}}{{range .Log}}{{$probe = .Output}}{{end}}{{end}}{{json (printf "%.300s" $probe)}}}',
].join(',')

const containerShape = z
  .object({
    id: z.string(),
    name: z.string().transform((name) => name.replace(/^\//, '')),
    service: z.string(),
    version: z.string().transform((text) => text || null),
    status: z.string(),
    exitCode: z.number(),
    error: z.string(),
    outOfMemory: z.boolean(),
    restarts: z.number(),
    restartPolicy: z.string(),
    health: z.string().nullable(),
    probe: z.string().transform((text) => text.trim()),
  })
  .readonly()

export type Container = z.infer<typeof containerShape>

export const parseContainers = (text: string): readonly Container[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => containerShape.parse(JSON.parse(line)))

/** A compose service as far as its containers are judged by it. */
export interface Expected {
  readonly name: string
  /** It answers requests: having ended well is no good end for it. */
  readonly served: boolean
}

/** `services`: those that make up the color. */
export function describePresence(
  containers: readonly Container[],
  services: readonly Expected[],
): Pick<ColorState, 'presence' | 'version' | 'detail'> {
  const own = containersOf(containers, services)
  if (own.length === 0) return { presence: 'absent', version: null, detail: null }
  const versions = [...new Set(own.map(({ version }) => version))]
  const version = versions.length === 1 ? (versions[0] ?? null) : null
  if (!own.some(isUp)) return { presence: 'stopped', version, detail: null }
  const down = services.filter((service) => !isServedBy(own, service)).map(({ name }) => name)
  if (down.length > 0) return { presence: 'starting', version, detail: `${down.join(', ')} not running` }
  const unhealthy = own.filter(({ health }) => health !== null && health !== 'healthy')
  return { presence: 'running', version, detail: unhealthy.map(describeHealth).join('; ') || null }
}

const containersOf = (containers: readonly Container[], services: readonly Expected[]) =>
  containers.filter(({ service }) => services.some(({ name }) => name === service))

const isUp = ({ status }: Container) => status === 'running' || status === 'restarting'

const isServedBy = (containers: readonly Container[], expected: Expected) =>
  containers.some(
    (container) => container.service === expected.name && (isUp(container) || isDone(container, expected)),
  )

/** A one-shot service, such as a migration, that has done its work. */
const isDone = ({ status, exitCode, restartPolicy }: Container, expected: Expected | undefined) =>
  expected?.served === false &&
  status === 'exited' &&
  exitCode === 0 &&
  ['', 'no', 'on-failure'].includes(restartPolicy)

/** A container that docker has started so often in vain will not get better by waiting. */
const hopelessRestarts = 3

export function judgeReadiness(containers: readonly Container[], services: readonly Expected[]): Readiness {
  const own = containersOf(containers, services)
  const expected = (container: Container) => services.find(({ name }) => name === container.service)
  const left = own.filter((container) => !own.some(isUp) || !isDone(container, expected(container)))
  const fatal = left.flatMap((container) => fatalReason(container) ?? [])
  if (fatal.length > 0) return { kind: 'fatal', reason: fatal.join('; ') }
  const missing = services.filter(({ name }) => !own.some(({ service }) => service === name))
  const waiting = [
    ...missing.map(({ name }) => `${name} has no container`),
    ...left.flatMap((container) => waitingReason(container) ?? []),
  ]
  if (waiting.length > 0) return { kind: 'waiting', reason: waiting.join('; ') }
  return { kind: 'ready', restarts: own.reduce((sum, { restarts }) => sum + restarts, 0) }
}

function fatalReason(container: Container): string | null {
  const { name, status, exitCode, error, outOfMemory, restarts } = container
  const memory = outOfMemory ? ', out of memory' : ''
  if (status === 'exited' || status === 'dead') {
    return `${name} has ended with exit code ${exitCode}${memory}${error === '' ? '' : `: ${error}`}`
  }
  if (status === 'paused') return `${name} is paused`
  if (restarts >= hopelessRestarts) {
    // While it runs once more, docker has forgotten how it ended.
    const last = status === 'running' ? '' : `, last with exit code ${exitCode}`
    return `${name} was started ${restarts + 1} times and keeps ending${last}${memory}`
  }
  return null
}

function waitingReason(container: Container): string | null {
  const { name, status, exitCode, health } = container
  if (status === 'restarting') return `${name} has ended with exit code ${exitCode} and is started again`
  if (status !== 'running') return `${name} is ${status}`
  return health === null || health === 'healthy' ? null : describeHealth(container)
}

function describeHealth({ name, health, probe }: Container): string {
  const said = probe === '' ? '' : ` (its health check said: ${probe})`
  return `${name} is ${health}${said}`
}
