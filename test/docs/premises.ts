/** Where the texts for a VPS are tried: word for word, but for hosts, ports, images and TLS. */
import { join } from 'node:path'
import { temporaryFolder } from '../bed/folder.ts'
import { type Registry, startRegistry } from '../bed/vps/registry.ts'
import { type Ended, type Job, runJob, type Workshop } from './job.ts'
import { openServer, type Server } from './server.ts'

const root = join(import.meta.dirname, '../..')
const action = { main: join(root, 'src/main.ts'), post: join(root, 'src/post.ts') }

export interface Premises extends AsyncDisposable {
  readonly server: Server
  readonly registry: Registry
  /** Where the site of this name answers users. */
  readonly urls: Readonly<Record<'shop' | 'api', string>>
  /** A text as it reads here. */
  here(text: string): string
  runJob(job: Job): Promise<Ended>
}

export async function openPremises(): Promise<Premises> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryFolder())
  const registry = stack.use(await startRegistry({ folder: join(path, 'registry') }))
  const server = stack.use(await openServer())
  const { ssh, ports } = server
  const doors = { shop: `127.0.0.1:${ports.public?.blue}`, api: `127.0.0.1:${ports.public?.green}` }
  const urls = { shop: `http://${doors.shop}`, api: `http://${doors.api}` }
  const here = (text: string) =>
    text
      .replaceAll('deploy@shop.example.com', `${ssh.user}@${ssh.host}:${ssh.port}`)
      .replaceAll('-o deploy ', `-o ${ssh.user} `)
      .replaceAll('https://shop.example.com', urls.shop)
      .replaceAll('https://api.example.com', urls.api)
      .replaceAll(/listen (?:80|443 ssl);(\s+server_name shop\.example\.com;)/g, `listen ${doors.shop};$1`)
      .replaceAll(/listen 443 ssl;(\s+server_name api\.)/g, `listen ${doors.api};$1`)
      .replaceAll('listen 80;', `listen 127.0.0.1:${ports.redirect?.blue};`)
      .replaceAll(/^ *ssl_certificate.*\n/gm, '')
      .replaceAll(/\b30([12])([01])\b/g, (_, color, service) => {
        const both = ports[service === '0' ? 'first' : 'second']
        return `${color === '1' ? both?.blue : both?.green}`
      })
      .replaceAll('ghcr.io/acme', registry.host)
  const workshop: Workshop = {
    root: path,
    action,
    here,
    expressions: { 'secrets.SSH_KEY': ssh.key },
    inputs: { 'ssh-known-hosts': ssh.knownHosts },
  }
  const owned = stack.move()
  return {
    server,
    registry,
    urls,
    here,
    runJob: (job) => runJob(workshop, job),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What a person copies out of a page, a log or a summary. */
export const pasteIn = (text: string): string =>
  /^sudo sh -eu <<'BLUE_GREEN'\n[\s\S]*?^BLUE_GREEN$/m.exec(text)?.[0] ?? ''

/** Its owner is root already. */
export const asOwner = (commands: string): string => `sudo() { "$@"; }\n${commands}`
