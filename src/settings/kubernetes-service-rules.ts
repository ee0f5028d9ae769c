/** What the services of an app on Kubernetes demand of each other. */

import type { KubernetesService } from '../targets/kubernetes/settings.ts'
import { serviceSettingsOf } from './build.ts'
import type { Values } from './catalog/catalog.ts'
import { listed } from './forms/choice.ts'
import { parseLabelName, parseObjectName } from './forms/kubernetes.ts'
import type { Parsed } from './forms/parsed.ts'
import { expand } from './forms/per-color.ts'
import type { ServiceSettings } from './forms/services.ts'
import { kubernetesServicesOf } from './kubernetes.ts'
import type { Fault } from './problem.ts'
import { type Context, demand } from './rule.ts'
import { settingOf } from './service-rules.ts'

const whatServicesAreMadeOf = [
  'app',
  'services',
  'router',
  'url',
  'color-url',
  'kube-service',
  'kube-deployment',
  'preview-service',
] as const

/** One service with a problem of its own may be what the others lack. */
export function brokenKubernetesServiceRules({ values, isUnknown }: Context): readonly Fault[] {
  if (whatServicesAreMadeOf.some(isUnknown)) return []
  const services = kubernetesServicesOf(values)
  return [
    namesThatFit,
    deploymentsOfTheirOwn,
    servicesOfTheirOwn,
    servicesOfUsers,
    previewOfItsOwn,
    startedInTime,
    askedChecks,
  ].flatMap((rule) => rule(services, values))
}

type ServiceRule = (services: readonly KubernetesService[], values: Values) => readonly Fault[]

const colors = ['blue', 'green'] as const

const isSelected = (values: Values) => values.router === null || values.router.kind === 'service'
const isReached = ({ kubeServices }: KubernetesService, values: Values) =>
  !isSelected(values) || kubeServices.length > 0

/** As the user would name it for this service alone. */
const ownSettingOf = (values: Values, service: string, key: keyof ServiceSettings): string =>
  values.services === null ? key : `services.${service}.${key}`

/** Names of apps and services may hold what names in Kubernetes may not. */
const namesThatFit: ServiceRule = (services, values) => [
  ...services.flatMap(({ name, kubeServices, deployment }) => [
    ...kubeServices.flatMap((one) => misfit(settingOf(values, name, 'kube-service'), one, parseLabelName)),
    ...misfit(settingOf(values, name, 'kube-deployment'), deployment.blue, parseObjectName),
  ]),
  ...routerNames(values).flatMap(([setting, text]) => misfit(setting, text, parseLabelName)),
]

const routerNames = ({ router, app }: Values): readonly (readonly [string, string])[] => {
  if (router?.kind !== 'ingress' && router?.kind !== 'httproute') return []
  const key = router.kind === 'ingress' ? 'service' : 'backend'
  return [[`router.${key}`, expand(router.backend.blue, { app: app ?? '' })]]
}

function misfit(setting: string, name: string, parse: (text: string) => Parsed<string>): readonly Fault[] {
  const parsed = parse(name)
  if (parsed.kind === 'value') return []
  return [{ setting, raw: name, why: parsed.why, nearest: parsed.nearest, subject: 'value' }]
}

const deploymentsOfTheirOwn: ServiceRule = (services, values) =>
  services.flatMap(({ name, deployment }, index) => {
    const twin = services
      .slice(0, index)
      .find((other) =>
        colors.some((color) => colors.some((one) => deployment[color] === other.deployment[one])),
      )
    if (!twin) return []
    const why = `names one Deployment, \`${deployment.blue}\`, for ${listed([twin.name, name], 'and')}`
    return [
      demand(settingOf(values, name, 'kube-deployment'), why, 'a name for each, such as `{service}-{color}`'),
    ]
  })

const servicesOfTheirOwn: ServiceRule = (services, values) => {
  const uses = services.flatMap(({ name, kubeServices }) =>
    kubeServices.map((service) => ({ name, service })),
  )
  return uses.flatMap(({ name, service }, index) => {
    const twin = uses.slice(0, index).find((other) => other.service === service)
    if (!twin) return []
    const why =
      twin.name === name
        ? `names \`${service}\` more than once`
        : `names one Service, \`${service}\`, for ${listed([twin.name, name], 'and')}`
    const each = 'a name for each, such as `{service}`'
    return [
      demand(settingOf(values, name, 'kube-service'), why, twin.name === name ? 'each Service once' : each),
    ]
  })
}

const serviceExample = 'the Service that users reach'

const servicesOfUsers: ServiceRule = (services, values) => {
  const lacking = services.filter(
    (service) => service.url !== null && !isReached(service, values) && service.start === 'before-switch',
  )
  if (lacking.length > 0) {
    return lacking.map(({ name }) =>
      demand(
        ownSettingOf(values, name, 'kube-service'),
        'is required with `url`: users reach pods through a Service',
        serviceExample,
      ),
    )
  }
  if (services.some((service) => isReached(service, values))) return []
  return values.services === null || values['kube-service'] !== null
    ? [demand('kube-service', 'is `none`, and nothing would be switched', serviceExample)]
    : [demand('services', 'name no Service: nothing would be switched', '`kube-service` where users come')]
}

const previewOfItsOwn: ServiceRule = (services, values) => {
  const preview = values['preview-service']
  const name = preview && expand(preview, { app: values.app ?? '' })
  if (name === null || !services.some(({ kubeServices }) => kubeServices.includes(name))) return []
  const why = `is \`${name}\`, which users reach: they would be sent to the idle color`
  return [demand('preview-service', why, 'another Service')]
}

const startedInTime: ServiceRule = (services, values) =>
  services
    .filter(
      ({ start, kubeServices, url }) => start === 'after-switch' && (kubeServices.length > 0 || url !== null),
    )
    .map(({ name }) =>
      demand(
        ownSettingOf(values, name, 'start'),
        'is `after-switch`, and users would be sent to it before it runs',
        '`before-switch`, or `kube-service: none` and no `url`',
      ),
    )

/** A check that nothing can ask would be taken for one that passes. */
const askedChecks: ServiceRule = (services, values) =>
  serviceSettingsOf(values)
    .filter(
      ({ name, colorUrl }) =>
        colorUrl === null && !services.some((one) => one.name === name && isReached(one, values)),
    )
    .flatMap(({ name }) =>
      (['health', 'version-check'] as const)
        .filter((key) => values.services?.[name]?.[key] !== undefined)
        .map((key) =>
          demand(
            `services.${name}.${key}`,
            'cannot be asked: the service has no `kube-service`, which names the port',
            '`kube-service`, or `color-url`; without them the probes of its pods alone say whether it is ready',
          ),
        ),
    )
