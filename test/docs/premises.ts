/** Where the texts for a VPS are tried: word for word, but for hosts, ports, images and TLS. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '../bed/folder.ts'
import { type Registry, startRegistry } from '../bed/vps/registry.ts'
import { type Finished, startJob } from '../runner/runner.ts'
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

export interface Job {
  readonly version: string
  /** As they stand in the workflow. */
  readonly inputs: Readonly<Record<string, unknown>>
  /** What an expression comes to, without its braces. */
  readonly expressions?: Readonly<Record<string, string>>
  /** In the repository. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Ended {
  readonly main: Finished
  readonly post: Finished
  readonly log: string
}

/** Of no matter to what a reader copies. */
const quick = { bake: '2s', 'health-interval': '50ms', 'sample-rate': '60/s', drain: '5s' }

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
  const runJob = async ({ version, inputs, expressions = {}, files = {} }: Job) => {
    const job = startJob({ root: path, env: { GITHUB_SHA: version } })
    const values = { 'github.sha': version, 'secrets.SSH_KEY': ssh.key, ...expressions }
    try {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(job.workspace, name)), { recursive: true })
        writeFileSync(join(job.workspace, name), here(text))
      }
      const given = Object.entries(inputs).map(([name, text]) => [name, evaluated(here(`${text}`), values)])
      const trusted = { 'ssh-known-hosts': ssh.knownHosts }
      const main = await job.run({ action, inputs: { ...Object.fromEntries(given), ...trusted, ...quick } })
      const [post] = await job.end()
      if (!main || !post) throw new Error('A step was skipped.')
      return { main, post, log: `${main.log}\n${post.log}` }
    } finally {
      await job.remove()
    }
  }
  const owned = stack.move()
  return { server, registry, urls, here, runJob, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const evaluated = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, name) => values[name] ?? '')

/** What a person copies out of a page, a log or a summary. */
export const pasteIn = (text: string): string =>
  /^sudo sh -eu <<'BLUE_GREEN'\n[\s\S]*?^BLUE_GREEN$/m.exec(text)?.[0] ?? ''

/** Its owner is root already. */
export const asOwner = (commands: string): string => `sudo() { "$@"; }\n${commands}`
