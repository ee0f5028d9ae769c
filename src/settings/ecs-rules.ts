/** What the settings of ECS demand of each other. */

import type { EcsService } from '../targets/ecs/settings.ts'
import { serviceSettingsOf } from './build.ts'
import type { Values } from './catalog/catalog.ts'
import { ecsServicesOf, ecsSettingsOf } from './ecs.ts'
import { listed } from './forms/choice.ts'
import { formatDuration } from './forms/duration.ts'
import { parseEcsName } from './forms/ecs.ts'
import type { Fault } from './problem.ts'
import { type Context, demand } from './rule.ts'
import { hooksAtTarget, missingImages, settingOf } from './service-rules.ts'

export const brokenEcsRules = (context: Context): readonly Fault[] =>
  [
    routesToMove,
    eachRouteOnce,
    oneRegion,
    nameOfTheLock,
    imagesToRun,
    headersForSomething,
    longLease,
    hooksOnTheRunner,
    brokenServiceRules,
  ].flatMap((rule) => rule(context))

const whatRoutesAreMadeOf = ['app', 'services', 'listener-arn', 'rule-arn'] as const

function routesToMove({ values, isUnknown }: Context): readonly Fault[] {
  if (whatRoutesAreMadeOf.some(isUnknown) || ecsSettingsOf(values).routes.length > 0) return []
  return [
    demand(
      'listener-arn',
      'or `rule-arn` is required: it is where traffic is moved',
      'the ARN of the listener or of the rule whose forward action names the target group of the live color',
    ),
  ]
}

/** Two changes of one forward action would each undo the other. */
function eachRouteOnce({ values, isUnknown }: Context): readonly Fault[] {
  if (whatRoutesAreMadeOf.some(isUnknown)) return []
  const { routes } = ecsSettingsOf(values)
  const twice = routes.filter(({ arn }, index) => routes.findIndex((other) => other.arn === arn) < index)
  return [...new Map(twice.map((route) => [route.arn, route])).values()].map(({ kind, arn }) =>
    demand(`${kind}-arn`, `names \`${arn}\` more than once`, 'each of them once'),
  )
}

const regionOf = (arn: string): string => arn.split(':')[3] ?? ''

function oneRegion({ values, isUnknown }: Context): readonly Fault[] {
  if (([...whatRoutesAreMadeOf, 'aws-region', 'cluster'] as const).some(isUnknown)) return []
  const { region, cluster, routes } = ecsSettingsOf(values)
  const arns = [...(cluster.startsWith('arn:') ? [cluster] : []), ...routes.map(({ arn }) => arn)]
  const regions = new Set([...(region === null ? [] : [region]), ...arns.map(regionOf)])
  if (regions.size < 2) return []
  const why = `and the ARNs name more than one region: ${listed([...regions], 'and')}`
  return [demand('aws-region', why, 'one region for the cluster and its load balancer')]
}

/** An app whose name AWS would keep for itself has a path of its own to name. */
function nameOfTheLock({ values, isUnknown }: Context): readonly Fault[] {
  if (isUnknown('app') || isUnknown('lock-parameter')) return []
  const { lockParameter } = ecsSettingsOf(values)
  if (!/^\/(aws|ssm)/i.test(lockParameter)) return []
  const why = `is \`${lockParameter}\`: what begins with \`/aws\` or \`/ssm\` AWS keeps for itself`
  return [demand('lock-parameter', why, 'another path, such as `/blue-green/{app}`')]
}

/** A task definition that is left as it is would run what it ran two releases ago. */
function imagesToRun({ values, isUnknown }: Context): readonly Fault[] {
  if (values.mode !== 'deploy') return []
  if ((['mode', 'app', 'image', 'services'] as const).some(isUnknown)) return []
  return missingImages(values, 'the idle ECS service', 'an image with its tag or digest')
}

function headersForSomething({ values, isUnknown }: Context): readonly Fault[] {
  if (values['test-headers'] === null || isUnknown('color-url') || isUnknown('services')) return []
  if (serviceSettingsOf(values).some(({ colorUrl }) => colorUrl !== null)) return []
  return [
    demand(
      'test-headers',
      'are sent with `color-url` alone, and there is none',
      '`color-url` with the URL of the test listener or rule',
    ),
  ]
}

/** No change is begun in the last third of a lease, and an answer of AWS may be that slow when it throttles. */
const shortestLease = 60_000

function longLease({ values, isUnknown }: Context): readonly Fault[] {
  const ttl = values['lease-ttl']
  if (isUnknown('lease-ttl') || ttl >= shortestLease) return []
  const why = `is too short for AWS: \`${formatDuration(ttl)}\``
  return [demand('lease-ttl', why, `at least \`${formatDuration(shortestLease)}\``)]
}

const hooksOnTheRunner = ({ values }: Context): readonly Fault[] =>
  hooksAtTarget(
    values,
    'ECS has no host for commands',
    () => 'a task, started and waited for on the runner: `aws ecs run-task` and `aws ecs wait tasks-stopped`',
  )

/** One service with a problem of its own may be what the others lack. */
function brokenServiceRules({ values, isUnknown }: Context): readonly Fault[] {
  if (([...whatRoutesAreMadeOf, 'url', 'ecs-service', 'color-url'] as const).some(isUnknown)) return []
  const services = ecsServicesOf(values)
  return [namesThatFit, servicesOfTheirOwn, startedInTime, askedChecks].flatMap((rule) =>
    rule(services, values),
  )
}

type ServiceRule = (services: readonly EcsService[], values: Values) => readonly Fault[]

/** Names of apps and services may hold what names in ECS may not. */
const namesThatFit: ServiceRule = (services, values) =>
  services.flatMap(({ name, ecsService: { blue } }) => {
    const parsed = parseEcsName(blue)
    if (parsed.kind === 'value') return []
    const { why, nearest } = parsed
    return [
      { setting: settingOf(values, name, 'ecs-service'), raw: blue, why, nearest, subject: 'value' as const },
    ]
  })

const servicesOfTheirOwn: ServiceRule = (services, values) =>
  services.flatMap(({ name, ecsService }, index) => {
    const { blue, green } = ecsService
    const setting = settingOf(values, name, 'ecs-service')
    if (blue === green)
      return [demand(setting, `names \`${blue}\` for both colors`, 'an ECS service for each color')]
    const twin = services
      .slice(0, index)
      .find((other) =>
        [other.ecsService.blue, other.ecsService.green].some((one) => one === blue || one === green),
      )
    if (twin === undefined) return []
    const why = `names one ECS service, \`${blue}\`, for ${listed([twin.name, name], 'and')}`
    return [demand(setting, why, 'a name for each, such as `{service}-{color}`')]
  })

const startedInTime: ServiceRule = (services, values) =>
  services
    .filter(({ start, routes, url }) => start === 'after-switch' && (routes.length > 0 || url !== null))
    .map(({ name }) =>
      demand(
        values.services === null ? 'start' : `services.${name}.start`,
        'is `after-switch`, and users would be sent to it before it runs',
        '`before-switch`, or no `url`, `listener-arn` and `rule-arn`',
      ),
    )

/** A check that nothing can ask would be taken for one that passes. */
const askedChecks: ServiceRule = (_, values) =>
  serviceSettingsOf(values)
    .filter(({ name, colorUrl }) => colorUrl === null && values.services?.[name]?.health !== undefined)
    .map(({ name }) =>
      demand(
        `services.${name}.health`,
        'cannot be asked: nothing leads to the idle color',
        '`color-url` with the URL of the test listener or rule; without both the health of its targets alone says whether it is ready',
      ),
    )
