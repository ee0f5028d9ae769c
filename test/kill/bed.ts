/** Where cases are run: the bundles, and a host with room for many apps. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HostedCase } from '../bed/color-host.ts'
import type { CommandTexts } from './commands.ts'
import type { Start } from './scenarios.ts'
import type { Site } from './site.ts'

/**
 * `command`: commands on this machine. `ssh`: the same behind SSH. `vps`: containers behind nginx, over SSH. `kubernetes`:
 * Deployments in a cluster. `ecs`: services of ECS behind a load balancer.
 */
export const bedNames = ['command', 'ssh', 'vps', 'kubernetes', 'ecs'] as const
export type BedName = (typeof bedNames)[number]

export interface Bed extends AsyncDisposable {
  readonly name: BedName
  /** In memory where there is room: every write of the ledger is synced. */
  readonly root: string
  readonly bundles: { readonly main: string; readonly post: string }
  /** For everything that runs a bundle. */
  readonly env: NodeJS.ProcessEnv
  /** How many cases are run at a time. */
  readonly sideBySide: number
  /** Where a state is kept that cases start from. */
  stateFolder(name: string): string
  /** As a human would: with what is at the target before the first deployment, or with what was kept. */
  openSite(start: Start | 'nothing'): Promise<Site>
}

export interface BedOptions {
  readonly name: BedName
  /** Folder with main/index.js and post/index.js. */
  readonly dist: string
  /** For negative controls: users who get their commands wrong. */
  readonly commands?: (one: HostedCase) => CommandTexts
}

export async function startBed(options: BedOptions): Promise<Bed> {
  if (options.name === 'vps') return (await import('./vps-bed.ts')).startVpsBed(options)
  if (options.name === 'kubernetes')
    return (await import('./kubernetes-bed.ts')).startKubernetesKillBed(options)
  if (options.name === 'ecs') return (await import('./ecs-bed.ts')).startEcsKillBed(options)
  return (await import('./command-bed.ts')).startCommandBed(options)
}

/** What all beds have; the folder goes with the stack. */
export function layGround({ dist }: BedOptions, stack: AsyncDisposableStack) {
  const memory = '/dev/shm'
  const root = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'kill-'))
  stack.defer(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }))
  return {
    root,
    bundles: { main: bundle(dist, 'main'), post: bundle(dist, 'post') },
    env: {
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'trap.mjs')}`,
      NODE_COMPILE_CACHE: join(root, 'compiled'),
    },
    stateFolder: (name: string) => join(root, 'states', name.replaceAll(' ', '-')),
  }
}

export const sideBySide = (perProcessor: number): number =>
  Number(process.env.KILL_SIDE_BY_SIDE ?? Math.ceil(perProcessor * cpus().length))

/** Each site with a number that no other living one has, given to the next when it is disposed of. */
export function numbered(
  count: number,
  open: (number: number, start: Start | 'nothing') => Promise<Site>,
): Bed['openSite'] {
  const free = Array.from({ length: count }, (_, number) => number)
  return async (start) => {
    const number = free.shift()
    if (number === undefined) throw new Error('More cases at once than there are slots.')
    const site = await open(number, start)
    return {
      ...site,
      [Symbol.asyncDispose]: async () => {
        await site[Symbol.asyncDispose]()
        free.push(number)
      },
    }
  }
}

function bundle(dist: string, name: 'main' | 'post'): string {
  const path = join(dist, name, 'index.js')
  if (!existsSync(path)) throw new Error(`${path} is missing: npm run package`)
  return path
}
