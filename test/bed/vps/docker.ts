/** A real Docker Engine of its own, beside any other on the machine: it leaves iptables, docker0 and /run alone. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findProgram } from '../../programs.ts'
import { asRoot, isRoot, runAsRoot } from './root.ts'
import { claimSlot } from './slot.ts'

const execute = promisify(execFile)

export interface Docker extends AsyncDisposable {
  /** As in DOCKER_HOST. */
  readonly host: string
  /** Who may use its socket. */
  readonly group: string
  /** The docker client; resolves with what it prints, rejects with what it says. */
  run(...command: readonly string[]): Promise<string>
  /** Its API hangs, its containers go on. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Nobody finds its API, its containers go on: as when dockerd is down with live-restore. */
  hide(): Promise<void>
  show(): Promise<void>
  /** As after a power cut: containers come back if their restart policy says so. */
  restart(): Promise<void>
}

/** The folder must be searchable for whoever is to use the socket. It is removed in the end. */
export async function startDocker({ folder }: { readonly folder: string }): Promise<Docker> {
  await using stack = new AsyncDisposableStack()
  const slot = stack.use(await claimSlot())
  await mkdir(join(folder, 'client'), { recursive: true })
  stack.defer(async () => void (await runAsRoot('rm', '-rf', folder)))
  const group = isRoot ? 'docker' : `${process.getgid?.()}`
  const configuration = settingsOf({ folder, group, network: slot.network })
  await writeFile(join(folder, 'daemon.json'), JSON.stringify(configuration))

  const removeBridges = async () => {
    for (const name of await bridgesIn(slot.network)) await runAsRoot('ip', 'link', 'delete', name)
  }
  await removeBridges()
  stack.defer(removeBridges)
  let engine = await startEngine(folder)
  stack.defer(() => engine.end())

  const [socket, hidden] = [join(folder, 'docker.sock'), join(folder, 'hidden.sock')]
  const host = `unix://${socket}`
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: join(folder, 'client') }
  const owned = stack.move()
  return {
    host,
    group,
    run: async (...command) => (await execute(findProgram('docker') ?? 'docker', command, { env })).stdout,
    freeze: () => engine.signal('STOP'),
    thaw: () => engine.signal('CONT'),
    hide: async () => void (await runAsRoot('mv', socket, hidden)),
    show: async () => void (await runAsRoot('mv', hidden, socket)),
    restart: async () => {
      await engine.end()
      engine = await startEngine(folder)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Settings {
  readonly folder: string
  readonly group: string
  readonly network: string
}

/**
 * With docker-proxy, which holds published ports on the loopback address, nothing needs iptables. A second dockerd would empty the
 * first one's chains there. No bridge but those that compose makes.
 */
const settingsOf = ({ folder, group, network }: Settings) => ({
  hosts: [`unix://${join(folder, 'docker.sock')}`],
  group,
  'data-root': join(folder, 'data'),
  'exec-root': '/run/docker',
  pidfile: '/run/docker/pid',
  // systemd would take a process's number within the namespace for one of its own.
  'exec-opts': ['native.cgroupdriver=cgroupfs'],
  bridge: 'none',
  iptables: false,
  ip6tables: false,
  'ip-forward': false,
  'ip-masq': false,
  'default-address-pools': [{ base: network, size: 28 }],
})

interface Engine {
  signal(name: string): Promise<void>
  /** With all its containers and mounts. */
  end(): Promise<void>
}

/**
 * In a process namespace of its own, where a shell collects the dead as an init would: when dockerd ends, the kernel ends all that is
 * left in there. In a mount namespace with its own /run: it would share the machine's containerd, and its containers' names.
 */
const launch = `mkdir -p /run/containerd /run/docker
exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc sh -c '
  mount -t tmpfs none /run/containerd; mount -t tmpfs none /run/docker; dockerd "$@"; exit' sh "$@"`

async function startEngine(folder: string): Promise<Engine> {
  const configuration = join(folder, 'daemon.json')
  const [file, given] = asRoot(['env', `PATH=${process.env.PATH}:/usr/sbin:/sbin`, 'sh', '-c', launch])
  const log = await open(join(folder, 'log'), 'a')
  const child = spawn(file, [...given, 'sh', '--config-file', configuration], {
    stdio: ['ignore', log.fd, log.fd],
  })
  await log.close()
  await answering(child, folder)
  const { stdout } = await execute('pgrep', ['-f', `^dockerd --config-file ${configuration}$`])
  const signal = async (name: string) => void (await runAsRoot('kill', `-${name}`, stdout.trim()))
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    await signal('KILL')
    await exited
  }
  return { signal, end }
}

async function answering(child: ChildProcess, folder: string): Promise<void> {
  for (let attempt = 0; attempt < 3000 && child.exitCode === null; attempt++) {
    if (await pings(join(folder, 'docker.sock'))) return
    await sleep(10)
  }
  child.kill('SIGKILL')
  const said = await readFile(join(folder, 'log'), 'utf8')
  throw new Error(`dockerd did not start:\n${said.slice(-4_000)}`)
}

const pings = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    get({ socketPath, path: '/_ping', agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200))
    }).on('error', () => resolve(false))
  })

/** What remains of a dockerd that was killed: a bridge is the machine's. */
async function bridgesIn(network: string): Promise<readonly string[]> {
  const { stdout } = await execute('ip', ['-j', '-4', 'address', 'show', 'to', network])
  return (JSON.parse(stdout) as readonly { readonly ifname?: string }[]).flatMap(({ ifname }) => ifname ?? [])
}
