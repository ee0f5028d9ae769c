/** What nginx accepts in its files, and what breaks for users all the same. */
import { type Color, otherColor, type Problem } from '../../target.ts'
import { type Directive, walk } from './configuration.ts'
import { colorVariable, type FlagSettings, flagFolder, type RoutedService, routedServices } from './names.ts'
import { locationLines } from './snippets.ts'

export interface Examined {
  readonly settings: FlagSettings
  readonly tree: readonly Directive[]
  /** What is not in the tree is nowhere. */
  readonly complete: boolean
  /** What a person pastes to have the app's files written anew. */
  readonly paste: string
}

interface Place {
  readonly directive: Directive
  readonly around: readonly Directive[]
}

export function findTraps(examined: Examined): readonly Problem[] {
  const { settings, tree } = examined
  const places = [...walk(tree)]
  const services = routedServices(settings)
  return [
    ...services.flatMap((service) => upstreamProblems(service, places, examined)),
    ...flagProblems(settings, places),
    ...passProblems(settings, places),
    ...(examined.complete ? services.flatMap((service) => unusedProblems(service, places, settings)) : []),
  ]
}

/** Ports are checked on the idle color and used by nginx: users would get what nobody has checked. */
function upstreamProblems(
  service: RoutedService,
  places: readonly Place[],
  { complete, paste }: Examined,
): readonly Problem[] {
  return (['blue', 'green'] as const).flatMap((color): readonly Problem[] => {
    const name = `${service.upstream}_${color}`
    const found = places.find(
      ({ directive }) => directive.name === 'upstream' && directive.arguments[0] === name,
    )
    if (found === undefined) {
      if (!complete) return []
      return [
        {
          setting: 'router',
          what: `nginx has no upstream ${name}, for ${color} of ${service.name}.`,
          fix: paste,
        },
      ]
    }
    const leads = serversOf(found.directive)
    const port = service.ports[color]
    if (leads.length > 0 && leads.every((address) => address.endsWith(`:${port}`))) return []
    return [
      {
        setting: `${color}-port`,
        what: `nginx leads ${color} of ${service.name} to ${leads.join(', ') || 'nothing'} (${found.directive.at}), and ${color}-port is ${port}${swapped(service, color, leads)}.`,
        fix: `Correct ${color}-port, or have nginx told of it anew:\n${paste}`,
      },
    ]
  })
}

const serversOf = ({ block }: Directive): readonly string[] =>
  (block ?? []).flatMap(({ name, arguments: [address] }) =>
    name === 'server' && address !== undefined ? [address] : [],
  )

const swapped = ({ ports }: RoutedService, color: Color, leads: readonly string[]) =>
  leads.some((address) => address.endsWith(`:${ports[otherColor(color)]}`))
    ? `: that is the port of ${otherColor(color)}`
    : ''

/** Of the server blocks that set the color. */
function flagProblems({ app, stateDirectory }: FlagSettings, places: readonly Place[]): readonly Problem[] {
  const variable = colorVariable(app)
  const flag = `${flagFolder(stateDirectory)}/green`
  const setting = places.filter(
    ({ directive, around }) =>
      directive.name === 'set' && directive.arguments[0] === variable && around.at(-1)?.name === 'server',
  )
  const servers = new Map(setting.map(({ around }) => [around.at(-1), around]))
  return [...servers].flatMap(([server, around]): readonly Problem[] => {
    if (server === undefined) return []
    const cache = nearest('open_file_cache', around).at(-1)
    const looks = flagsOf(server)
    return [
      ...(cache !== undefined && cache.arguments[0] !== 'off'
        ? [
            {
              setting: 'router',
              what: `nginx remembers files (${cache.at}) in the server block at ${server.at}, so that it sees a switch late, and each worker at another time.`,
              fix: `Write into that server block: open_file_cache off;`,
            },
          ]
        : []),
      ...(looks.includes(flag)
        ? []
        : [
            {
              setting: 'state-directory',
              what: `The server block at ${server.at} does not look for ${flag}${looks.length > 0 ? `, but for ${looks.join(', ')}` : ''}.`,
              fix: `Write into that server block: if (-f ${flag}) { set ${variable} green; }`,
            },
          ]),
    ]
  })
}

