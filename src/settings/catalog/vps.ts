import { perColorForm } from '../forms/per-color.ts'
import { anything, line, text } from '../forms/text.ts'
import { url } from '../forms/url.ts'
import { planned, type Setting } from './setting.ts'

const plannedForVps = { ...planned, sections: ['vps'] } as const

export const vpsSettings = {
  directory: {
    ...plannedForVps,
    form: line,
    defaultNote: 'required',
    description: 'Folder of the app on the host, where relative paths start',
  },
  runtime: {
    ...plannedForVps,
    form: anything,
    default: 'compose',
    description:
      'What runs a color: `compose`, or a map of the commands `start`, `stop`, `remove` and `status`',
  },
  'compose-file': {
    ...plannedForVps,
    form: anything,
    default: 'docker-compose.{color}.yml',
    description: 'Compose file of each color, or a list of them',
  },
  'compose-project': {
    ...plannedForVps,
    form: perColorForm('a name'),
    defaultNote: 'what the running containers carry, else `{app}-{color}`',
    description: 'Compose project of each color',
  },
  'compose-service': {
    ...plannedForVps,
    form: perColorForm('a name'),
    description: 'Compose service of each color, where one file holds both colors',
  },
  'compose-profile': {
    ...plannedForVps,
    form: perColorForm('a name'),
    description: 'Compose profile of each color, where one file holds both colors',
  },
  'env-file-content': {
    ...plannedForVps,
    form: text,
    secret: true,
    description: 'Lines of the env file that is written to the host',
  },
  'env-file-path': {
    ...plannedForVps,
    form: perColorForm('a path'),
    default: '.env.{color}',
    description: 'Where the env file of each color is written',
  },
  files: {
    ...plannedForVps,
    form: anything,
    description: 'Files to copy, a map of path in the workspace to path on the host',
  },
  registry: { ...plannedForVps, form: line, description: 'Registry to log in to for this run alone' },
  'registry-username': { ...plannedForVps, form: line, description: 'User name for the registry' },
  'registry-password': {
    ...plannedForVps,
    form: text,
    secret: true,
    description: 'Password for the registry',
  },
  'blue-port': {
    ...plannedForVps,
    form: line,
    description: 'Port of the blue color of the only service on the host',
  },
  'green-port': {
    ...plannedForVps,
    form: line,
    description: 'Port of the green color of the only service on the host',
  },
  router: {
    ...plannedForVps,
    sections: ['vps', 'kubernetes'],
    form: anything,
    defaultNote: '`nginx-flag` for `vps`, `service` for `kubernetes`',
    description: 'What moves users between the colors',
  },
  proxy: {
    ...plannedForVps,
    form: anything,
    default: 'nginx',
    description:
      'How the proxy is validated and reloaded: `nginx`, `caddy`, `haproxy`, or a map of `validate` and `reload`',
  },
  'proxy-container': { ...plannedForVps, form: line, description: 'Container in which the proxy runs' },
  'proxy-url': {
    ...plannedForVps,
    form: url,
    defaultNote: 'each `url`, dialled on the host itself',
    description: 'URL at which the proxy proves the switch',
  },
} satisfies Record<string, Setting>
