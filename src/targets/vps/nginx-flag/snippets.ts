/**
 * What nginx is told of an app: two upstreams for each service, and a color that is a file. nginx looks for the file at every
 * request, so that a switch needs no reload and is seen by all workers at once.
 */

import {
  colorPath,
  colorVariable,
  type FlagSettings,
  flagFolder,
  nginxName,
  type RoutedService,
  routedServices,
} from './names.ts'
import { switchServer } from './switch-server.ts'

/** Within `http { }`: conf.d on most systems, http.d on Alpine. */
export function httpText(settings: FlagSettings): string {
  const { app } = settings
  const services = routedServices(settings)
  return [
    `# blue-green: where the colors of ${app} listen`,
    ...services.flatMap(upstreamTexts),
    `map $http_upgrade $${nginxName(app)}_connection {\n    default upgrade;\n    ''      '';\n}`,
    ...services.flatMap(({ upstream, listen }) =>
      listen === null
        ? []
        : [switchServer({ app, upstream, port: listen, flag: indent(flagLines(settings)) })],
    ),
    '',
  ].join('\n')
}

/** Connections to the old color go two seconds after their last request: from then on those that are open are in use. */
const upstreamTexts = ({ upstream, ports }: RoutedService): readonly string[] =>
  (['blue', 'green'] as const).map(
    (color) => `upstream ${upstream}_${color} {
    server 127.0.0.1:${ports[color]};
    keepalive 32;
    keepalive_timeout 2s;
}`,
  )

/** Within each `server { }` that serves the app. */
export function serverText(settings: FlagSettings): string {
  const { app } = settings
  return `# blue-green: the color of ${app} that answers
${flagLines(settings).join('\n')}
# For the setting identity-header: add_header X-Blue-Green ${colorVariable(app)} always;
`
}

/**
 * Without `ready`, or where the workers cannot look into the folder, the color is lost. What `return` answers is not covered by
 * `deny`, hence the test of the address. https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
 */
function flagLines(settings: FlagSettings): readonly string[] {
  const { app } = settings
  const name = nginxName(app)
  const folder = flagFolder(settings.stateDirectory)
  return [
    'open_file_cache off;',
    `set $${name}_color blue;`,
    `set $${name}_ready lost;`,
    `if (-f ${nginxWord(`${folder}/ready`)}) { set $${name}_ready ready; }`,
    `if (-f ${nginxWord(`${folder}/green`)}) { set $${name}_color green; }`,
    `location = ${colorPath(app)} {`,
    '    if ($realip_remote_addr !~ "^(::ffff:)?127\\.|^::1$") { return 404; }',
    '    default_type text/plain;',
    `    return 200 "$${name}_color $${name}_ready\\n";`,
    '}',
  ]
}

/** What the owner writes into the location of a service. */
export function locationLines(app: string, { upstream }: RoutedService): readonly string[] {
  return [
    `proxy_pass http://${upstream}_${colorVariable(app)};`,
    'proxy_http_version 1.1;',
    'proxy_set_header Host $host;',
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_set_header Upgrade $http_upgrade;',
    `proxy_set_header Connection $${nginxName(app)}_connection;`,
  ]
}

export const indent = (lines: readonly string[], depth = 4) =>
  lines.map((line) => ' '.repeat(depth) + line).join('\n')

/** As one word of a configuration. */
export const nginxWord = (text: string): string =>
  /^[\w./@:+,=~-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
