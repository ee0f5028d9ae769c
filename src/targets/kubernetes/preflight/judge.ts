/** What the objects in the namespace say against a deployment, or what people should know before one. */
import { ChangeFailed, type Color, otherColor, type Problem, type Traffic } from '../../target.ts'
import type { Autoscaler, Deployment, Service } from '../objects.ts'
import { ownerOf } from '../ownership.ts'
import { readSelector } from '../router/colors.ts'
import { manifestOf, twinOf } from '../runtime/creation.ts'
import { containerOf } from '../runtime/patch.ts'
import type { KubernetesService, KubernetesSettings } from '../settings.ts'
import { autoscalerRemarks } from './autoscalers.ts'
import { backendProblems, backendRemarks } from './backends.ts'
import { ownerRemark } from './owners.ts'
import { differencesBetween } from './parity.ts'
import { type Growth, type Quota, quotaProblems } from './quotas.ts'

export interface Look {
  readonly settings: KubernetesSettings
  /** Of the cluster, for people. */
  readonly name: string
  /** null: the router may not be read. */
  readonly traffic: Traffic | null
  /** Those that the settings name, and there are. */
  readonly services: readonly Service[]
  /** All of the namespace. */
  readonly deployments: readonly Deployment[]
  readonly autoscalers: readonly Autoscaler[]
  readonly quotas: readonly Quota[]
}

export interface Judgment {
  readonly problems: readonly Problem[]
  /** What stops nothing. */
  readonly remarks: readonly string[]
}

export function judge(look: Look): Judgment {
  const { settings, autoscalers } = look
  const { manifests, services } = settings
  const live = liveColor(look)
  const isRendered = manifests.length > 0
  return {
    problems: [
      ...trafficProblems(look),
      ...(isRendered ? [] : backendProblems(look)),
      ...(isRendered ? [] : services.flatMap((service) => deploymentProblems(service, look))),
      ...(isRendered ? [] : quotaProblems(look.quotas, growthOf(look))),
    ],
    remarks: [
      ...(isRendered ? [] : services.flatMap((service) => parityRemarks(service, look))),
      ...services.flatMap((service) => ownerRemarks(service, look)),
      ...backendRemarks(look),
      ...services.flatMap((service) => autoscalerRemarks(service, autoscalers, live)),
    ],
  }
}

const colors = ['blue', 'green'] as const

const liveColor = ({ traffic }: Look): Color | null => (traffic?.kind === 'color' ? traffic.color : null)

const named = ({ deployments }: Look, name: string): Deployment | null =>
  deployments.find(({ metadata }) => metadata.name === name) ?? null

/** Mixed is what an operation cut short leaves, and the next one puts right. */
function trafficProblems({ traffic }: Look): readonly Problem[] {
  if (traffic?.kind !== 'unknown') return []
  return [{ setting: 'router', what: `${traffic.detail}.`, fix: traffic.repair.join('\n') }]
}

function deploymentProblems(service: KubernetesService, look: Look): readonly Problem[] {
  const { deployment } = service
  const there = colors.flatMap((color) => named(look, deployment[color]) ?? [])
  if (there.length === 0) return [missingDeployments(service, look)]
  const live = liveColor(look)
  const idle = live && named(look, deployment[otherColor(live)])
  return [
    ...there.flatMap((each) => containerProblems(each, service)),
    ...(live !== null && idle === null ? creationProblems(service, otherColor(live), look) : []),
    ...(idle?.spec.paused ? [pausedProblem(idle)] : []),
  ]
}

function missingDeployments({ deployment }: KubernetesService, { name, deployments }: Look): Problem {
  const there = deployments.map(({ metadata }) => metadata.name)
  return {
    setting: 'kube-deployment',
    what: `There is neither a Deployment ${deployment.blue} nor ${deployment.green} in ${name}.`,
    fix:
      there.length === 0
        ? `There is none at all: apply that of one color, ${deployment.blue}, and leave the other to the action. Or is it another namespace?`
        : `Those there are: ${there.join(', ')}. Say their names: \`kube-deployment: NAME-{color}\`, or a map of \`blue\` and \`green\`.`,
  }
}

