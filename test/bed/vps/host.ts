/** A whole VPS on loopback: SSH, Docker with compose, nginx, and the folders of its apps. */
import { chmod, copyFile, link, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findProgram } from '../../programs.ts'
import { temporaryFolder } from '../folder.ts'
import { type KeyType, type Sshd, startSshd } from '../sshd.ts'
import { type Account, createAccount, ownAccount } from './account.ts'
import { type Docker, startDocker } from './docker.ts'
import { type App, addApp } from './host-app.ts'
import { claimSlot } from './slot.ts'
import { makeCertificate, type RunningWeb, startWeb, type Web } from './web.ts'

export type { App } from './host-app.ts'

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
  /** Of whoever logs in. */
  readonly environment: Readonly<Record<'DOCKER_HOST' | 'DOCKER_CONFIG' | 'PATH', string>>
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
  const access = { folder: join(folder, 'ssh'), address, port: await slot.port() }
  const { sshd, ssh } = await startSsh({ ...access, account, environment, options })
  stack.use(sshd)
  const door = { address, port: await slot.port(), tlsPort: await slot.port(), folder: join(folder, 'nginx') }
  const certificate = await makeCertificate(door.folder, [...names, address])
  let web: RunningWeb | null = null
  stack.defer(async () => web?.[Symbol.asyncDispose]())

  const owned = stack.move()
  return {
    folder,
    address,
    user: account.name,
    ssh,
    sshd,
    docker,
    environment,
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

interface SshServer {
  readonly folder: string
  readonly address: string
  readonly port: number
  readonly account: Account
  readonly environment: Vps['environment']
  readonly options: VpsOptions
}

/** It listens on 127.0.0.1 as well, at `sshd.port`. */
async function startSsh({ folder, address, port, account, environment, options }: SshServer) {
  const { hostKeys = ['ed25519'], sshdConfig = '' } = options
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const own = [
    `ListenAddress ${address}:${port}`,
    `AllowUsers ${account.name}`,
    `SetEnv ${variables.join(' ')}`,
  ]
  const sshd = await startSshd({ folder, hostKeys, config: [sshdConfig, ...own].join('\n') })
  const knownHosts = sshd.knownHosts.replaceAll(`[127.0.0.1]:${sshd.port} `, `[${address}]:${port} `)
  return { sshd, ssh: { host: address, port, user: account.name, key: sshd.key, knownHosts } }
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
