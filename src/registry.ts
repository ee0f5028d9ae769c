/** Every target, by the name of the setting `target`. */
import { localConnection } from './host/local-connection.ts'
import { HostRefused } from './host/ssh/host-refused.ts'
import { sshConnection } from './host/ssh/ssh-connection.ts'
import type { Settings } from './settings/read.ts'
import { openCommandTarget } from './targets/command/command-target.ts'
import type { Problem, Surroundings, Target } from './targets/target.ts'
import { openVpsTarget } from './targets/vps/vps-target.ts'

export function openTarget(
  settings: Settings,
  surroundings: Surroundings,
  environment: NodeJS.ProcessEnv,
): Target {
  const [host = 'local', ...others] = settings.hosts
  const connection = host === 'local' ? localConnection(environment) : sshConnection(host, surroundings)
  switch (settings.target) {
    case 'command':
      return withRefusals(
        openCommandTarget({
          settings: settings.command,
          services: settings.intent.services,
          connection,
          surroundings,
        }),
      )
    case 'vps':
      return onOneHost(
        withRefusals(
          openVpsTarget({
            settings: settings.vps,
            connection,
            surroundings,
            configuration: settings.intent.configuration,
            images: settings.intent.services.flatMap(({ image }) => image ?? []),
          }),
        ),
        others.length + 1,
      )
  }
}

/** A release on the first of several hosts alone would be worse than none. */
function onOneHost(target: Target, hosts: number): Target {
  if (hosts === 1) return target
  const problem: Problem = {
    setting: 'ssh-host',
    what: `It names ${hosts} hosts, and one operation over several is not available yet in this version.`,
    fix: 'Name one host; deploy to each in a step or job of its own.',
  }
  return { ...target, preflight: async () => [problem] }
}

/** A host that does not let us in is a problem of the settings like any other. */
const withRefusals = (target: Target): Target => ({
  ...target,
  preflight: async (): Promise<readonly Problem[]> => {
    try {
      return await target.preflight()
    } catch (error) {
      if (!(error instanceof HostRefused)) throw error
      return [{ setting: error.setting, what: error.what, fix: error.fix }]
    }
  },
})
