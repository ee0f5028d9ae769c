/**
 * Several hosts with the same paths and ports: each in network, mount, process and UTS namespaces of its own, on a bridge without
 * a way out. The kernel takes all of it away with the processes, however the tests end.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeKey } from '../sshd.ts'
import type { App, SshAccess } from './host.ts'
import type { Arrival, Machine } from './hosts-machine.ts'
import { openRelay } from './hosts-relay.ts'
import { conversation, firstLine, letGo, startAsRoot } from './hosts-talk.ts'
import { claimSlot } from './slot.ts'

export interface HostsOptions {
  /** Whoever logs in may read it. It is removed by its owner. */
  readonly folder: string
  readonly count: number
  /** `127.0.0.1:PORT` here is there as well: a registry. */
  readonly shared: string
}

export interface Hosts extends AsyncDisposable {
  /** Of the machine that the tests are on, as the hosts see it. */
  readonly address: string
  readonly all: readonly Host[]
}

/** Its files are its own: the tests get at them by `run` alone. */
export interface Host extends Omit<Machine, 'addApp'> {
  readonly name: string
  readonly address: string
  /** All hosts let the same key in. */
  readonly ssh: SshAccess
  addApp(name: string, services: readonly string[]): Promise<HostApp>
}

export type HostApp = Pick<App, 'name' | 'directory' | 'stateDirectory' | 'ports'>

const ourNumber = 254

export async function startHosts({ folder, count, shared }: HostsOptions): Promise<Hosts> {
  await using stack = new AsyncDisposableStack()
  const slot = stack.use(await claimSlot())
  const network = networkOf(slot.network)
  await mkdir(folder, { recursive: true })
  const key = join(folder, 'key')
  makeKey(key, 'ed25519')
  const relay = join(folder, 'shared.sock')
  stack.use(await openRelay({ path: relay }, () => addressIn(shared)))
  const bridge = stack.use(await startBridge(network))
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const starting = await Promise.allSettled(
    numbers.map((number) => startHost({ number, network, bridge, key, relay, shared })),
  )
  const all = starting.flatMap((one) => (one.status === 'fulfilled' ? [stack.use(one.value)] : []))
  const failed = starting.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  const owned = stack.move()
  return { address: `${network}.${ourNumber}`, all, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The half of the test addresses that Docker's networks on the hosts leave free: `198.19.N`. */
const networkOf = (slotNetwork: string): string =>
  slotNetwork.split('.').slice(0, 3).join('.').replace('.18.', '.19.')

const addressIn = (address: string) => {
  const [host = '', port] = address.split(':')
  return { host, port: Number(port) }
}

interface Bridge extends AsyncDisposable {
  /** Of the process that holds its namespace. */
  readonly pid: string
}

/** In a namespace of its own, where no firewall of the machine looks at what goes over it. */
const bridgeScript = `set -e
exec 9</proc/self/ns/net
exec unshare --net sh -ec '
  ip link add bridge type bridge; ip link set bridge up
  ip link add out type veth peer name "$1" netns /proc/self/fd/9; ip link set out master bridge up
  nsenter --net=/proc/self/fd/9 sh -ec "ip address add $2/24 dev $1; ip link set $1 up"
  exec 9<&-; echo $$; cat' sh "$@"`

async function startBridge(network: string): Promise<Bridge> {
  const link = `bg-${network.split('.').at(-1)}`
  const child = startAsRoot(bridgeScript, [link, `${network}.${ourNumber}`])
  const [pid] = await firstLine(child)
  return { pid, [Symbol.asyncDispose]: () => letGo(child.process) }
}

/**
 * A shell collects the dead, as an init would. Accounts and nginx's own files are the host's, by a layer over /etc; the rest of what
 * it has is in /srv.
 */
const hostScript = `set -e
exec 9</proc/"$1"/ns/net; shift
exec setpriv --pdeathsig KILL unshare --net --mount --uts --pid --fork --kill-child --mount-proc sh -ec '
  ip link set lo up; ip link add eth0 type veth peer name "$1" netns /proc/self/fd/9
  nsenter --net=/proc/self/fd/9 ip link set "$1" master bridge up
  ip address add "$2/24" dev eth0; ip link set eth0 up; exec 9<&-
  hostname "$1"; mount -t tmpfs none /srv; mkdir /srv/.etc /srv/.work
  mount -t overlay -o lowerdir=/etc,upperdir=/srv/.etc,workdir=/srv/.work none /etc
  shift 2; TMPDIR=/srv "$@"; exit' sh "$@"`

interface NewHost {
  readonly number: number
  readonly network: string
  readonly bridge: Bridge
  /** File of it. */
  readonly key: string
  readonly relay: string
  readonly shared: string
}

async function startHost({
  number,
  network,
  bridge,
  key,
  relay,
  shared,
}: NewHost): Promise<Host & AsyncDisposable> {
  const [name, address] = [`host${number}`, `${network}.${number}`]
  const options = JSON.stringify({ address, key, relay, shared })
  const program = [process.execPath, join(import.meta.dirname, 'hosts-machine.ts'), options]
  const child = startAsRoot(hostScript, [bridge.pid, name, address, ...program])
  const [line] = await firstLine(child)
  const { ssh } = JSON.parse(line) as Arrival
  const { tell, fail } = conversation<Machine>(child)
  child.process.once('exit', () => fail(new Error(`${name} is gone:\n${child.said()}`)))
  return {
    name,
    address,
    ssh: { ...ssh, key: await readFile(key, 'utf8') },
    run: (command) => tell('run', command),
    addApp: (app, services) => tell('addApp', app, services),
    serve: (web) => tell('serve', web),
    writeCompose: (app, color, services) => tell('writeCompose', app, color, services),
    route: (app, color) => tell('route', app, color),
    [Symbol.asyncDispose]: () => letGo(child.process),
  }
}
