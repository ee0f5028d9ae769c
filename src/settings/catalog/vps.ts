import { choiceForm } from '../forms/choice.ts'
import { composeFiles, composeName, composeProject, envFilePath } from '../forms/compose.ts'
import { presetForm } from '../forms/planned.ts'
import { port } from '../forms/port.ts'
import { registryHost } from '../forms/registry-host.ts'
import { router } from '../forms/router.ts'
import { absolutePath, anything, line, text } from '../forms/text.ts'
import { url } from '../forms/url.ts'
import { inAnyMode, inChangingModes, planned, type Setting } from './setting.ts'

const onVps = { ...inAnyMode, sections: ['vps'] } as const
/** Nothing is started by a mode that only looks. */
const toStart = { ...inChangingModes, sections: ['vps'] } as const
const plannedForVps = { ...planned, sections: ['vps'] } as const

export const vpsSettings = {
  directory: {
    ...onVps,
    form: absolutePath,
    defaultNote: 'required',
    description: 'Absolute path of the folder of the app on the host, where relative paths start',
  },
  runtime: {
    ...onVps,
    form: presetForm(['compose']),
    default: 'compose',
    description: 'What runs a color: `compose`; a map of your own commands is not available yet',
  },
  'compose-file': {
    ...onVps,
    form: composeFiles,
    default: 'docker-compose.{color}.yml',
    description:
      'Compose file of each color, or a list of them; without `{color}` one file holds both colors',
  },
  'compose-project': {
    ...onVps,
    form: composeProject,
    defaultNote: 'what the running containers carry, else `{app}-{color}`',
    description: 'Compose project of each color',
  },
  'compose-service': {
    ...onVps,
    form: composeName,
    defaultNote: 'found by the name of the service and the color',
    description: 'Service in the compose file, such as `{service}-{color}` where one file holds both colors',
  },
  'compose-profile': {
    ...onVps,
    form: composeName,
    description: 'Compose profile of each color, where one file holds both colors',
  },
  'env-file-content': {
    ...toStart,
    form: text,
    secret: true,
    description: 'Lines of the env file that is written to the host, from a secret; each value is masked',
  },
  'env-file-path': {
    ...toStart,
    form: envFilePath,
    default: '.env.{color}',
    description: 'Where `env-file-content` is written for each color',
  },
  files: {
    ...plannedForVps,
    form: anything,
    description: 'Files to copy, a map of path in the workspace to path on the host',
  },
  registry: {
    ...toStart,
    form: registryHost,
    description:
      'Registry to log in to for this run alone, as in the names of its images: `ghcr.io`, or `docker.io` for Docker Hub',
  },
  'registry-username': { ...toStart, form: line, description: 'User name for the registry' },
  'registry-password': {
    ...toStart,
    form: text,
    secret: true,
    description: 'Password or token for the registry',
  },
  'blue-port': {
    ...onVps,
    form: port,
    defaultNote: 'required, here or in `services`',
    description: 'Port on 127.0.0.1 of the host where blue of the only service listens',
  },
  'green-port': {
    ...onVps,
    form: port,
    defaultNote: 'required, here or in `services`',
    description: 'Port on 127.0.0.1 of the host where green of the only service listens',
  },
  router: {
    ...inAnyMode,
    sections: ['vps', 'kubernetes'],
    form: router,
    defaultNote: '`nginx-flag` for `vps`, `service` for `kubernetes`',
    description:
      'What moves users between the colors. For `vps`: `nginx-flag`, or `{ nginx-flag: { listen: 8100 } }` with the port of a switch server (a map of service to port for several). For `kubernetes`: `service`, `{ ingress: NAME, rule: HOST/PATH, service: NAME-{color} }` or `{ httproute: NAME, backend: NAME-{color} }`. Other routers are not available yet',
  },
  proxy: {
    ...onVps,
    form: presetForm(['nginx'], ['caddy', 'haproxy']),
    default: 'nginx',
    description:
      'The proxy in front of the colors: `nginx`; `caddy`, `haproxy` and a map of your own commands are not available yet',
  },
  'proxy-container': { ...plannedForVps, form: line, description: 'Container in which the proxy runs' },
  'proxy-url': {
    ...onVps,
    form: url,
    defaultNote: 'each `url`, dialed at 127.0.0.1 on the host',
    description: 'URL at which the proxy is asked, from the host itself, to prove the switch',
  },
  sudo: {
    ...onVps,
    form: choiceForm(['auto', 'never']),
    default: 'auto',
    description: 'Whether `sudo -n` may be used: `auto` uses it where it is needed, `never` does not',
  },
} satisfies Record<string, Setting>
