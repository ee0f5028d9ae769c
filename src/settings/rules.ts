/** What settings demand of each other. */
import type { CommandName } from '../targets/command/settings.ts'
import { serviceSettingsOf } from './build.ts'
import { catalog, type Values } from './catalog/catalog.ts'
import { targetNames } from './catalog/setting.ts'
import { brokenEcsRules } from './ecs-rules.ts'
import { listed } from './forms/choice.ts'
import { formatDuration } from './forms/duration.ts'
import { formatRate } from './forms/rate.ts'
import { brokenKubernetesRules } from './kubernetes-rules.ts'
import type { Fault } from './problem.ts'
import { belongsElsewhere } from './refusals.ts'
import { type Context, demand } from './rule.ts'
import { isLocal, sshRules } from './ssh.ts'
import { brokenVpsRules } from './vps-rules.ts'
import { isList, isMap, type Raw } from './yaml.ts'

export const brokenRules = (context: Context): readonly Fault[] =>
  [
    requiredSettings,
    requiredVersion,
    requiredCommands,
    wayToTheIdleColor,
    colorUrlsApart,
    onlyService,
    enoughSamples,
    bakeToWatch,
    keptLedger,
    routerOfTheTarget,
    ...sshRules,
    vpsRules,
    kubernetesRules,
    ecsRules,
  ].flatMap((rule) => rule(context))

const vpsRules = (context: Context) => (context.values.target === 'vps' ? brokenVpsRules(context) : [])
const kubernetesRules = (context: Context) =>
  context.values.target === 'kubernetes' ? brokenKubernetesRules(context) : []
const ecsRules = (context: Context) => (context.values.target === 'ecs' ? brokenEcsRules(context) : [])

function requiredSettings({ values, isUnknown }: Context): readonly Fault[] {
  const faults: Fault[] = []
  if (values.target === null && !isUnknown('target')) {
    faults.push(demand('target', 'is required', listed(targetNames)))
  }
  if (values.app === null && !isUnknown('app')) {
    faults.push(demand('app', 'is required', 'the name of the app, such as `shop`'))
  }
  return faults
}

function requiredVersion({ values, environment, isUnknown }: Context): readonly Fault[] {
  const known = values.version ?? environment.GITHUB_SHA
  if (known || values.mode !== 'deploy' || isUnknown('mode') || isUnknown('version')) return []
  return [demand('version', 'is required where `GITHUB_SHA` does not name a commit', 'one line of text')]
}

/** Without `observe` nothing is known; deploying and rolling back use the same commands. */
const commandsOfModes: Readonly<Record<Values['mode'], readonly CommandName[]>> = {
  deploy: ['observe', 'deploy', 'switch', 'stop'],
  rollback: ['observe', 'deploy', 'switch', 'stop'],
  cleanup: ['observe', 'stop'],
  status: ['observe'],
  unlock: ['observe'],
}

const commandPurposes: Readonly<Partial<Record<CommandName, string>>> = {
  observe: 'a command whose last line of output is `blue`, `green` or `none`: the color that users reach',
  deploy: 'a command that starts the release on `$BLUE_GREEN_COLOR`',
  switch: 'a command that sends users to `$BLUE_GREEN_COLOR`',
  stop: 'a command that stops `$BLUE_GREEN_COLOR`',
  remove: 'a command that removes `$BLUE_GREEN_COLOR`',
}

function requiredCommands(context: Context): readonly Fault[] {
  const { values, isUnknown } = context
  const missing = missingCommands(context)
  if (values.target !== 'command' || missing === null || isUnknown('mode')) return []
  const faults = commandsOfModes[values.mode]
    .filter(missing)
    .map((name) =>
      demand(
        `commands.${name}`,
        `is required in mode \`${values.mode}\``,
        commandPurposes[name] ?? 'a command',
      ),
    )
  if (values['old-color'] !== 'remove' || !missing('remove')) return faults
  return [
    ...faults,
    demand('commands.remove', 'is required for `old-color: remove`', commandPurposes.remove ?? 'a command'),
  ]
}

/** A command with a problem of its own is not missing; null where there is no map to look into. */
function missingCommands({ raw, isUnknown }: Context): ((name: CommandName) => boolean) | null {
  const commands = raw('commands') ?? (isUnknown('commands') ? '' : {})
  if (!isMap(commands)) return null
  return (name) => commands[name] === undefined || (isList(commands[name]) && commands[name].length === 0)
}

const checkedModes: readonly string[] = ['deploy', 'rollback']

/** No traffic goes to a color that nothing can ask whether it is well. */
function wayToTheIdleColor(context: Context): readonly Fault[] {
  const { values, isUnknown } = context
  const missing = missingCommands(context)
  if (values.target !== 'command' || !checkedModes.includes(values.mode)) return []
  if (values['skip-health-check'] || !missing?.('ready')) return []
  if ((['mode', 'color-url', 'services', 'skip-health-check'] as const).some(isUnknown)) return []
  return serviceSettingsOf(values)
    .filter(({ colorUrl }) => colorUrl === null)
    .map(({ name }) =>
      demand(
        values.services === null ? 'color-url' : `services.${name}.color-url`,
        'or `commands.ready` is required: otherwise nothing can check the idle color before users reach it',
        'a URL with `{color}`, or a map `{ blue: …, green: … }`',
      ),
    )
}