/** Files whose presence a server block tests. */
const flagsOf = ({ block }: Directive): readonly string[] =>
  (block ?? []).flatMap(({ name, arguments: words }) => {
    const said = words.join(' ')
    return name === 'if' && /^\( ?-f /.test(said) ? [said.replace(/^\( ?-f /, '').replace(/ ?\)$/, '')] : []
  })

/** The directives of that name that hold within the innermost of these blocks: those of the nearest that has any. */
const nearest = (name: string, around: readonly Directive[]): readonly Directive[] =>
  around
    .map(({ block }) => (block ?? []).filter((directive) => directive.name === name))
    .findLast((found) => found.length > 0) ?? []

function passProblems({ app }: FlagSettings, places: readonly Place[]): readonly Problem[] {
  const variable = colorVariable(app)
  const upstreams = new Set(
    places.flatMap(
      ({
        directive: {
          name,
          arguments: [first],
        },
      }) => (name === 'upstream' && first !== undefined ? [first] : []),
    ),
  )
  return places.flatMap(({ directive, around }): readonly Problem[] => {
    const target = directive.arguments[0]?.replaceAll(`\${${variable.slice(1)}}`, variable) ?? ''
    if (directive.name !== 'proxy_pass' || !target.includes(variable)) return []
    const [, authority = '', path = ''] = /^\w+:\/\/([^/?]*)(.*)$/.exec(target) ?? []
    const named = (['blue', 'green'] as const).map((color) => authority.replaceAll(variable, color))
    const missing = named.filter((name) => !name.includes('$') && !name.includes(':') && !upstreams.has(name))
    return [
      ...(path !== '' && !path.includes('$')
        ? [
            {
              setting: 'router',
              what: `proxy_pass at ${directive.at} has a path behind the color, "${path}": nginx then sends that instead of what was asked for, and drops the query.`,
              fix: withoutPath(target.slice(0, -path.length), path, around.at(-1)),
            },
          ]
        : []),
      ...(missing.length > 0
        ? [
            {
              setting: 'router',
              what: `proxy_pass at ${directive.at} leads to ${missing.join(' and ')}, which no upstream is called: users would get 502.`,
              fix: 'Write the name of the upstream as it is in the file of the app.',
            },
          ]
        : []),
      ...(setsHost(around)
        ? []
        : [
            {
              setting: 'router',
              what: `No Host is set for proxy_pass at ${directive.at}: the app would take "${named[0]}" for its own name, and redirect users there.`,
              fix: 'Write beside it: proxy_set_header Host $host;',
            },
          ]),
    ]
  })
}

const setsHost = (around: readonly Directive[]): boolean =>
  nearest('proxy_set_header', around).some(({ arguments: [header] }) => header?.toLowerCase() === 'host')

function withoutPath(target: string, path: string, location: Directive | undefined): string {
  const prefix = location?.arguments.length === 1 ? (location.arguments[0] ?? '') : ''
  const rewrite = prefix === path || prefix === '' ? [] : [`rewrite ^${prefix}(.*)$ ${path}$1 break;`]
  return ['Write instead:', ...rewrite, `proxy_pass ${target};`].join('\n')
}

/** A flag that is moved while everybody is led past it. */
function unusedProblems(
  service: RoutedService,
  places: readonly Place[],
  { app }: FlagSettings,
): readonly Problem[] {
  const { name, upstream, listen, url } = service
  if (url === null || places.some(({ directive }) => leadsTo(service, directive))) return []
  if (listen !== null) {
    return [
      {
        setting: 'router',
        what: `Nothing in nginx leads to the switch server of ${name} on port ${listen}: a switch would move nobody.`,
        fix: `Write into your upstream for ${name}, instead of its servers: server 127.0.0.1:${listen};`,
      },
    ]
  }
  return [
    {
      setting: 'router',
      what: `Nothing in nginx leads to ${upstream}: a switch would move nobody.`,
      fix: `Write into the location of ${name}, instead of its proxy_pass:\n${locationLines(app, service).join('\n')}`,
    },
  ]
}

/** In whatever directive the owner has put it, such as a variable of their own. */
function leadsTo({ upstream, listen }: RoutedService, { name, arguments: words }: Directive): boolean {
  if (name === 'upstream' || name === 'listen') return false
  const mark =
    listen === null ? new RegExp(`\\b${upstream}_(?:\\$|blue\\b|green\\b)`) : new RegExp(`:${listen}(?:/|$)`)
  return words.some((word) => mark.test(word))
}