function containerProblems(deployment: Deployment, { container }: KubernetesService): readonly Problem[] {
  try {
    containerOf(deployment, container)
    return []
  } catch (error) {
    if (!(error instanceof ChangeFailed)) throw error
    const names = deployment.spec.template.spec.containers.map(({ name }) => name)
    return [
      {
        setting: 'kube-container',
        what: error.message,
        fix: `Name the one that gets the image: ${names.map((name) => `\`kube-container: ${name}\``).join(' or ')}.`,
      },
    ]
  }
}

const pausedProblem = ({ metadata: { name } }: Deployment): Problem => ({
  setting: 'kube-deployment',
  what: `Deployment ${name} is paused, so that nothing new would start.`,
  fix: `kubectl rollout resume deployment/${name}`,
})

/** Whoever keeps the live one from Git would take away again what it did not make. */
function creationProblems(service: KubernetesService, idle: Color, look: Look): readonly Problem[] {
  const { settings } = look
  const { deployment } = service
  const live = named(look, deployment[otherColor(idle)])
  if (live === null) return []
  try {
    const selectors = look.services
      .filter(({ metadata }) => service.kubeServices.includes(metadata.name))
      .flatMap(({ spec: { selector } }) => (selector === undefined ? [] : [selector]))
    const twin = twinOf(live, idle, { deployment, ...settings, selectors })
    const owner = ownerOf(live)
    if (owner === null) return []
    return [
      {
        setting: 'kube-deployment',
        what: `There is no Deployment ${deployment[idle]}, and ${live.metadata.name}, which it would be made from, is kept by ${owner}: it would be taken away again.`,
        fix: `Commit it where that one is, and leave \`replicas\` out of both:\n${manifestOf(twin)}`,
      },
    ]
  } catch (error) {
    if (!(error instanceof ChangeFailed)) throw error
    return [
      {
        setting: 'kube-deployment',
        what: error.message,
        fix: `Give its pods a label of their color, or apply a Deployment ${deployment[idle]} yourself.`,
      },
    ]
  }
}

/** Both colors are there at once until the old one is retired. */
function growthOf(look: Look): readonly Growth[] {
  const color = liveColor(look)
  if (color === null) return []
  return look.settings.services.flatMap(({ deployment }) => {
    const live = named(look, deployment[color])
    const idle = named(look, deployment[otherColor(color)])
    const made = idle ?? live
    if (made === null) return []
    const wanted = Math.max(1, live?.spec.replicas ?? made.spec.replicas)
    return [{ deployment: made, pods: Math.max(0, wanted - (idle?.status.replicas ?? 0)) }]
  })
}

function parityRemarks({ deployment }: KubernetesService, look: Look): readonly string[] {
  const [blue, green] = colors.map((color) => named(look, deployment[color]))
  if (!blue || !green) return []
  const differences = differencesBetween(blue, green)
  if (differences.length === 0) return []
  return [
    `${deployment.blue} and ${deployment.green} differ by more than their release, so that one may fail where the other does not: ${differences.join('; ')}.`,
  ]
}

function ownerRemarks({ kubeServices, deployment }: KubernetesService, look: Look): readonly string[] {
  const { selectorKey, selectorValue } = look.settings
  const labelsOf = (color: Color) => named(look, deployment[color])?.spec.template.metadata?.labels ?? null
  const templates = { blue: labelsOf('blue'), green: labelsOf('green') }
  return look.services
    .filter(({ metadata }) => kubeServices.includes(metadata.name))
    .flatMap((service) => {
      const selector = service.spec.selector ?? {}
      const reading = readSelector({ selector, templates, selectorKey, selectorValue })
      return (reading.kind === 'color' && ownerRemark(service, reading.key)) || []
    })
}