/** A check that cannot tell the colors apart would pass for the color that is live. Whoever names both means it. */
function colorUrlsApart({ values, raw, isUnknown }: Context): readonly Fault[] {
  if (isUnknown('color-url') || isUnknown('services') || isUnknown('test-headers')) return []
  if (Object.values(values['test-headers'] ?? {}).some((value) => value.includes('{color}'))) return []
  const remedy = values.target === 'ecs' ? ', or `{color}` in a value of `test-headers`' : ''
  const places = [
    { setting: 'color-url', given: raw('color-url'), url: values['color-url'] },
    ...Object.entries(values.services ?? {}).map(([name, { 'color-url': url }]) => ({
      setting: `services.${name}.color-url`,
      given: at(at(raw('services'), name), 'color-url'),
      url,
    })),
  ]
  return places
    .filter(({ given, url }) => typeof given === 'string' && url && url.blue === url.green)
    .map(({ setting, given }) => ({
      setting,
      raw: given,
      why: 'names the same thing for both colors',
      accepted: `a URL with \`{color}\`, or a map \`{ blue: …, green: … }\`${remedy}`,
      subject: 'value',
    }))
}

const at = (map: Raw | undefined, key: string): Raw | undefined =>
  map !== undefined && isMap(map) ? map[key] : undefined

function onlyService({ values }: Context): readonly Fault[] {
  const names = Object.keys(values.services ?? {})
  if (names.length < 2) return []
  return (['image', 'url', 'blue-port', 'green-port'] as const)
    .filter((name) => values[name] !== null)
    .map((name) => ({
      setting: name,
      why: `is for an app with one service, and \`services\` names ${names.length}`,
      accepted: names.map((service) => `\`services.${service}.${name}\``).join(', '),
      subject: 'setting',
    }))
}

/** Fewer samples have no hundredth to speak of. */
const fewestSamples = 500

function enoughSamples({ values, isUnknown }: Context): readonly Fault[] {
  const { bake, 'sample-rate': rate, 'max-p99': limit } = values
  if (limit === null || isUnknown('bake') || isUnknown('sample-rate')) return []
  const samples = Math.floor((bake / 1000) * rate)
  if (samples >= fewestSamples) return []
  const remedies: string[] = []
  if (rate > 0) remedies.push(`\`bake: ${formatDuration(Math.ceil(fewestSamples / rate) * 1000)}\``)
  if (bake > 0) remedies.push(`\`sample-rate: ${formatRate(Math.ceil((fewestSamples * 1000) / bake))}\``)
  const product = `\`bake: ${formatDuration(bake)}\` × \`sample-rate: ${formatRate(rate)}\` gives ${samples}`
  return [
    demand(
      'max-p99',
      `needs at least ${fewestSamples} samples, and ${product}`,
      remedies.join(' or ') || '`bake: 100s` with `sample-rate: 5/s`',
    ),
  ]
}

function bakeToWatch({ values, isUnknown }: Context): readonly Fault[] {
  const { gates, bake, mode } = values
  const watched = gates?.findIndex(({ during }) => during === 'bake') ?? -1
  if (watched < 0 || bake > 0 || !catalog.bake.modes.includes(mode) || isUnknown('bake')) return []
  return [
    demand(
      `gates.${watched}.during`,
      'is `bake`, and `bake: 0s` leaves no time to watch',
      '`bake: 2m`, or as long as the alarm takes to see the new color; or `during: health`',
    ),
  ]
}

function routerOfTheTarget({ values: { router, target } }: Context): readonly Fault[] {
  if (router === null || (target !== 'vps' && target !== 'kubernetes')) return []
  const owner = router.kind === 'nginx-flag' ? 'vps' : 'kubernetes'
  if (owner === target) return []
  const why = `names \`${router.kind}\`, which ${belongsElsewhere([owner], target)}`
  const own = target === 'vps' ? '`nginx-flag`' : '`service`, `{ ingress: NAME }` or `{ httproute: NAME }`'
  return [demand('router', why, own)]
}

function keptLedger({ values, environment, isUnknown }: Context): readonly Fault[] {
  if (values.target !== 'command' || environment.RUNNER_ENVIRONMENT !== 'github-hosted') return []
  if (isUnknown('ssh-host') || !isLocal(values)) return []
  return [
    demand(
      'ledger',
      'would vanish with this machine: the lock and the history are files in `state-directory`, and a GitHub-hosted runner is thrown away after the job',
      '`ssh-host`, so that commands and files are on your host, or a self-hosted runner (`runs-on: self-hosted`)',
    ),
  ]
}
