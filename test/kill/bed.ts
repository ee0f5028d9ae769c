/** What all cases share: a router, a host of colors, the bundles, and the states that cases start from. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCasesNginx } from '../bed/cases.ts'
import { type ColorHost, startColorHost } from '../bed/color-host.ts'
import { freePort } from '../bed/ports.ts'

export interface Bed extends AsyncDisposable {
  /** In memory where there is room: every write of the ledger is synced. */
  readonly root: string
  readonly host: ColorHost
  readonly bundles: { readonly main: string; readonly post: string }
  /** For everything that runs a bundle. */
  readonly env: NodeJS.ProcessEnv
  /** Where a state is kept that cases start from. */
  stateFolder(name: string): string
  /** A number of the host that no living case has. */
  takeSlot(): number
  giveSlot(number: number): void
}

export interface BedOptions {
  /** Folder with main/index.js and post/index.js. */
  readonly dist: string
  readonly slots: number
}

export const sideBySide = (): number => Number(process.env.KILL_SIDE_BY_SIDE ?? 5 * cpus().length)

export async function startBed({ dist, slots }: BedOptions): Promise<Bed> {
  await using stack = new AsyncDisposableStack()
  const memory = '/dev/shm'
  const root = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'kill-'))
  stack.defer(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }))
  const ports = { public: await freePort(), color: await freePort() }
  const host = stack.use(startColorHost({ root, ports }))
  stack.use(await startCasesNginx({ root, cases: slots, ports }))
  const free = Array.from({ length: slots }, (_, number) => number)
  const owned = stack.move()
  return {
    root,
    host,
    bundles: { main: bundle(dist, 'main'), post: bundle(dist, 'post') },
    env: {
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'trap.mjs')}`,
      NODE_COMPILE_CACHE: join(root, 'compiled'),
    },
    stateFolder: (name) => join(root, 'states', name.replaceAll(' ', '-')),
    takeSlot: () => {
      const slot = free.shift()
      if (slot === undefined) throw new Error('More cases at once than there are slots.')
      return slot
    },
    giveSlot: (number) => void free.push(number),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function bundle(dist: string, name: 'main' | 'post'): string {
  const path = join(dist, name, 'index.js')
  if (!existsSync(path)) throw new Error(`${path} is missing: npm run package`)
  return path
}

/** A host that is asked again about a slot must not take the wish of the case before for one of this one. */
export const forgetWishes = (control: string): void => {
  for (const color of ['blue', 'green']) writeFileSync(`${control}.${color}`, '')
}
