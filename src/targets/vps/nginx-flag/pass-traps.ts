/** What is wrong where requests are passed on to a color. */
import type { Problem } from '../../target.ts'
import { type Directive, inherited, type Place } from './configuration.ts'
import { colorVariable, type FlagSettings } from './names.ts'

interface Pass {
  /** For people. */
  readonly at: string
  readonly around: readonly Directive[]
  /** As nginx names the upstream, with the color as a variable. */
  readonly authority: string
  readonly path: string
}

export function passTraps({ app }: FlagSettings, places: readonly Place[]): readonly Problem[] {
  const variable = colorVariable(app)
  return places.flatMap(({ directive, around }) => {
    const target = directive.arguments[0]?.replaceAll(`\${${variable.slice(1)}}`, variable) ?? ''
    if (directive.name !== 'proxy_pass' || !target.includes(variable)) return []
    const [, authority = '', path = ''] = /^\w+:\/\/([^/?]*)(.*)$/.exec(target) ?? []
    const pass: Pass = { at: directive.at, around, authority, path }
    return [...pathTraps(pass), ...hostTraps(pass, variable)]
  })
}

/** A path without variables is sent as it stands. https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass */
function pathTraps({ at, around, authority, path }: Pass): readonly Problem[] {
  if (path === '' || path.includes('$')) return []
  const location = around.at(-1)
  const prefix = location?.arguments.length === 1 ? (location.arguments[0] ?? '') : ''
  const rewrite = prefix === path || prefix === '' ? [] : [`rewrite ^${prefix}(.*)$ ${path}$1 break;`]
  return [
    {
      setting: 'router',
      what: `proxy_pass at ${at} has a path behind the color, "${path}": nginx then sends that instead of what was asked for, and drops the query.`,
      fix: ['Write instead:', ...rewrite, `proxy_pass http://${authority};`].join('\n'),
    },
  ]
}

function hostTraps({ at, around, authority }: Pass, variable: string): readonly Problem[] {
  const headers = inherited('proxy_set_header', around)
  if (headers.some(({ arguments: [header] }) => header?.toLowerCase() === 'host')) return []
  return [
    {
      setting: 'router',
      what: `No Host is set for proxy_pass at ${at}: the app would take "${authority.replaceAll(variable, 'blue')}" for its own name, and redirect users there.`,
      fix: 'Write beside it: proxy_set_header Host $host;',
    },
  ]
}
