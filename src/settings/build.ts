/** The settings as the engine sees them. */
import { createHash } from 'node:crypto'
import { type CommandSettings, commandNames } from '../targets/command/settings.ts'
import {
  type HookName,
  hookNames,
  type Intent,
  type JobStatus,
  type Mode,
  type ServiceIntent,
} from '../targets/intent.ts'
import type { Hook, PerColor } from '../targets/target.ts'
import { catalog, type SettingName, type Values } from './catalog/catalog.ts'
import { ecsSettingsOf } from './ecs.ts'
import { expand } from './forms/per-color.ts'
import type { ServiceSettings } from './forms/services.ts'
import { kubernetesSettingsOf } from './kubernetes.ts'
import { vpsSettingsOf } from './vps.ts'

export function intentOf(values: Values, environment: Readonly<Record<string, string>>): Intent {
  return {
    app: appOf(values),
    mode: values.mode,
    dryRun: values['dry-run'],
    version: versionOf(values, environment),
    services: serviceSettingsOf(values),
    targetColor: values['target-color'],
    health: {
      successes: values['health-successes'],
      interval: values['health-interval'],
      timeout: values['health-timeout'],
      requestTimeout: values['request-timeout'],
      skip: values['skip-health-check'],
    },
    identityHeader: values['identity-header'],
    bake: values.bake,
    sampleRate: values['sample-rate'],
    maxErrorRate: values['max-error-rate'],
    maxP99: values['max-p99'],
    gates: gatesOf(values),
    hooks: hooksOf(values),
    migrateRerun: values['migrate-rerun'],
    noRollback: values['no-rollback'],
    deployTimeout: values['deploy-timeout'],
    drain: values.drain,
    rollbackTimeout: values['rollback-timeout'],
    oldColor: values['old-color'],
    onFailure: values['on-failure'],
    goesBackOn: statusesToGoBackOn[values['rollback-on-job-failure']],
    lockWait: values['lock-wait'],
    leaseTtl: values['lease-ttl'],
    force: values.force,
    reason: values.reason,
    diagnostics:
      values.diagnostics ?? (environment.GITHUB_REPOSITORY_VISIBILITY === 'public' ? 'log' : 'summary'),
    configuration: configurationOf(values),
  }
}

export function commandSettingsOf(values: Values): CommandSettings {
  return {
    stateDirectory: expand(values['state-directory'], { app: appOf(values) }),
    commands: byName(commandNames, (name) => values.commands?.[name] ?? []),
  }
}

export const serviceSettingsOf = (values: Values): readonly ServiceIntent[] =>
  Object.entries(values.services ?? { [appOf(values)]: {} }).map(([name, own]) =>
    serviceOf(name, own, values),
  )

function serviceOf(name: string, own: ServiceSettings, values: Values): ServiceIntent {
  const counts = (setting: SettingName) => catalog[setting].modes.includes(values.mode)
  const colorUrl = (counts('color-url') && own['color-url']) || values['color-url']
  const health = (counts('health-path') && own.health) || values['health-path']
  const known = { app: appOf(values), service: name }
  return {
    name,
    image: (counts('image') && own.image) || values.image,
    url: (counts('url') && own.url) || values.url,
    colorUrl: colorUrl && { blue: expand(colorUrl.blue, known), green: expand(colorUrl.green, known) },
    health,
    verify: (counts('verify-path') && own.verify) || (values['verify-path'] ?? health),
    versionCheck: (counts('version-check') && own['version-check']) || values['version-check'],
    start: own.start ?? 'before-switch',
  }
}

const versionedByCommit: readonly Mode[] = ['deploy', 'stage']

const versionOf = (values: Values, environment: Readonly<Record<string, string>>) =>
  values.version ?? (versionedByCommit.includes(values.mode) ? environment.GITHUB_SHA || null : null)

const statusesToGoBackOn: Readonly<Record<Values['rollback-on-job-failure'], readonly JobStatus[]>> = {
  true: ['failure'],
  'failure-or-cancelled': ['failure', 'cancelled'],
  false: [],
}

const gatesOf = ({ gates, mode }: Values): Intent['gates'] => {
  const hasBake = catalog.bake.modes.includes(mode)
  return (gates ?? []).filter(({ during }) => hasBake || during === 'health')
}

const hooksOf = (values: Values): Intent['hooks'] =>
  byName<HookName, readonly Hook[]>(hookNames, (name) => values[name] ?? [])

/** A required setting: it is there once no problem was found. */
const appOf = (values: Values) => values.app ?? ''

/**
 * Of what runs a release: the command that deploys, with its environment, or what compose or the cluster is given; and the services. Version
 * and images are told apart by themselves, and how a release is fetched, checked or stopped does not change it.
 */
function configurationOf(values: Values): string {
  return createHash('sha256')
    .update(JSON.stringify(sentOf(values)))
    .digest('hex')
    .slice(0, 12)
}

function sentOf(values: Values): unknown {
  switch (values.target) {
    case 'vps':
      return sentToVps(values)
    case 'kubernetes':
      return sentToKubernetes(values)
    case 'ecs':
      return sentToEcs(values)
    default:
      return sentToCommands(values)
  }
}

function sentToCommands(values: Values): unknown {
  const deploy = (values.commands?.deploy ?? []).map(({ run, where, env }) => [
    run,
    where,
    Object.entries(env).sort(),
  ])
  const services = serviceSettingsOf(values).map(({ name }) => name)
  return [deploy, services.sort()]
}

function sentToVps(values: Values): unknown {
  const { directory, compose, envFile, services } = vpsSettingsOf(values)
  const started = services
    .map(({ name, ports, composeService, composeProfile, start }) => [
      name,
      colorsOf(ports),
      composeService && colorsOf(composeService),
      composeProfile && colorsOf(composeProfile),
      start,
    ])
    .sort()
  const env = envFile && [envFile.content, colorsOf(envFile.path)]
  return [directory, colorsOf(compose.files), compose.project && colorsOf(compose.project), env, started]
}

/** Manifests count by their names: what stands in them is known where they are read. */
function sentToKubernetes(values: Values): unknown {
  const { namespace, manifests, services } = kubernetesSettingsOf(values)
  const started = services
    .map(({ name, deployment, container, start }) => [name, colorsOf(deployment), container, start])
    .sort()
  return [namespace, manifests, started]
}

/** The rest of a task definition is that of the live color. */
function sentToEcs(values: Values): unknown {
  const { cluster, services } = ecsSettingsOf(values)
  const started = services
    .map(({ name, ecsService, container, start }) => [name, colorsOf(ecsService), container, start])
    .sort()
  return [cluster, started]
}

const colorsOf = <T>({ blue, green }: PerColor<T>): readonly T[] => [blue, green]

const byName = <N extends string, T>(names: readonly N[], value: (name: N) => T): Readonly<Record<N, T>> =>
  Object.fromEntries(names.map((name) => [name, value(name)])) as Record<N, T>
