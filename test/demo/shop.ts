/** The shop that the demo deploys: nginx, two copies of the server, and users who never stop asking. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { colorCommand, createColors } from '../bed/colors.ts'
import { createFlag, observeCommand, switchCommand } from '../bed/flag.ts'
import { temporaryFolder } from '../bed/folder.ts'
import { type LoadReport, startLoad } from '../bed/load.ts'
import { colorPath, startNginx } from '../bed/nginx.ts'
import { freePort } from '../bed/ports.ts'
import { endProcesses } from './processes.ts'

export const app = 'shop'
export const users = { keepAlive: 6, fresh: 6, think: { min: 20, max: 60 } }

export interface Shop extends AsyncDisposable {
  /** Of the demo alone; it goes with the shop. */
  readonly folder: string
  readonly url: string
  readonly colorUrl: { readonly blue: string; readonly green: string }
  readonly stateDirectory: string
  readonly commands: Readonly<Record<'observe' | 'switch' | 'deploy' | 'stop' | 'status', string>>
  /** For every process that may run a command. */
  readonly env: Readonly<Record<string, string>>
  misbehave(version: string, variables: Readonly<Record<string, string>>): Promise<void>
  /** So far; before anybody is routed there are no users. */
  served(): Served
  /** Nobody asks any more, and all are answered or lost. */
  closeDoors(): Promise<Served>
  /** What users are told now; several answers mean that it is not settled. */
  answers(): Promise<string>
  /** What the router says of itself. */
  named(): Promise<string>
}

export type Served = Pick<LoadReport, 'sent' | 'lost'>

export async function openShop(): Promise<Shop> {
  await using stack = new AsyncDisposableStack()
  const { path: folder } = stack.use(await temporaryFolder())
  const stateDirectory = join(folder, 'state')
  await createFlag(stateDirectory, null)
  const colors = await createColors(join(folder, 'colors'))
  stack.defer(() => endProcesses(`COLORS=${colors.environment.COLORS}`))
  const router = { folder: join(folder, 'nginx'), port: await freePort(), app, ports: colors.ports }
  const nginx = stack.use(await startNginx({ ...router, stateDirectory }))
  const doors = stack.use(openDoors(nginx.url))
  const owned = stack.move()
  return {
    folder,
    url: nginx.url,
    colorUrl: {
      blue: `http://127.0.0.1:${colors.ports.blue}`,
      green: `http://127.0.0.1:${colors.ports.green}`,
    },
    stateDirectory,
    commands: {
      observe: observeCommand(stateDirectory),
      switch: switchCommand(stateDirectory),
      deploy: colorCommand('start'),
      stop: colorCommand('stop'),
      status: colorCommand('status'),
    },
    env: colors.environment,
    misbehave: (version, variables) => {
      const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
      return writeFile(join(folder, 'colors', `${version}.env`), lines.join(''))
    },
    served: doors.served,
    closeDoors: doors.close,
    answers: () => answersAt(nginx.url),
    named: () => text(nginx.url + colorPath(app)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Users come as soon as the first of them would be served. */
function openDoors(url: string) {
  const closed = new AbortController()
  const opening = (async () => {
    while (!closed.signal.aborted && !(await isServed(url))) await sleep(10)
    return closed.signal.aborted ? null : startLoad({ url, ...users })
  })()
  let load: Awaited<typeof opening> = null
  void opening.then((opened) => {
    load = opened
  })
  const nobody: Served = { sent: 0, lost: [] }
  const close = async (): Promise<Served> => {
    closed.abort()
    return (await (await opening)?.stop()) ?? nobody
  }
  return {
    served: (): Served => load?.report() ?? nobody,
    close,
    [Symbol.asyncDispose]: async () => void (await close()),
  }
}

async function text(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } })
  return (await response.text()).trim()
}

const isServed = (url: string): Promise<boolean> =>
  fetch(url, { headers: { connection: 'close' } }).then(
    async (response) => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )

async function answersAt(url: string): Promise<string> {
  const answers = await Promise.all(Array.from({ length: 8 }, () => text(url)))
  return [...new Set(answers)].sort().join(' and ')
}
