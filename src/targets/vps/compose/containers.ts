/** The containers of a color as docker describes them, and what they say about it. */
import { z } from 'zod'
import type { ColorState, Readiness } from '../../target.ts'

/** Labels that our override file puts on each container, so that it tells itself what it is. */
export const versionLabel = 'blue-green.version'

/**
 * One line of JSON for each container. `docker inspect` says the same in every version of docker, restarts included, which
 * `docker compose ps` leaves out.
 */
export const containerTemplate = [
  '{"id":{{json .Id}}',
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

/** `services`: compose services that make up the color. */
export function describePresence(
  containers: readonly Container[],
  services: readonly string[],
): Pick<ColorState, 'presence' | 'version' | 'detail'> {
  const own = containers.filter(({ service }) => services.includes(service))
  if (own.length === 0) return { presence: 'absent', version: null, detail: null }
  const versions = [...new Set(own.map(({ version }) => version))]
  const version = versions.length === 1 ? (versions[0] ?? null) : null
  const down = services.filter((service) => !runs(own, service))
  if (down.length === services.length) return { presence: 'stopped', version, detail: null }
  if (down.length > 0) return { presence: 'starting', version, detail: `${down.join(', ')} not running` }
  const unhealthy = own.filter(({ health }) => health !== null && health !== 'healthy')
  return { presence: 'running', version, detail: unhealthy.map(describeHealth).join('; ') || null }
}

const runs = (containers: readonly Container[], service: string) => {
  const own = containers.filter((container) => container.service === service)
  return own.some(({ status }) => status === 'running' || status === 'restarting') || own.some(isDone)
}

/** A one-shot service, such as a migration, that has done its work. */
const isDone = ({ status, exitCode, restartPolicy }: Container) =>
  status === 'exited' && exitCode === 0 && (restartPolicy === 'no' || restartPolicy === 'on-failure')

/** A container that docker has started so often in vain will not get better by waiting. */
const hopelessRestarts = 3

export function judgeReadiness(containers: readonly Container[], services: readonly string[]): Readiness {
  const own = containers.filter(({ service }) => services.includes(service))
  const fatal = own.map(fatalReason).filter((reason) => reason !== null)
  if (fatal.length > 0) return { kind: 'fatal', reason: fatal.join('; ') }
  const missing = services.filter((service) => !own.some((container) => container.service === service))
  const waiting = [
    ...missing.map((service) => `${service} has no container`),
    ...own.map(waitingReason).filter((reason) => reason !== null),
  ]
  if (waiting.length > 0) return { kind: 'waiting', reason: waiting.join('; ') }
  return { kind: 'ready', restarts: own.reduce((sum, { restarts }) => sum + restarts, 0) }
}

function fatalReason(container: Container): string | null {
  const { name, status, exitCode, error, outOfMemory, restarts } = container
  if (isDone(container)) return null
  const memory = outOfMemory ? ', out of memory' : ''
  if (status === 'exited' || status === 'dead') {
    return `${name} has ended with exit code ${exitCode}${memory}${error === '' ? '' : `: ${error}`}`
  }
  if (status === 'paused') return `${name} is paused`
  if (restarts >= hopelessRestarts) {
    return `${name} was started ${restarts + 1} times and keeps ending, last with exit code ${exitCode}${memory}`
  }
  return null
}

function waitingReason(container: Container): string | null {
  const { name, status, exitCode, health } = container
  if (isDone(container)) return null
  if (status === 'restarting') return `${name} has ended with exit code ${exitCode} and is started again`
  if (status !== 'running') return `${name} is ${status}`
  return health === null || health === 'healthy' ? null : describeHealth(container)
}

function describeHealth({ name, health, probe }: Container): string {
  const said = probe === '' ? '' : ` (its health check said: ${probe})`
  return `${name} is ${health}${said}`
}
