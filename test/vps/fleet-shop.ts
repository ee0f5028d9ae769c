/** An app on several hosts, and the jobs that deploy it as a user's workflow would. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Load, type LoadReport, startLoad } from '../bed/load.ts'
import type { Host, HostApp } from '../bed/vps/hosts.ts'
import { openRelay, type Relay } from '../bed/vps/hosts-relay.ts'
import { type Jobs, jobsOf, type Started, shortTimes, toldAt } from '../process/jobs.ts'
import type { Inputs } from '../process/shop.ts'
import { until } from './street.ts'

export interface FleetShop extends Jobs {
  readonly hosts: readonly ShopHost[]
  readonly inputs: Inputs
  /** What users are told, at each host. */
  answers(): Promise<readonly string[]>
  /** On blue everywhere, as somebody started it by hand before the action came. */
  startByHand(): Promise<FleetShop>
  /** Some at each host. */
  users(): FleetUsers
  /** A hook that waits, once it has said `gated`, until `open` is called. `then` is run after that. */
  gate(hook: string, then?: string): { readonly inputs: Inputs; open(): void }
}

export interface FleetUsers extends AsyncDisposable {
  stop(): Promise<readonly LoadReport[]>
}

export interface ShopHost {
  readonly host: Host
  readonly app: HostApp
  /** Where its own users are. */
  readonly url: string
  /** As the action names it. */
  readonly name: string
  /** The way in over SSH, for this shop alone. */
  readonly wayIn: Relay
  /** Name and state of each container of the app, in the order of names. */
  containers(): Promise<readonly string[]>
  /** Text of a file in the state directory; null: there is none. */
  read(path: string): Promise<string | null>
}

export const publicPort = ({ ports }: HostApp): number => ports.public?.blue ?? 0
/** No service is there: it is only for the machine that the jobs run on. */
export const wayInPort = ({ ports }: HostApp): number => ports.public?.green ?? 0

/** Its way in is at an address of its own on the machine that the jobs run on. */
export async function openShopHost(host: Host, app: HostApp): Promise<ShopHost> {
  const name = host.address.replace('198.19.', '127.1.')
  return {
    host,
    app,
    name,
    wayIn: await openRelay({ host: name, port: wayInPort(app) }, () => host.ssh),
    url: `http://${host.address}:${publicPort(app)}`,
    containers: async () => {
      const listed = await host.run(`docker ps -a --format '{{.Names}} {{.State}}'`)
      return listed
        .split('\n')
        .filter((line) => line.startsWith(`${app.name}-`))
        .toSorted()
    },
    read: async (path) => {
      const text = await host.run(`cat '${app.stateDirectory}/${path}' 2>&1 || echo MISSING`)
      return text.endsWith('MISSING\n') ? null : text
    },
  }
}

export interface Premises {
  readonly hosts: readonly ShopHost[]
  readonly url: string
  readonly image: string
  readonly root: string
  readonly steps: Started[]
}

export function openShop({ hosts, url, image, root, steps }: Premises): FleetShop {
  const inputs = inputsOf(hosts, url, image)
  const shop: FleetShop = {
    hosts,
    inputs,
    ...jobsOf({ inputs, root, steps }),
    answers: () => Promise.all(hosts.map(async ({ url }) => (await toldAt(url)) ?? 'nobody')),
    startByHand: async () => {
      const up = ({ host, app }: ShopHost) =>
        host.run(
          `cd ${app.directory} && docker compose -p ${app.name}-blue -f docker-compose.blue.yml up -d 2>&1`,
        )
      await Promise.all(hosts.map(up))
      await until('all sell', async () => (await shop.answers()).every((answer) => answer === 'blue v1'))
      return shop
    },
    users: () => usersOf(hosts),
    gate: (hook, then = 'true') => {
      const file = join(root, `gate-${inputs.app}`)
      return {
        inputs: { [hook]: `echo gated; until [ -e '${file}' ]; do sleep 0.05; done; ${then}` },
        open: () => writeFileSync(file, ''),
      }
    },
  }
  return shop
}

function usersOf(hosts: readonly ShopHost[]): FleetUsers {
  const loads: readonly Load[] = hosts.map(({ url }) =>
    startLoad({ url, keepAlive: 2, fresh: 1, think: { min: 50, max: 150 } }),
  )
  const stop = () => Promise.all(loads.map((load) => load.stop()))
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

function inputsOf(hosts: readonly ShopHost[], url: string, image: string): Inputs {
  const [{ app }] = hosts as [ShopHost]
  const doors = hosts.map(({ host, name, app }) => `${host.ssh.user}@${name}:${wayInPort(app)}`)
  const knownHosts = hosts.map(({ host, name, app }) =>
    host.ssh.knownHosts.replaceAll(/^\S+/gm, `[${name}]:${wayInPort(app)}`),
  )
  return {
    target: 'vps',
    app: app.name,
    version: 'v1',
    image,
    url,
    'blue-port': String(app.ports[app.name]?.blue),
    'green-port': String(app.ports[app.name]?.green),
    directory: app.directory,
    'state-directory': app.stateDirectory,
    'ssh-host': doors.join(', '),
    'ssh-key': hosts[0]?.host.ssh.key ?? '',
    'ssh-known-hosts': knownHosts.join(''),
    ...shortTimes,
  }
}
