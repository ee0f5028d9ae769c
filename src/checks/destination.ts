import { validateHeaderName, validateHeaderValue } from 'node:http'
import { isIP } from 'node:net'
import type { Reach } from '../targets/target.ts'
import { excerpt } from './wording.ts'

export interface RequestSpec {
  readonly path: string
  readonly method?: string
  /** null: that of the reach. */
  readonly scheme: 'http' | 'https' | null
  /** Host header and TLS name; null: that of the reach. */
  readonly host: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** One request, ready to be sent; `hostname` and `port` say where to connect when nobody dials for us. */
export interface Destination {
  readonly hostname: string
  readonly port: number
  readonly tls: boolean
  /** The name the certificate must carry: differs from `hostname` when the host is set. */
  readonly serverName: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export type Resolved =
  | { readonly kind: 'destination'; readonly destination: Destination }
  | { readonly kind: 'refused'; readonly reason: string }

/** Paths are relative to the reach: `https://example.com/shop` and `/health` make `/shop/health`. */
export const resolveDestination = (reach: Reach, spec: RequestSpec): Resolved => {
  const base = parseUrl(reach.url)
  if (base === null) return refused(`"${excerpt(reach.url)}" is not an http or https URL`)
  const headers = mergeHeaders(reach, spec, base)
  const problem = findProblem(spec, headers)
  if (problem !== null) return refused(problem)
  const named = parseUrl(`http://${headers.host}`)
  if (named === null) return refused(`the host "${excerpt(headers.host ?? '')}" is not a host name`)
  const target = parseUrl(`http://host${base.pathname.replace(/\/+$/, '')}${withSlash(spec.path)}`)
  if (target === null) return refused(`the path "${excerpt(spec.path)}" cannot be requested`)
  const tls = spec.scheme === null ? base.protocol === 'https:' : spec.scheme === 'https'
  return {
    kind: 'destination',
    destination: {
      hostname: withoutBrackets(base.hostname),
      port: base.port === '' ? (tls ? 443 : 80) : Number(base.port),
      tls,
      serverName: withoutBrackets(named.hostname),
      method: spec.method ?? 'GET',
      path: `${target.pathname}${target.search}`,
      headers,
    },
  }
}

/** SNI carries names only, never addresses: https://www.rfc-editor.org/rfc/rfc6066#section-3 */
export const serverNameIndication = (destination: Destination): string =>
  isIP(destination.serverName) === 0 ? destination.serverName : ''

const refused = (reason: string): Resolved => ({ kind: 'refused', reason })

const parseUrl = (text: string): URL | null => {
  const url = URL.parse(text)
  return url !== null && ['http:', 'https:'].includes(url.protocol) ? url : null
}

const mergeHeaders = (reach: Reach, spec: RequestSpec, base: URL): Record<string, string> => {
  const merged: Record<string, string> = {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'blue-green-action',
    host: spec.host ?? base.host,
  }
  const given = { ...(reach.kind === 'url' ? reach.headers : {}) }
  for (const [name, value] of [...Object.entries(given), ...Object.entries(spec.headers)]) {
    merged[name.toLowerCase()] = value
  }
  return merged
}

/** URL parsing drops newlines without a word, so they are looked for before it. */
const findProblem = (spec: RequestSpec, headers: Readonly<Record<string, string>>): string | null => {
  if (/\p{Cc}/u.test(spec.path)) return `the path "${excerpt(spec.path)}" contains control characters`
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      return `the request header "${excerpt(name)}" contains characters that a header cannot carry`
    }
  }
  return null
}

const withSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`)
const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')
