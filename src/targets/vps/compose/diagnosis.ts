/** What became of a color, from its containers and the last words of each. */
import type { Diagnosis } from '../../target.ts'
import { containerIds } from './commands.ts'
import type { Container } from './containers.ts'
import type { ColorLayout } from './layout.ts'

const lines = 50
const bytes = 8 * 1024

/** For each container a line with its id and its log as base64. */
export const logsText = ({ project, services }: ColorLayout): string =>
  `for id in $(${services.map(({ name }) => containerIds(project, name)).join('; ')}); do
  printf '%s %s\\n' "$id" "$(docker logs --tail ${lines} "$id" 2>&1 | tail -c ${bytes} | base64 | tr -d '\\n')"
done`

export function parseLogs(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): [string, string] => {
        const [id = '', log = ''] = line.split(' ')
        return [id, wholeCharacters(Buffer.from(log, 'base64'))]
      }),
  )
}

/** The log was cut at a byte, which may lie inside a character. */
const wholeCharacters = (log: Buffer) =>
  log
    .subarray(
      Math.max(
        0,
        log.findIndex((byte) => (byte & 0xc0) !== 0x80),
      ),
    )
    .toString('utf8')

export function diagnosisOf(containers: readonly Container[], logs: ReadonlyMap<string, string>): Diagnosis {
  const causes = containers.map((container) => causeOf(container, logs.get(container.id) ?? ''))
  return {
    cause: [...new Set(causes.filter((cause) => cause !== null))].join(' ').slice(0, 1000) || null,
    sections: containers.flatMap((container) => [
      { title: container.name, text: stateOf(container) },
      { title: `log of ${container.name}`, text: (logs.get(container.id) ?? '').trimEnd() },
    ]),
  }
}

function stateOf({ status, exitCode, restarts, health, probe, error, outOfMemory }: Container): string {
  return [
    `${status}, exit code ${exitCode}, restarted ${restarts} times${outOfMemory ? ', out of memory' : ''}`,
    ...(health === null ? [] : [`health: ${health}${probe === '' ? '' : `, last said: ${probe}`}`]),
    ...(error === '' ? [] : [`error: ${error}`]),
  ].join('\n')
}

/** Common causes, by what a container says of itself. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/exec format error/i, 'the image is built for another processor than that of the host'],
  [/EADDRINUSE|address already in use/i, 'a port inside the container is taken'],
  [
    /ECONNREFUSED|connection refused|could not connect to server/i,
    'something it needs, such as a database, does not answer',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|no such host|could not translate host name/i,
    'it names a host that it cannot find: is it in the network of its database?',
  ],
  [/ETIMEDOUT|timed? ?out/i, 'something it needs answers too late'],
  [/permission denied|EACCES/i, 'it may not use a file or a port'],
  [/no such file or directory|ENOENT|module not found|cannot find module/i, 'the image lacks a file'],
  [
    /environment variable|is not set|missing required|undefined variable/i,
    'an environment variable is missing',
  ],
]

function causeOf({ name, outOfMemory, exitCode, status, restarts }: Container, log: string): string | null {
  if (outOfMemory) return `${name} ran out of memory: give it more, or the host.`
  if (status === 'running' && restarts === 0) return null
  if (exitCode === 137) return `${name} was killed, by hand or for want of memory on the host.`
  const hint = hints.find(([pattern]) => pattern.test(log))
  return hint ? `${name}: ${hint[1]}.` : null
}
