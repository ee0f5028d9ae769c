/** What the settings of a VPS demand of each other. */
import { parseProject } from './forms/compose.ts'
import { expand } from './forms/per-color.ts'
import type { Fault } from './problem.ts'
import { type Context, demand } from './rule.ts'
import { isLocal } from './ssh.ts'
import { brokenVpsServiceRules } from './vps-service-rules.ts'

export const brokenVpsRules = (context: Context): readonly Fault[] =>
  [
    requiredDirectory,
    plainStateDirectory,
    lastingHost,
    registryLogin,
    writtenEnvFile,
    projectNames,
    brokenVpsServiceRules,
  ].flatMap((rule) => rule(context))

function requiredDirectory({ values, isUnknown }: Context): readonly Fault[] {
  if (values.directory !== null || isUnknown('directory')) return []
  return [demand('directory', 'is required', 'the absolute path of the folder of the app on the host')]
}

/** It stands in the configuration of nginx, where a blank or a `$` has a meaning. */
function plainStateDirectory({ values }: Context): readonly Fault[] {
  if (/^\/[A-Za-z0-9/._-]+$/.test(expand(values['state-directory'], { app: 'app' }))) return []
  const why = 'holds what cannot stand in the configuration of nginx'
  return [demand('state-directory', why, 'a path of letters, digits, `/`, `.`, `-` and `_`')]
}

function lastingHost({ values, environment, isUnknown }: Context): readonly Fault[] {
  if (values['ssh-host'] === null || isUnknown('ssh-host') || !isLocal(values)) return []
  if (environment.RUNNER_ENVIRONMENT !== 'github-hosted') return []
  const why = 'is `local`, and a GitHub-hosted runner is thrown away after the job'
  return [demand('ssh-host', why, 'your host, or a self-hosted runner (`runs-on: self-hosted`)')]
}

/** A secret that came to nothing must not turn into a login that fails half-way. */
function registryLogin({ values, isUnknown }: Context): readonly Fault[] {
  const login = {
    registry: 'the host of the registry, such as `ghcr.io`',
    'registry-username': 'the user to log in as',
    'registry-password': 'a password or token, from a secret',
  } as const
  const names = Object.keys(login) as (keyof typeof login)[]
  const given = names.find((name) => values[name] !== null)
  if (given === undefined) return []
  return names
    .filter((name) => values[name] === null && !isUnknown(name))
    .map((name) => demand(name, `is required with \`${given}\``, login[name]))
}

function writtenEnvFile({ values, raw, isUnknown }: Context): readonly Fault[] {
  if (raw('env-file-path') === undefined || values.mode === 'status') return []
  if (values['env-file-content'] !== null || isUnknown('env-file-content')) return []
  const why = 'is required with `env-file-path`, where it is written'
  return [demand('env-file-content', why, 'the lines of the env file, from a secret')]
}

/** The name of an app may hold what the name of a project may not. */
function projectNames({ values, isUnknown }: Context): readonly Fault[] {
  const project = values['compose-project']
  if (project === null || values.app === null || isUnknown('app')) return []
  const name = expand(project.blue, { app: values.app })
  const parsed = parseProject(name)
  if (parsed.kind === 'value') return []
  const { why, nearest } = parsed
  return [{ setting: 'compose-project', raw: name, why, nearest, subject: 'value' }]
}
