/** The two colors of one app as daemons, and the shell commands that drive them. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Color } from '../../src/targets/target.ts'
import { ask } from './asking.ts'
import { freePort } from './ports.ts'

const script = join(import.meta.dirname, 'color.sh')
const execute = promisify(execFile)

export interface Colors extends AsyncDisposable {
  readonly ports: Readonly<Record<Color, number>>
  readonly environment: Readonly<Record<string, string>>
  /** Starts a release and waits until it answers. */
  start(color: Color, version: string): Promise<void>
  stop(color: Color): Promise<void>
  status(color: Color): Promise<string>
  pid(color: Color): Promise<number>
}

export const colorCommand = (verb: 'start' | 'stop' | 'remove' | 'status'): string =>
  `'${script}' ${verb} "$BLUE_GREEN_COLOR"`

export async function createColors(folder: string): Promise<Colors> {
  await mkdir(folder, { recursive: true })
  const ports = { blue: await freePort(), green: await freePort() }
  for (const color of ['blue', 'green'] as const)
    await writeFile(join(folder, `${color}.port`), `${ports[color]}\n`)
  const environment = { COLORS: folder, NODE: process.execPath }
  const run = async (verb: string, color: Color, version = '') => {
    const env = { ...process.env, ...environment, BLUE_GREEN_VERSION: version }
    return (await execute(script, [verb, color], { env })).stdout.trim()
  }
  return {
    ports,
    environment,
    start: async (color, version) => {
      await run('start', color, version)
      await answering(`http://127.0.0.1:${ports[color]}/version`)
    },
    stop: async (color) => void (await run('stop', color)),
    status: (color) => run('status', color),
    pid: async (color) => Number(await readFile(join(folder, `${color}.pid`), 'utf8')),
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all([run('remove', 'blue'), run('remove', 'green')])),
  }
}

async function answering(url: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    if ((await ask(url)).status === 200) return
  }
  throw new Error(`nothing answers at ${url}`)
}
