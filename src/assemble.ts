/** Puts a world together: what the engine works with, from the settings and the machine it runs on. */
import { randomUUID } from 'node:crypto'
import { systemClock } from './clock.ts'
import type { Report } from './deployment/report.ts'
import type { World } from './deployment/world.ts'
import { readOwner } from './github/owner.ts'
import { localConnection } from './host/local-connection.ts'
import { openLocalDoor } from './host/local-door.ts'
import { runOnRunner } from './host/runner-hook.ts'
import { openGates, openTarget } from './registry.ts'
import type { Settings } from './settings/read.ts'
import type { GateIntent } from './targets/intent.ts'

interface Parts {
  readonly settings: Settings
  /** Those that are watched: post watches none. */
  readonly gates: readonly GateIntent[]
  readonly environment: NodeJS.ProcessEnv
  readonly nonce: string
  readonly report: Report
  readonly controller: AbortController
  /** A folder on the runner that is ours alone. */
  readonly folder: string
  readonly keep: World['keep']
  readonly recorded: World['recorded']
}

interface Assembled extends World {
  close(): Promise<void>
}

export function assembleWorld(parts: Parts): Assembled {
  const { settings, environment, report, controller, folder } = parts
  const { intent, secrets } = settings
  const { signal } = controller
  const output = (source: string, text: string) => report({ kind: 'output', source, text })
  const target = openTarget(
    settings,
    {
      app: intent.app,
      leaseTtl: intent.leaseTtl,
      deployTimeout: intent.deployTimeout,
      clock: systemClock,
      signal,
      output,
      secrets,
    },
    environment,
  )
  const { gates, close: closeGates } = openGates(parts.gates, settings, {
    clock: systemClock,
    signal,
    environment,
  })
  const runner = localConnection(environment)
  return {
    intent,
    target,
    gates,
    owner: readOwner(environment, parts.nonce),
    clock: systemClock,
    signal,
    interrupt: (reason) => controller.abort(reason),
    report,
    keep: parts.keep,
    recorded: parts.recorded,
    runOnRunner: (hook, env) =>
      runOnRunner(runner, {
        hook,
        env,
        folder,
        output: (text) => output('hook', text),
        signal,
        clock: systemClock,
      }),
    openDoor: (reach) =>
      openLocalDoor(reach, {
        signal,
        onRefused: (why) => output('hook', `The way to ${reach.url} is closed: ${why}\n`),
      }),
    randomId: randomUUID,
    random: Math.random,
    close: () => {
      closeGates()
      return target.close()
    },
  }
}
