import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Connection } from '../../src/host/connection.ts'
import { quote } from '../../src/host/script.ts'
import { sshConnection } from '../../src/host/ssh/ssh-connection.ts'
import { type Folder, temporaryFolder } from '../bed/folder.ts'
import { type Sshd, startSshd } from '../bed/sshd.ts'
import { type CommandBed, openCommandBed } from '../contract/command-stand.ts'
import { marker } from '../contract/marked.ts'
import { describeTarget } from '../contract/target-contract.ts'
import { lacks } from '../programs.ts'
import { settingsFor } from './place.ts'

describe.skipIf(lacks('nginx', 'setsid', 'flock', 'sshd'))('behind SSH', { timeout: 300_000 }, () => {
  let place: Folder
  let sshd: Sshd
  let bed: CommandBed
  const connections: Connection[] = []
  beforeAll(async () => {
    place = await temporaryFolder()
    sshd = await startSshd({ folder: join(place.path, 'sshd') })
    bed = await openCommandBed(100, (folder) => {
      const connection = sshConnection(settingsFor(sshd), { clock: systemClock })
      connections.push(connection)
      return marked(connection, folder)
    })
  })
  afterAll(async () => {
    await bed?.[Symbol.asyncDispose]()
    await Promise.all(connections.map((connection) => connection.close()))
    await sshd?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  describeTarget('the command target', () => bed.open())
})

/** No client sends variables to a server. */
const marked = (connection: Connection, folder: string): Connection => ({
  ...connection,
  run: (script, options) => connection.run(`export ${marker}=${quote(folder)}\n${script}`, options),
})
