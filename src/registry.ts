/** Every target, by the name of the setting `target`, and the gates, which go with any of them. */
import { openAws } from './aws/open-aws.ts'
import { requestOf } from './checks/check.ts'
import type { Gate } from './checks/gate.ts'
import { sendRequest } from './checks/request.ts'
import { cloudWatchAlarms } from './gates/cloudwatch-alarms.ts'
import type { Connection } from './host/connection.ts'
import { localConnection } from './host/local-connection.ts'
import { sshConnection } from './host/ssh/ssh-connection.ts'
import type { Settings } from './settings/read.ts'
import { openCommandTarget } from './targets/command/command-target.ts'
import { openEcsTarget } from './targets/ecs/ecs-target.ts'
import type { PublicColor } from './targets/ecs/router/proof.ts'
import type { GateIntent, Intent } from './targets/intent.ts'
import { openKubernetesTarget } from './targets/kubernetes/kubernetes-target.ts'
import { AccessRefused, type Problem, type Surroundings, type Target } from './targets/target.ts'
import { fleetOf } from './targets/vps/fleet.ts'
import { openVpsTarget } from './targets/vps/vps-target.ts'

export function openTarget(
  settings: Settings,
  surroundings: Surroundings,
  environment: NodeJS.ProcessEnv,
): Target {
  const connections = settings.hosts.map((host) =>
    host === 'local' ? localConnection(environment) : sshConnection(host, surroundings),
  )
  switch (settings.target) {
    case 'command': {
      const [connection = localConnection(environment)] = connections
      const { command, intent } = settings
      return withRefusals(
        openCommandTarget({ settings: command, services: intent.services, connection, surroundings }),
      )
    }
    case 'kubernetes': {
      const { kubernetes, intent } = settings
      const uses = {
        forwards: intent.services.some(({ colorUrl }) => colorUrl === null),
        removes: intent.oldColor === 'remove',
      }
      return withRefusals(
        openKubernetesTarget({
          settings: kubernetes,
          surroundings,
          environment,
          uses,
          configuration: intent.configuration,
        }),
      )
    }
    case 'vps': {
      const { vps, intent } = settings
      const { configuration, services } = intent
      const images = services.flatMap(({ image }) => image ?? [])
      const openHost = (connection: Connection): Target =>
        withRefusals(
          openVpsTarget({
            settings: vps,
            connection,
            surroundings: connections.length > 1 ? speakingFor(connection, surroundings) : surroundings,
            configuration,
            images,
          }),
        )
      return fleetOf(
        connections.map((connection) => ({ host: connection.name, target: openHost(connection) })),
      )
    }
    case 'ecs': {
      const { ecs, intent } = settings
      return withRefusals(
        openEcsTarget({
          settings: ecs,
          surroundings,
          environment,
          colorUrls: Object.fromEntries(intent.services.map(({ name, colorUrl }) => [name, colorUrl])),
          publicColors: publicColorsOf(intent),
          // A rollback has no bake and no way back.
          undoTime: intent.mode === 'deploy' ? intent.bake + intent.rollbackTimeout : 0,
          keepsOldColor: intent.oldColor === 'keep',
          images: intent.services.flatMap(({ image }) => image ?? []),
          pause: () => 2_000 + 3_000 * Math.random(),
        }),
      )
    }
  }
}

/** Public URLs that can be asked which color answers there. */
const publicColorsOf = ({ services, identityHeader, health }: Intent): readonly PublicColor[] =>
  services.flatMap((service) => {
    const { url, verify } = service
    if (url === null || identityHeader === null) return []
    const ask = async (signal: AbortSignal): Promise<string | null> => {
      const limits = { timeout: health.requestTimeout, signal }
      const exchange = await sendRequest(
        { kind: 'url', url, headers: {} },
        requestOf(verify, service),
        limits,
      )
      if (exchange.kind === 'failed') return null
      return exchange.answer.headers[identityHeader.toLowerCase()] ?? null
    }
    return [{ url, ask }]
  })

export interface OpenGates {
  readonly gates: readonly Gate[]
  close(): void
}

export function openGates(
  intents: readonly GateIntent[],
  settings: Settings,
  { clock, signal, environment }: Pick<Surroundings, 'clock' | 'signal'> & { environment: NodeJS.ProcessEnv },
): OpenGates {
  if (intents.length === 0) return { gates: [], close: () => {} }
  const region = settings.target === 'ecs' ? settings.ecs.region : null
  const aws = openAws({ region, environment, clock, signal })
  const ambient = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || null
  return { gates: cloudWatchAlarms(intents, { aws, region: region ?? ambient }), close: aws.close }
}

/** Where there are several hosts, what each says begins with its name. */
const speakingFor = ({ name }: Connection, surroundings: Surroundings): Surroundings => ({
  ...surroundings,
  output: (source, text) => surroundings.output(`${name} ${source}`, text),
})

/** A host or a cluster that does not let us in is a problem of the settings like any other. */
const withRefusals = (target: Target): Target => ({
  ...target,
  preflight: async (): Promise<readonly Problem[]> => {
    try {
      return await target.preflight()
    } catch (error) {
      if (!(error instanceof AccessRefused)) throw error
      return [{ setting: error.setting, what: error.what, fix: error.fix }]
    }
  },
})
