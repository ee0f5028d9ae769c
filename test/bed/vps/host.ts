/** A whole VPS on loopback: SSH, Docker with compose, nginx, and the folders of its apps. */
import { chmod, copyFile, link, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Color } from '../../../src/targets/target.ts'
import { findProgram } from '../../programs.ts'
import { createFlag } from '../flag.ts'
import { temporaryFolder } from '../folder.ts'
import { type KeyType, type Sshd, startSshd } from '../sshd.ts'
import { type Account, createAccount, ownAccount } from './account.ts'
import { type ComposeService, composeFile } from './compose-file.ts'
import { type Docker, startDocker } from './docker.ts'
import { claimSlot, type Slot } from './slot.ts'
import { makeCertificate, type RunningWeb, startWeb, type Web } from './web.ts'

export interface VpsOptions {
  /** One of 127.0.0.0/8, for sshd and nginx; 127.0.0.1 when not given. */
  readonly address?: string
  /** Hosts may share one; without, its own. */
  readonly docker?: Docker
  /** What `docker compose` is for who logs in; v2 when not given. */
  readonly compose?: 'v2' | 'newest' | 'none'
  /** `unprivileged`: a fresh user in Docker's group, where root runs the tests. */
  readonly login?: 'self' | 'unprivileged'
  /** Server names in the certificate. */
  readonly names?: readonly string[]
  readonly hostKeys?: readonly KeyType[]
  /** Lines of sshd_config, before the usual ones. */
  readonly sshdConfig?: string
}

export interface Vps extends AsyncDisposable {
  /** Whoever logs in may read it. */
  readonly folder: string
  readonly address: string
  readonly user: string
  readonly ssh: SshAccess
  readonly sshd: Sshd
  readonly docker: Docker
  /** Where nginx listens once it serves. */
  readonly port: number
  readonly tlsPort: number
  /** What a client must trust. */
  readonly certificate: string
  /** Its folders, with a port for each color of each service. */
  addApp(name: string, services: readonly string[]): Promise<App>
  /** Starts nginx, or starts it anew. */
  serve(web: Web): Promise<RunningWeb>
  /** Gives a file or folder to who logs in. */
  own(path: string): Promise<void>
}

export interface SshAccess {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly key: string
  readonly knownHosts: string
}

export interface App {
  readonly name: string
  /** Where its compose files are. */
  readonly directory: string
  readonly stateDirectory: string
  readonly ports: Readonly<Record<string, Readonly<Record<Color, number>>>>
  /** Writes `docker-compose.COLOR.yml`; services with ports publish them. Resolves with its path. */
  writeCompose(color: Color, services: Readonly<Record<string, ComposeService>>): Promise<string>
  /** Makes the state directory with its flag; null: nobody is routed. */
  route(color: Color | null): Promise<void>
}

export async function startVps(options: VpsOptions = {}): Promise<Vps> {
  const { address = '127.0.0.1', compose = 'v2', login = 'self', names = ['localhost'] } = options
  await using stack = new AsyncDisposableStack()
  const { path: folder } = stack.use(await temporaryFolder())
  await chmod(folder, 0o755)
  const slot = stack.use(await claimSlot())
  const docker = options.docker ?? stack.use(await startDocker({ folder: join(folder, 'docker') }))
  const account =
    login === 'self'
      ? ownAccount
      : stack.use(await createAccount({ home: join(folder, 'home'), groups: [docker.group] }))
  const dockerConfig = await prepareDockerConfig({ folder, compose, account })
  const environment = {
    DOCKER_HOST: docker.host,
    DOCKER_CONFIG: dockerConfig,
    PATH: `${dirname(findProgram('docker') ?? '')}:/usr/local/bin:/usr/bin:/bin`,
  }
  const sshPort = await slot.port()
  const sshd = stack.use(
    await startSshd({
      folder: join(folder, 'ssh'),
      hostKeys: options.hostKeys ?? ['ed25519'],
      config: `${options.sshdConfig ?? ''}
ListenAddress ${address}:${sshPort}
AllowUsers ${account.name}
SetEnv ${Object.entries(environment)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`,
    }),
  )
  const door = { address, port: await slot.port(), tlsPort: await slot.port(), folder: join(folder, 'nginx') }
  const certificate = await makeCertificate(door.folder, [...names, address])
  let web: RunningWeb | null = null
  stack.defer(async () => web?.[Symbol.asyncDispose]())

  const owned = stack.move()
  return {
    folder,
    address,
    user: account.name,
    ssh: {
      host: address,
      port: sshPort,
      user: account.name,
      key: sshd.key,
      knownHosts: sshd.knownHosts.replaceAll(`[127.0.0.1]:${sshd.port} `, `[${address}]:${sshPort} `),
    },
    sshd,
    docker,
    port: door.port,
    tlsPort: door.tlsPort,
    certificate,
    addApp: (name, services) => addApp({ folder, slot, account, name, services }),
    serve: async (wanted) => {
      await web?.[Symbol.asyncDispose]()
      web = null
      web = await startWeb(door, wanted)
      return web
    },
    own: account.own,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface DockerConfig {
  readonly folder: string
  readonly compose: 'v2' | 'newest' | 'none'
  readonly account: Account
}

/** The plugins in it win over those of the machine. */
async function prepareDockerConfig({ folder, compose, account }: DockerConfig): Promise<string> {
  const path = join(folder, 'docker-config')
  await mkdir(join(path, 'cli-plugins'), { recursive: true })
  await account.own(path)
  const plugin = join(path, 'cli-plugins', 'docker-compose')
  if (compose === 'none') {
    await writeFile(plugin, '#!/bin/sh\necho "docker: \'compose\' is not a docker command." >&2; exit 1\n')
    await chmod(plugin, 0o755)
  } else {
    const program = findProgram(`compose-${compose}`)
    if (program === null) throw new Error(`There is no compose ${compose}: sh scripts/go-tools.sh`)
    // The folder that it is in may be closed to others.
    await link(program, plugin).catch(() => copyFile(program, plugin))
  }
  return path
}

interface NewApp {
  readonly folder: string
  readonly slot: Slot
  readonly account: Account
  readonly name: string
  readonly services: readonly string[]
}

async function addApp({ folder, slot, account, name, services }: NewApp): Promise<App> {
  const [directory, stateDirectory] = [join(folder, 'srv', name), join(folder, 'state', name)]
  const ports: Record<string, Record<Color, number>> = {}
  for (const service of services) ports[service] = { blue: await slot.port(), green: await slot.port() }
  for (const path of [directory, stateDirectory]) {
    await mkdir(path, { recursive: true })
    await account.own(path)
  }
  return {
    name,
    directory,
    stateDirectory,
    ports,
    writeCompose: async (color, given) => {
      const path = join(directory, `docker-compose.${color}.yml`)
      const published = Object.entries(given).map(([service, what]) => {
        const port = ports[service]?.[color]
        return [service, port === undefined ? what : { port, ...what }]
      })
      await writeFile(path, composeFile({ color, services: Object.fromEntries(published) }))
      await account.own(path)
      return path
    },
    route: async (color) => {
      await createFlag(stateDirectory, color)
      await account.own(stateDirectory)
    },
  }
}
