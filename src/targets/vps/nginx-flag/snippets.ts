/**
 * What nginx is told of an app: two upstreams for each service, and a color that is a file. nginx looks for the file at every
 * request, so that a switch needs no reload and is seen by all workers at once.
 */
import {
  colorPath,
  colorVariable,
  type FlagSettings,
  fileName,
  flagFolder,
  nginxName,
  type RoutedService,
  routedServices,
} from './names.ts'

/** Within `http { }`: conf.d on most systems, http.d on Alpine. */
export function httpText(settings: FlagSettings): string {
  const { app } = settings
  const services = routedServices(settings)
  return [
    `# blue-green: where the colors of ${app} listen`,
    ...services.flatMap(upstreamTexts),
    `map $http_upgrade $${nginxName(app)}_connection {\n    default upgrade;\n    ''      '';\n}`,
    ...services.flatMap(({ upstream, listen }) =>
      listen === null ? [] : [switchServer(settings, upstream, listen)],
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

/**
 * A server on loopback that does nothing but switch, and changes nothing of what passes: headers for nginx itself are for the
 * owner's server in front of it. https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers
 */
function switchServer(settings: FlagSettings, upstream: string, port: number): string {
  const { app } = settings
  return `server {
    listen 127.0.0.1:${port};
    access_log off;
    underscores_in_headers on;
    ignore_invalid_headers off;
    large_client_header_buffers 8 64k;
    client_max_body_size 0;
    keepalive_timeout 1h;
    keepalive_requests 1000000;
${indent(flagLines(settings))}
    location / {
        proxy_pass http://${upstream}_${colorVariable(app)};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $${nginxName(app)}_connection;
        proxy_set_header TE $http_te;
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_redirect off;
        proxy_next_upstream off;
        proxy_read_timeout 1d;
        proxy_send_timeout 1d;
${passedHeaders.map((header) => `        proxy_pass_header ${header};`).join('\n')}
        proxy_ignore_headers ${ignoredHeaders.join(' ')};
    }
}`
}

const passedHeaders = [
  'Server',
  'Date',
  'X-Accel-Redirect',
  'X-Accel-Buffering',
  'X-Accel-Limit-Rate',
  'X-Accel-Charset',
  'X-Accel-Expires',
]
const ignoredHeaders = [
  'X-Accel-Redirect',
  'X-Accel-Limit-Rate',
  'X-Accel-Buffering',
  'X-Accel-Charset',
  'X-Accel-Expires',
  'Expires',
  'Cache-Control',
  'Set-Cookie',
  'Vary',
]

/** What the owner edits once the files are there: lines of nginx with a comment to each. */
export function editText(settings: FlagSettings, root = '/etc/nginx'): string {
  const { app } = settings
  const folder = flagFolder(settings.stateDirectory)
  const services = routedServices(settings)
  const own = services.filter(({ listen }) => listen === null)
  return [
    `# If green serves your users today, first: touch ${folder}/green`,
    ...(own.length > 0
      ? [
          `# Into each server block that serves ${app}, those for https too:`,
          includeLine(app, root),
          ...own.flatMap((service) => [
            `# Into the location of ${service.name} instead of its proxy_pass, and with no path behind it:`,
            ...locationLines(app, service),
          ]),
        ]
      : []),
    ...services.flatMap(({ name, listen }) =>
      listen === null
        ? []
        : [`# Into your upstream for ${name} instead of its servers:`, `server 127.0.0.1:${listen};`],
    ),
    '# And then: sudo nginx -t && sudo nginx -s reload',
  ].join('\n')
}

export const includeLine = (app: string, root = '/etc/nginx'): string =>
  `include ${nginxWord(`${root}/snippets/${fileName(app)}`)};`

/** Server blocks to start from, where nginx has none for the app yet. */
export function startingText(settings: FlagSettings, root = '/etc/nginx'): string {
  const { app } = settings
  const services = routedServices(settings)
  const placed = services.map((service) => {
    const url = service.url === null ? null : new URL(service.url)
    return { service, host: url?.hostname ?? '_', path: url?.pathname ?? '/' }
  })
  const lines = services.some(({ listen }) => listen === null) ? [includeLine(app, root)] : []
  return [...new Set(placed.map(({ host }) => host))]
    .map((host) => {
      const here = placed.filter((each) => each.host === host)
      const locations = here.map(({ service, path }) => locationText(app, service, path))
      const head = indent(['listen 80;', `server_name ${host};`, ...lines])
      return `server {\n${[head, ...locations].join('\n')}\n}\n`
    })
    .join('\n')
}

function locationText(app: string, service: RoutedService, path: string): string {
  const [pass, ...rest] = locationLines(app, service)
  const first = service.listen === null ? pass : `proxy_pass http://127.0.0.1:${service.listen};`
  return `    location ${nginxWord(path)} {\n${indent([first ?? '', ...rest], 8)}\n    }`
}

const indent = (lines: readonly string[], depth = 4) =>
  lines.map((line) => ' '.repeat(depth) + line).join('\n')

/** As one word of a configuration. */
export const nginxWord = (text: string): string =>
  /^[\w./@:+,=~-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
