/** nginx and two copies of a small server, moved by the commands of their owner. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { colorCommand, createColors } from '../../bed/colors.ts'
import { createFlag, flip, observeCommand, switchCommand } from '../../bed/flag.ts'
import { temporaryFolder } from '../../bed/folder.ts'
import { colorPath, startNginx } from '../../bed/nginx.ts'
import { freePort } from '../../bed/ports.ts'
import type { Run } from '../act.ts'
import { app, type Ending, type Shop, textAt } from '../shop.ts'
import { endProcesses } from './processes.ts'

export async function openCommandShop(): Promise<Shop> {
  await using stack = new AsyncDisposableStack()
  const { path: folder } = stack.use(await temporaryFolder())
  const stateDirectory = join(folder, 'state')
  await createFlag(stateDirectory, null)
  const colors = await createColors(join(folder, 'colors'))
  stack.defer(() => endProcesses(`COLORS=${colors.environment.COLORS}`))
  const router = { folder: join(folder, 'nginx'), port: await freePort(), app, ports: colors.ports }
  const { url } = stack.use(await startNginx({ ...router, stateDirectory }))
  const owned = stack.move()
  return {
    folder,
    url,
    env: colors.environment,
    inputsOf: async ({ release, inputs }, ending) => {
      if (release && inputs.version) await misbehave(join(folder, 'colors', `${inputs.version}.env`), release)
      return {
        ...usual,
        url,
        'color-url': JSON.stringify({
          blue: `http://127.0.0.1:${colors.ports.blue}`,
          green: `http://127.0.0.1:${colors.ports.green}`,
        }),
        'state-directory': stateDirectory,
        commands: commandsIn(stateDirectory, ending),
        ...inputs,
      }
    },
    flip: (to) => flip(stateDirectory, to),
    named: () => textAt(url + colorPath(app)),
    facts: () => [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const misbehave = (file: string, variables: NonNullable<Run['release']>): Promise<void> =>
  writeFile(
    file,
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )

const commandsIn = (stateDirectory: string, { beforeRename, afterRename }: Ending): string =>
  JSON.stringify({
    observe: observeCommand(stateDirectory),
    switch: `${beforeRename}\n${switchCommand(stateDirectory)}\n${afterRename}`,
    deploy: colorCommand('start'),
    stop: colorCommand('stop'),
    status: colorCommand('status'),
  })

/** Everything short: the demo is over in half a minute. */
const usual = {
  target: 'command',
  app,
  'version-check': '{ path: /health, json: /version }',
  'identity-header': 'X-Color',
  'health-interval': '100ms',
  'health-timeout': '10s',
  bake: '2s',
  'sample-rate': '50/s',
  drain: '0s',
}
