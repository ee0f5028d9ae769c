/** What the services of an app on a VPS demand of each other. */
import type { VpsService } from '../targets/vps/settings.ts'
import { serviceSettingsOf } from './build.ts'
import type { Values } from './catalog/catalog.ts'
import { listed } from './forms/choice.ts'
import type { ServiceSettings } from './forms/services.ts'
import type { Fault } from './problem.ts'
import { type Context, demand } from './rule.ts'
import { isRouted, listenGiven, vpsServicesOf } from './vps.ts'

const whatServicesAreMadeOf = [
  'app',
  'services',
  'blue-port',
  'green-port',
  'url',
  'color-url',
  'router',
  'proxy-url',
  'compose-project',
  'compose-service',
] as const

/** One service with a problem of its own may be what the others lack. */
export function brokenVpsServiceRules({ values, isUnknown }: Context): readonly Fault[] {
  if (whatServicesAreMadeOf.some(isUnknown)) return []
  const services = vpsServicesOf(values)
  return [
    bothPorts,
    portsOfUsers,
    portsOfTheirOwn,
    portsToListenOn,
    startedInTime,
    wayToProve,
    composeServicesOfEachColor,
    composeServicesOfTheirOwn,
    askedChecks,
  ].flatMap((rule) => rule(services, values))
}

type ServiceRule = (services: readonly VpsService[], values: Values) => readonly Fault[]

const colors = ['blue', 'green'] as const

/** As a user would name it: settings of the only service may stand outside of `services`. */
const settingOf = (values: Values, service: string, key: keyof ServiceSettings): string =>
  values.services === null ? key : `services.${service}.${key}`

const bothPorts: ServiceRule = (services, values) =>
  services.filter(isRouted).flatMap(({ name, ports }) =>
    colors
      .filter((color) => ports[color] === null)
      .map((color) => {
        const other = color === 'blue' ? 'green-port' : 'blue-port'
        return demand(settingOf(values, name, `${color}-port`), `is required with \`${other}\``, portExample)
      }),
  )

const portExample = 'the port on 127.0.0.1 that the compose file of the color publishes'

const portsOfUsers: ServiceRule = (services, values) => {
  const why = 'nginx sends users to a port of each color'
  const lacking = services.filter((service) => !isRouted(service) && !startsLate(service) && service.url)
  if (lacking.length > 0) {
    return lacking.map(({ name }) =>
      demand(
        settingOf(values, name, 'blue-port'),
        `and \`green-port\` are required with \`url\`: ${why}`,
        portExample,
      ),
    )
  }
  if (services.some(isRouted)) return []
  return values.services === null
    ? [demand('blue-port', `and \`green-port\` are required: ${why}`, portExample)]
    : [demand('services', `name no port: ${why}`, '`blue-port` and `green-port` where users come')]
}

const portsOfTheirOwn: ServiceRule = (services, values) => {
  const listen = listenGiven(values) ?? {}
  const uses = [
    ...services.flatMap(({ name, ports }) =>
      colors.map((color) => ({ setting: settingOf(values, name, `${color}-port`), port: ports[color] })),
    ),
    ...(typeof listen === 'number'
      ? [{ setting: listenSetting, port: listen }]
      : Object.entries(listen).map(([name, port]) => ({ setting: `${listenSetting}.${name}`, port }))),
  ].filter(({ port }) => port !== null)
  return uses.flatMap(({ setting, port }, index) => {
    const first = uses.findIndex((other) => other.port === port)
    const taken = `is ${port}, and so is \`${uses[first]?.setting}\``
    return first < index ? [demand(setting, taken, 'a port that nothing else uses')] : []
  })
}

const listenSetting = 'router.nginx-flag.listen'

const portsToListenOn: ServiceRule = (services, values) => {
  const listen = listenGiven(values)
  const names = services.filter(isRouted).map(({ name }) => name)
  const each = `{ ${names.map((name) => `${name}: PORT`).join(', ')} }`
  if (listen === null || names.length === 0) return []
  if (typeof listen === 'number') {
    const why = `is one port, and ${listed(names, 'and')} need one each`
    return names.length === 1 ? [] : [demand(listenSetting, why, `\`${each}\``)]
  }
  const strangers = Object.keys(listen).filter((name) => !names.includes(name))
  const missing = names.filter((name) => !Object.hasOwn(listen, name))
  return [
    ...strangers.map((name) =>
      demand(`${listenSetting}.${name}`, 'names no service with ports', `\`${each}\``),
    ),
    ...missing.map((name) => demand(`${listenSetting}.${name}`, 'is missing', `\`${each}\``)),
  ]
}

const startsLate = ({ start }: VpsService): boolean => start === 'after-switch'

const startedInTime: ServiceRule = (services, values) =>
  services
    .filter((service) => startsLate(service) && (isRouted(service) || service.url !== null))
    .map(({ name }) =>
      demand(
        settingOf(values, name, 'start'),
        'is `after-switch`, and users would be sent to it before it runs',
        '`before-switch`, or neither ports nor `url`',
      ),
    )

/** The switch server answers on the host itself, so with one nothing else is needed. */
const wayToProve: ServiceRule = (services, values) => {
  if (values['proxy-url'] !== null || listenGiven(values) || services.some(({ url }) => url !== null))
    return []
  const [first] = services.filter(isRouted)
  return [
    demand(
      first ? settingOf(values, first.name, 'url') : 'url',
      'or `proxy-url` is required: the switch is proven by asking nginx on the host',
      'the public URL, or the URL at which nginx answers on the host',
    ),
  ]
}

/** In one project a second service of the same name is the first one again. */
const composeServicesOfEachColor: ServiceRule = (services, values) => {
  const project = values['compose-project']
  if (project === null || project.blue !== project.green) return []
  const shared = services.find(({ composeService: own }) => own !== null && own.blue === own.green)
  if (!shared) return []
  const why = `is \`${shared.composeService?.blue}\` for both colors, as \`compose-project\` is the same: deploying one would replace the other`
  const apart = 'a name with `{color}`, or `{color}` in `compose-project`'
  return [demand(composeServiceSetting(values, shared.name), why, apart)]
}

const composeServicesOfTheirOwn: ServiceRule = (services, values) =>
  services.flatMap((service, index) => {
    const twin = services
      .slice(0, index)
      .find((other) =>
        colors.some(
          (color) =>
            service.composeService !== null &&
            service.composeService[color] === other.composeService?.[color],
        ),
      )
    if (!twin) return []
    const why = `names one service of the compose file for ${listed([twin.name, service.name], 'and')}`
    const each = 'a name for each, such as `{service}-{color}`'
    return [demand(composeServiceSetting(values, service.name), why, each)]
  })

const composeServiceSetting = (values: Values, service: string) =>
  values.services?.[service]?.['compose-service'] ? `services.${service}.compose-service` : 'compose-service'

/** A check that nothing can ask would be taken for one that passes. */
const askedChecks: ServiceRule = (services, values) =>
  serviceSettingsOf(values)
    .filter(
      ({ name, colorUrl }) =>
        colorUrl === null && !services.some((one) => one.name === name && isRouted(one)),
    )
    .flatMap(({ name }) =>
      (['health', 'version-check'] as const)
        .filter((key) => values.services?.[name]?.[key] !== undefined)
        .map((key) =>
          demand(
            `services.${name}.${key}`,
            'cannot be asked: the service has no ports',
            '`blue-port` and `green-port`, or `color-url`; without them compose alone says whether it is healthy',
          ),
        ),
    )
