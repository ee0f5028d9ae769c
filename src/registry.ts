/** Every target, by the name of the setting `target`. */
import { localConnection } from './host/local-connection.ts'
import type { Settings } from './settings/read.ts'
import { openCommandTarget } from './targets/command/command-target.ts'
import type { Surroundings, Target } from './targets/target.ts'

export function openTarget(
  settings: Settings,
  surroundings: Surroundings,
  environment: NodeJS.ProcessEnv,
): Target {
  switch (settings.target) {
    case 'command':
      return openCommandTarget({
        settings: settings.command,
        services: settings.intent.services,
        connection: localConnection(environment),
        surroundings,
      })
  }
}
