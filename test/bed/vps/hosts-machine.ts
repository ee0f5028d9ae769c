/** What runs inside a simulated host: a VPS, and somebody who does what is asked of him, a line at a time, until nobody asks. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Color } from '../../../src/targets/target.ts'
import type { ComposeService } from './compose-file.ts'
import { type App, type SshAccess, startVps, type Vps } from './host.ts'
import { addApp } from './host-app.ts'
import { obey } from './hosts-obey.ts'
import { openRelay } from './hosts-relay.ts'
import { claimSlot } from './slot.ts'
import type { Web } from './web.ts'

export interface Machine {
  /** A shell of root's. Resolves with what it prints. */
  run(command: string): Promise<string>
  addApp(name: string, services: readonly string[]): Promise<App>
  serve(web: Web): Promise<void>
  writeCompose(app: string, color: Color, services: Readonly<Record<string, ComposeService>>): Promise<void>
  route(app: string, color: Color | null): Promise<void>
}

/** The first line. */
export interface Arrival {
  readonly ssh: SshAccess
}

interface Options {
  readonly address: string
  /** File of the key that is let in. */
  readonly key: string
  readonly relay: string
  readonly shared: string
}

async function openMachine(vps: Vps): Promise<Machine> {
  const apps = new Map<string, App>()
  const slot = await claimSlot()
  const account = { name: vps.user, own: vps.own, [Symbol.asyncDispose]: async () => {} }
  const appNamed = (name: string): App => {
    const app = apps.get(name)
    if (app === undefined) throw new Error(`There is no app ${name} here.`)
    return app
  }
  return {
    run: async (command) => {
      const env = { ...process.env, ...vps.environment, PATH: `${vps.environment.PATH}:/usr/sbin:/sbin` }
      return (await promisify(execFile)('sh', ['-c', command], { env })).stdout
    },
    addApp: async (name, services) => {
      // Not in the folder of the VPS, which has a name of its own on each host.
      const app = await addApp({ folder: '/srv', slot, account, name, services })
      apps.set(name, app)
      return app
    },
    serve: async (web) => void (await vps.serve(web)),
    writeCompose: async (name, color, services) => void (await appNamed(name).writeCompose(color, services)),
    route: (name, color) => appNamed(name).route(color),
  }
}

const [given = ''] = process.argv.slice(2)
const { address, key, relay, shared } = JSON.parse(given) as Options
const [host = '', port] = shared.split(':')
await openRelay({ host, port: Number(port) }, () => ({ path: relay }))
const vps = await startVps({
  address,
  login: 'unprivileged',
  sshdConfig: `AuthorizedKeysFile ${key}.pub`,
})
const machine = await openMachine(vps)
obey(machine, { ssh: vps.ssh } satisfies Arrival)
