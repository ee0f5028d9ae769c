/** The public side of a VPS: nginx with the sites of its apps, on a plain and a TLS port. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '../../programs.ts'
import { runNginx } from '../nginx.ts'
import { isRoot } from './root.ts'

const execute = promisify(execFile)

export interface Web {
  /** At the level of `http`. */
  readonly httpSnippet?: string
  readonly sites: readonly Site[]
}

export interface Site {
  readonly names: readonly string[]
  readonly serverSnippet?: string
  readonly locations?: string
  /** What the plain port does: the same as the TLS port, or send people there. */
  readonly plain?: 'same' | 'redirect'
}

export interface Door {
  readonly address: string
  readonly port: number
  readonly tlsPort: number
  readonly folder: string
}

export interface RunningWeb extends AsyncDisposable {
  /** Asks nginx to read its files again, as certbot does; resolves before it has. */
  reload(): Promise<void>
  /** `nginx -t`; rejects with what it says. */
  test(): Promise<void>
}

export async function startWeb(door: Door, web: Web): Promise<RunningWeb> {
  const { folder, address, port } = door
  await mkdir(folder, { recursive: true })
  const sites = join(folder, 'sites.conf')
  await writeFile(sites, [web.httpSnippet ?? '', ...web.sites.map((site) => serverOf(door, site))].join('\n'))
  const nginx = await runNginx({
    folder,
    http: `include ${sites};`,
    address: `${address}:${port}`,
    ...(isRoot && { workers: 'www-data' }),
  })
  const options = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
  const ask = async (...more: readonly string[]) =>
    void (await execute(findProgram('nginx') ?? 'nginx', [...options, ...more]))
  return {
    reload: () => ask('-s', 'reload'),
    test: () => ask('-t'),
    [Symbol.asyncDispose]: () => nginx.stop(),
  }
}

const certificateIn = (folder: string) => ({
  certificate: join(folder, 'certificate.pem'),
  key: join(folder, 'key.pem'),
})

function serverOf(door: Door, { names, serverSnippet = '', locations = '', plain = 'same' }: Site): string {
  const { address, port, tlsPort, folder } = door
  const { certificate, key } = certificateIn(folder)
  const [name, listen] = [`server_name ${names.join(' ')};`, `listen ${address}:${port};`]
  const tls = `listen ${address}:${tlsPort} ssl;
ssl_certificate ${certificate};
ssl_certificate_key ${key};`
  const rest = `${name}\n${serverSnippet}\n${locations}`
  if (plain === 'same') return `server {\n${listen}\n${tls}\n${rest}\n}`
  return `server {\n${listen}\n${name}\nreturn 301 https://$host:${tlsPort}$request_uri;\n}
server {\n${tls}\n${rest}\n}`
}

/** Signed by itself; resolves with the certificate, which is what a client must trust. */
export async function makeCertificate(folder: string, names: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const { certificate, key } = certificateIn(folder)
  const alternatives = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',')
  const subject = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${alternatives}`]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await execute('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', certificate])
  return readFile(certificate, 'utf8')
}
