/** A real nginx that was told of an app, and the router that switches it from here. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../../../src/clock.ts'
import { fileLedger } from '../../../../src/host/file-ledger.ts'
import type { Color, Guard, PerColor } from '../../../../src/targets/target.ts'
import { type FlagSettings, fileName } from '../../../../src/targets/vps/nginx-flag/names.ts'
import { type FlagPlace, nginxFlagRouter } from '../../../../src/targets/vps/nginx-flag/router.ts'
import { httpText, serverText } from '../../../../src/targets/vps/nginx-flag/snippets.ts'
import type { NginxFlagSettings } from '../../../../src/targets/vps/settings.ts'
import { createFlag } from '../../../bed/flag.ts'
import { runNginx } from '../../../bed/nginx.ts'
import { connect, folder, forever, leaseOf, open, owner } from '../../../host/place.ts'
import { plainService } from '../plain-settings.ts'

export interface GivenService {
  readonly name: string
  readonly ports?: PerColor<number | null>
  readonly url?: string | null
}

export interface GivenSettings extends Partial<NginxFlagSettings> {
  readonly app?: string
  readonly stateDirectory?: string
  readonly services?: readonly GivenService[]
}

export function settingsOf(given: GivenSettings = {}): FlagSettings {
  const {
    app = 'my-app',
    stateDirectory = `/var/lib/blue-green/${app}`,
    listen = null,
    proxyUrl = null,
  } = given
  const { services = [{ name: app }] } = given
  return {
    app,
    stateDirectory,
    router: { listen, proxyUrl },
    services: services.map(({ name, ports = plainService.ports, url = null }) => ({
      ...plainService,
      name,
      ports,
      url,
    })),
  }
}

export interface GivenPlace {
  readonly settings: FlagSettings
  /** Of nginx, besides what the app needs; `{include}` is where a server block includes the app. */
  readonly http: (include: string) => string
  /** A port that answers when nginx is up. */
  readonly port: number
  readonly flag?: Color | null
  readonly workers?: string
  readonly clock?: Clock
}

/** nginx knows the app, and whoever deploys holds the lease. */
export async function startPlace({
  settings,
  http,
  port,
  flag = 'blue',
  workers,
  clock = systemClock,
}: GivenPlace) {
  const at = folder()
  if (flag !== null && !existsSync(settings.stateDirectory)) await createFlag(settings.stateDirectory, flag)
  const snippet = join(at, fileName(settings.app))
  writeFileSync(snippet, serverText(settings))
  const nginx = await runNginx({
    folder: join(at, 'nginx'),
    http: `${httpText(settings)}\n${http(`include ${snippet};`)}`,
    address: `127.0.0.1:${port}`,
    ...(workers === undefined ? {} : { workers }),
  })
  onTestFinished(() => nginx.stop())
  return { at, nginx, ...(await openPlace(settings, clock)) }
}

/** The router alone. */
export async function openPlace(settings: FlagSettings, clock: Clock = systemClock) {
  const connection = connect()
  const { stateDirectory } = settings
  const place: FlagPlace = {
    connection,
    stateDirectory,
    settings,
    surroundings: {
      app: settings.app,
      leaseTtl: 60_000,
      deployTimeout: 10_000,
      signal: forever,
      clock,
      output: () => {},
      secrets: [],
    },
  }
  const ledger = fileLedger({
    connection,
    directory: stateDirectory,
    leaseTtl: 60_000,
    signal: forever,
    clock,
  })
  const guard = async (more: Partial<Guard> = {}): Promise<Guard> => ({
    lease: leaseOf(await ledger.acquire(owner('n-1'), { ...open, claim: 'own' })),
    color: 'any',
    ...more,
  })
  return { place, ledger, guard, router: nginxFlagRouter(place) }
}

/** A state directory of the test's own, in a folder that workers of any user may look into. */
export function stateFolder(): string {
  const at = join(folder(), 'open')
  mkdirSync(at)
  return join(at, 'state')
}

/** A server block that serves one app on loopback. */
export const serverBlock = (port: number, ...lines: readonly string[]): string =>
  `server {\n  listen 127.0.0.1:${port};\n  ${lines.join('\n  ')}\n}\n`

/** TLS of a server block, signed by nobody but itself. */
export function certificate(at: string, name: string): string {
  const [key, cert] = [join(at, 'key.pem'), join(at, 'cert.pem')]
  const how = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  execFileSync('openssl', ['req', ...how, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  return `ssl_certificate ${cert}; ssl_certificate_key ${key};`
}

/** All of these, in this order. */
export const inOrder = (...parts: readonly string[]): RegExp =>
  new RegExp(parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*'))

export const saying = (...parts: readonly string[]) => expect.stringMatching(inOrder(...parts))
