/** One look at the host's docker and at the user's compose files: what every other script is built on. */
import { posix } from 'node:path'
import { quote } from '../../../host/script.ts'
import type { Color, PerColor, Problem } from '../../target.ts'
import type { VpsSettings } from '../settings.ts'
import { type ColorLayout, layOut, type Made, parseComposeFile, sharedServices } from './layout.ts'

export interface DockerHost {
  /** docker answers to root alone. */
  readonly sudo: boolean
  readonly layout: PerColor<ColorLayout>
}

export type Survey =
  | { readonly kind: 'usable'; readonly host: DockerHost }
  | { readonly kind: 'unusable'; readonly problems: readonly Problem[] }

const colors = ['blue', 'green'] as const

/** Variables and env files of the compose files are left alone: what they need may not be there yet. */
export function surveyText({ directory, compose, sudo }: VpsSettings): string {
  const config = (color: Color) =>
    `part ${color} compose ${compose.files[color].map((file) => `-f ${quote(file)}`).join(' ')} --profile '*' config --no-interpolate --format json`
  return `sudo=no
${sudo === 'never' ? '' : `docker version >/dev/null 2>&1 || ! sudo -n docker version >/dev/null 2>&1 || sudo=yes`}
docker() { if [ $sudo = yes ]; then sudo -n docker "$@"; else command docker "$@"; fi; }
compose() { docker compose "$@"; }
part() {
  name=$1
  shift
  code=0
  said=$("$@" 2>&1) || code=$?
  printf '\\n== %s %s\\n%s\\n' "$name" "$code" "$said"
}
part sudo echo $sudo
part docker docker version --format '{{.Server.Version}}'
part compose compose version --short
part compose-v1 docker-compose version --short
part made docker ps -a --filter label=com.docker.compose.project --format '{{.Label "com.docker.compose.project"}} {{.Label "com.docker.compose.service"}} {{.Label "com.docker.compose.project.config_files"}}'
part directory cd ${quote(directory)}
cd ${quote(directory)} 2>/dev/null || exit 0
${colors.map(config).join('\n')}`
}

interface Part {
  readonly code: number
  readonly said: string
}

function partsOf(text: string): ReadonlyMap<string, Part> {
  return new Map(
    text
      .split(/^== /m)
      .slice(1)
      .map((part): [string, Part] => {
        const [, name = '', code = '', said = ''] = /^(\S+) (\d+)\n([\s\S]*)$/.exec(part) ?? []
        return [name, { code: Number(code), said: said.trim() }]
      }),
  )
}

const nothing: Part = { code: 127, said: '' }

/** `host`: its name, for people. */
export function judgeSurvey(text: string, settings: VpsSettings, host: string): Survey {
  const parts = partsOf(text)
  const part = (name: string) => parts.get(name) ?? nothing
  const missing = missingTools(part, settings, host)
  if (missing.length > 0) return { kind: 'unusable', problems: missing }
  const made = madeContainers(part('made').said)
  const answers = colors.map((color) => readColor({ color, part: part(color), settings, made }))
  const problems = answers.flatMap((answer) => (answer.kind === 'refused' ? [answer.problem] : []))
  const [blue, green] = answers
  if (blue?.kind !== 'layout' || green?.kind !== 'layout') return { kind: 'unusable', problems }
  const layout = { blue: blue.layout, green: green.layout }
  const shared = sharedServices(layout)
  if (shared.length > 0) {
    return { kind: 'unusable', problems: [sharedProblem(shared, layout.blue.project)] }
  }
  return { kind: 'usable', host: { sudo: part('sudo').said === 'yes', layout } }
}

function missingTools(
  part: (name: string) => Part,
  { directory }: VpsSettings,
  host: string,
): readonly Problem[] {
  const problems: Problem[] = []
  const docker = part('docker')
  if (docker.code !== 0) problems.push(dockerProblem(docker, host))
  else if (part('compose').code !== 0) problems.push(composeProblem(part('compose-v1'), host))
  else if (/^v?[01]\./.test(part('compose').said)) problems.push(composeProblem(part('compose'), host))
  if (part('directory').code !== 0) {
    problems.push({
      setting: 'directory',
      what: `${directory} on ${host} cannot be used: ${part('directory').said}.`,
      fix: `sudo install -d -o "$(id -un)" ${quote(directory)}, and put the compose files there.`,
    })
  }
  return problems
}

function dockerProblem({ said, code }: Part, host: string): Problem {
  if (code === 127 || /not found/.test(said)) {
    return {
      setting: 'ssh-host',
      what: `${host} has no docker.`,
      fix: 'Install Docker Engine: https://docs.docker.com/engine/install/',
    }
  }
  if (/permission denied/i.test(said)) {
    return {
      setting: 'sudo',
      what: `The user on ${host} may not use docker.`,
      fix: 'sudo usermod -aG docker "$(id -un)", or in /etc/sudoers.d/blue-green: THE_USER ALL=(root) NOPASSWD:SETENV: /usr/bin/docker',
    }
  }
  return {
    setting: 'ssh-host',
    what: `docker on ${host} does not answer: ${said.split('\n').at(-1) ?? ''}`,
    fix: 'sudo systemctl start docker; sudo journalctl -u docker -n 50',
  }
}

/** Version 1 takes containers of version 2 for changed ones and makes them anew, live or not. */
const composeProblem = (found: Part, host: string): Problem => ({
  setting: 'runtime',
  what:
    found.code === 0
      ? `${host} has compose ${found.said.split('\n')[0]} alone; version 2 or newer is needed.`
      : `${host} has docker without compose.`,
  fix: 'sudo apt-get install docker-compose-plugin (from https://docs.docker.com/compose/install/linux/)',
})

function madeContainers(text: string): readonly Made[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [project = '', service = '', ...files] = line.split(' ')
      return { project, service, files: files.join(' ') }
    })
}

type ColorAnswer =
  | { readonly kind: 'layout'; readonly layout: ColorLayout }
  | { readonly kind: 'refused'; readonly problem: Problem }

interface ColorQuestion {
  readonly color: Color
  readonly part: Part
  readonly settings: VpsSettings
  readonly made: readonly Made[]
}

function readColor({ color, part, settings, made }: ColorQuestion): ColorAnswer {
  const { app, compose, services, directory } = settings
  const [file = ''] = compose.files[color]
  const path = posix.resolve(directory, file)
  if (part.code !== 0) {
    return {
      kind: 'refused',
      problem: {
        setting: 'compose-file',
        what: `Compose cannot read ${path}: ${part.said.split('\n').at(-1) ?? ''}`,
        fix: `On the host: cd ${quote(directory)} && docker compose -f ${quote(file)} config`,
      },
    }
  }
  const answer = layOut({ app, color, services, compose, file: parseComposeFile(part.said), made, path })
  if (answer.kind === 'layout') return answer
  return { kind: 'refused', problem: { setting: answer.setting, what: `${answer.why}.`, fix: answer.fix } }
}

const sharedProblem = (shared: readonly string[], project: string): Problem => ({
  setting: 'compose-file',
  what: `Both colors would be ${shared.join(', ')} of the compose project ${project}: to deploy one would take the other down.`,
  fix: 'Give each color its own: `compose-service: app-{color}`, `compose-project: NAME-{color}`, or `compose-file: docker-compose.{color}.yml`.',
})
