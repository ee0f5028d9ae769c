/** A real registry on loopback, which Docker takes without TLS. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { findProgram } from '../../programs.ts'
import { connects, end } from '../child.ts'
import {
  appLayer,
  digestOf,
  type Environment,
  imageConfig,
  imageManifest,
  manifestType,
} from './app-image.ts'
import { claimSlot } from './slot.ts'

export interface Login {
  readonly username: string
  readonly password: string
}

export interface RegistryOptions {
  /** Is removed in the end. */
  readonly folder: string
  /** Without: whoever comes. */
  readonly login?: Login
}

export interface Registry extends AsyncDisposable {
  /** As it stands in the names of images: `127.0.0.1:PORT`. */
  readonly host: string
  /** An image of the app that calls itself by this version, under the tag of that name. */
  push(version: string, options?: PushOptions): Promise<Image>
  /** The tag names this image from now on. */
  moveTag(tag: string, to: Image): Promise<void>
  /** Neither its tags nor its digest lead to it any more. */
  removeImage(image: Image): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
}

export interface PushOptions {
  /** Of the repository: `shop` when not given. */
  readonly name?: string
  readonly tag?: string
  /** What app/main.go reads. */
  readonly environment?: Environment
  /** What it does instead of serving: its first argument. */
  readonly command?: readonly string[]
}

export interface Image {
  readonly name: string
  readonly digest: string
  /** `HOST/NAME:TAG` */
  readonly reference: string
  /** `HOST/NAME@DIGEST` */
  readonly pinned: string
}

export async function startRegistry({ folder, login }: RegistryOptions): Promise<Registry> {
  await using stack = new AsyncDisposableStack()
  const slot = stack.use(await claimSlot())
  const host = `127.0.0.1:${await slot.port()}`
  await mkdir(folder, { recursive: true })
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  if (login) await writeFile(join(folder, 'htpasswd'), passwordLine(login))
  await writeFile(join(folder, 'config.yml'), configuration({ folder, host, closed: login !== undefined }))
  let server = await startServer(folder, host)
  stack.defer(() => end(server))
  const ask = asking(host, login)

  const layer = appLayer()
  const putBlob = async (name: string, blob: Buffer) => {
    const digest = digestOf(blob)
    if ((await ask('HEAD', `/v2/${name}/blobs/${digest}`, { refusals: [404] })).ok) return
    const { headers } = await ask('POST', `/v2/${name}/blobs/uploads/`)
    const upload = new URL(headers.get('location') ?? '')
    upload.searchParams.set('digest', digest)
    await ask('PUT', `${upload.pathname}${upload.search}`, { body: blob, type: 'application/octet-stream' })
  }
  // Two that put the same blob at once leave a manifest that finds none.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
  const putManifest = (name: string, tag: string, body: Buffer) =>
    ask('PUT', `/v2/${name}/manifests/${tag}`, { body, type: manifestType })
  const owned = stack.move()
  return {
    host,
    push: async (version, { name = 'shop', tag = version, environment = {}, command } = {}) => {
      const config = imageConfig(layer, { VERSION: version, ...environment }, command)
      const manifest = imageManifest(layer, config)
      await inTurn(async () => {
        await putBlob(name, layer.blob)
        await putBlob(name, config)
        await putManifest(name, tag, manifest)
      })
      const digest = digestOf(manifest)
      return { name, digest, reference: `${host}/${name}:${tag}`, pinned: `${host}/${name}@${digest}` }
    },
    moveTag: async (tag, { name, digest }) => {
      const manifest = await ask('GET', `/v2/${name}/manifests/${digest}`)
      await putManifest(name, tag, Buffer.from(await manifest.arrayBuffer()))
    },
    removeImage: async ({ name, digest }) => void (await ask('DELETE', `/v2/${name}/manifests/${digest}`)),
    stop: () => end(server),
    start: async () => {
      server = await startServer(folder, host)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** With bcrypt, the one kind that the registry takes. */
function passwordLine({ username, password }: Login): string {
  const hash = 'print crypt($ARGV[0], q($2b$05$abcdefghijklmnopqrstuu))'
  return `${username}:${execFileSync('perl', ['-e', hash, password], { encoding: 'utf8' })}\n`
}

interface Configuration {
  readonly folder: string
  readonly host: string
  readonly closed: boolean
}

const configuration = ({ folder, host, closed }: Configuration): string =>
  stringify({
    version: '0.1',
    log: { accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: host, secret: 'one of one' },
    ...(closed && { auth: { htpasswd: { realm: 'the bed', path: join(folder, 'htpasswd') } } }),
  })

async function startServer(folder: string, host: string) {
  const log = await open(join(folder, 'log'), 'a')
  const program = findProgram('docker-registry') ?? 'docker-registry'
  const child = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: ['ignore', log.fd, log.fd] })
  await log.close()
  const port = Number(host.split(':')[1])
  for (let attempt = 0; attempt < 1000 && child.exitCode === null; attempt++) {
    if (await connects(port, '127.0.0.1')) return child
    await sleep(5)
  }
  await end(child)
  throw new Error(`The registry did not start:\n${await readFile(join(folder, 'log'), 'utf8')}`)
}

interface Question {
  readonly body?: Buffer
  readonly type?: string
  /** Statuses that are an answer too. */
  readonly refusals?: readonly number[]
}

const asking =
  (host: string, login: Login | undefined) =>
  async (method: string, path: string, { body, type, refusals = [] }: Question = {}): Promise<Response> => {
    const response = await fetch(`http://${host}${path}`, {
      method,
      ...(body && { body: new Uint8Array(body) }),
      headers: {
        accept: manifestType,
        ...(type && { 'content-type': type }),
        ...(login && { authorization: `Basic ${btoa(`${login.username}:${login.password}`)}` }),
      },
    })
    if (response.ok || refusals.includes(response.status)) return response
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  }
