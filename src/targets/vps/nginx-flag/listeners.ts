/** Where on the host nginx is asked for the color, so that the answer is that of the server block which users meet. */
import { isIP } from 'node:net'
import type { Address } from '../../../host/dialing.ts'
import { colorPath, type FlagSettings, routedServices } from './names.ts'

export interface Listener {
  /** What is asked there, for people. */
  readonly url: string
  readonly address: Address
  /** Of the request. */
  readonly host: string
  /** Name for TLS, empty where it has none; null: without TLS. */
  readonly serverName: string | null
  readonly path: string
}

const loopback = '127.0.0.1'

/** One for each server block that can be told apart; none where no setting tells of one. */
export function listenersOf(settings: FlagSettings): readonly Listener[] {
  const { app, router, services } = settings
  const path = colorPath(app)
  const listening = routedServices(settings).flatMap(({ listen }) => listen ?? [])
  const served = services.filter(({ name }) => router.listen?.[name] === undefined)
  const urls = served.flatMap(({ url }) => (url === null ? [] : [new URL(url)]))
  const proxy = router.proxyUrl === null ? null : new URL(router.proxyUrl)
  const listeners = [
    ...listening.map((port) => listenerOf(new URL(`http://${loopback}:${port}`), path)),
    ...(proxy === null ? urls.map((url) => listenerOf(url, path)) : throughProxy(proxy, urls, path)),
  ]
  return [...new Map(listeners.map((each) => [JSON.stringify(each), each])).values()]
}

/** An address says where to ask, and leaves it to the public URLs for which host; a name says both. */
function throughProxy(proxy: URL, urls: readonly URL[], path: string): readonly Listener[] {
  const there = listenerOf(proxy, path)
  const host = bare(proxy.hostname)
  if (urls.length === 0 || (isIP(host) === 0 && host !== 'localhost')) return [there]
  const address = isIP(host) === 0 ? there.address : { ...there.address, host }
  return urls.map((url) => {
    const public_ = listenerOf(url, path)
    const serverName = there.serverName === null ? null : nameOf(url)
    return { ...public_, url: `${proxy.protocol}//${url.host}${path} at ${proxy.host}`, address, serverName }
  })
}

const listenerOf = (url: URL, path: string): Listener => {
  const tls = url.protocol === 'https:'
  return {
    url: `${url.origin}${path}`,
    address: { host: loopback, port: url.port === '' ? (tls ? 443 : 80) : Number(url.port) },
    host: url.host,
    serverName: tls ? nameOf(url) : null,
    path,
  }
}

/** SNI carries names only, never addresses: https://www.rfc-editor.org/rfc/rfc6066#section-3 */
const nameOf = (url: URL): string => (isIP(bare(url.hostname)) === 0 ? url.hostname : '')

const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')
