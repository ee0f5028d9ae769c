/** What one app has on a VPS: its folders, its ports and its compose files. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Color } from '../../../src/targets/target.ts'
import { createFlag } from '../flag.ts'
import type { Account } from './account.ts'
import { type ComposeService, composeFile } from './compose-file.ts'
import type { Slot } from './slot.ts'

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

interface NewApp {
  readonly folder: string
  readonly slot: Slot
  readonly account: Account
  readonly name: string
  readonly services: readonly string[]
}

export async function addApp({ folder, slot, account, name, services }: NewApp): Promise<App> {
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
