/** What is to be said of a Service whose color cannot be told, and what a person does about it. */
import { shell } from '../../../host/script.ts'
import { type Color, otherColor, type PerColor, type Traffic } from '../../target.ts'
import { pointer } from '../names.ts'
import type { Deployment } from '../objects.ts'
import type { KubernetesService } from '../settings.ts'
import { type ColorKey, colorOf, type Labels, mismatches, type Reading } from './colors.ts'
import { kubectl, mergePatch, selectorPatch, type Where } from './commands.ts'

export type Advice = Pick<Extract<Traffic, { kind: 'unknown' }>, 'detail' | 'repair'>

export interface Unread {
  readonly where: Where
  /** Of the Service in the cluster. */
  readonly name: string
  readonly app: KubernetesService
  readonly selector: Labels
  readonly deployments: readonly Deployment[]
}

export const labelsOf = ({ spec }: Deployment): Labels => spec.template.metadata?.labels ?? {}

const colors = ['blue', 'green'] as const

export const textOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ') || 'nothing'

const valuesText = ({ key, values }: ColorKey): string =>
  `${key} (${values.blue} for blue, ${values.green} for green)`

export function adviceFor(unread: Unread, reading: Exclude<Reading, { kind: 'color' | 'both' }>): Advice {
  const { where, name } = unread
  switch (reading.kind) {
    case 'neither':
      return {
        detail: `Service ${name} selects ${reading.key}=${reading.value}, and not ${valuesText(reading)}`,
        repair: choices((color) => [selectorPatch(where, name, { [reading.key]: reading.values[color] })]),
      }
    case 'unclear':
      return {
        detail: `the color in the selector of Service ${name} may be ${reading.keys.map(valuesText).join(' or ')}`,
        repair: [
          '# say in the settings which key it is, and take the others out of the selector:',
          ...reading.keys.map(({ key }) => `selector-key: ${key}`),
        ],
      }
    case 'uncolored':
      return uncolored(unread)
  }
}

export const choices = (commands: (color: Color) => readonly string[]): readonly string[] =>
  colors.flatMap((color) => [`# to put traffic on ${color}:`, ...commands(color)])

function uncolored(unread: Unread): Advice {
  const { where, name, selector, deployments, app } = unread
  const selected = deployments.filter(
    (deployment) => mismatches(selector, null, labelsOf(deployment)).length === 0,
  )
  const [only, ...more] = selected
  const whole = `Service ${name} selects ${textOf(selector)}`
  const look = kubectl(where, 'get', 'deployments', '--show-labels')
  if (Object.keys(selector).length === 0)
    return { detail: `Service ${name} has no selector, so no Deployment gets its traffic`, repair: [look] }
  if (only === undefined) {
    const ours = Object.values(app.deployment).join(' and ')
    return { detail: `${whole}, which the pods of no Deployment have; ours are ${ours}`, repair: [look] }
  }
  if (more.length > 0) {
    const names = selected.map(({ metadata }) => metadata.name).join(', ')
    return { detail: `${whole}, which names no color, and the pods of ${names} have it`, repair: [look] }
  }
  return {
    detail: `${whole}, which names no color: all of its traffic goes to Deployment ${only.metadata.name}`,
    repair: coloringSteps(unread, only),
  }
}

/** Pods with a color run beside those without one before the Service asks for it. */
function coloringSteps({ where, name, app }: Unread, deployment: Deployment): readonly string[] {
  const { settings } = where
  const key = settings.selectorKey ?? 'color'
  const given = deployment.metadata.name
  const label = labelsOf(deployment)[key]
  const color = colorOf(settings.selectorValue, label) ?? (given === app.deployment.green ? 'green' : 'blue')
  const colored = app.deployment[color]
  const labels = { [key]: label ?? settings.selectorValue[color] }
  const ask = [`# have the Service ask for ${color}:`, selectorPatch(where, name, labels)]
  if (label !== undefined) return ask
  if (given === colored) {
    const template = { spec: { template: { metadata: { labels } } } }
    return [
      `# label the pods of ${given} as ${color}, which replaces them one after the other:`,
      mergePatch(where, { resource: 'deployments', name: given }, template),
      kubectl(where, 'rollout', 'status', `deployment/${given}`),
      ...ask,
    ]
  }
  return [
    `# run the same as ${colored}, with the color:`,
    copyCommand(where, deployment, { name: colored, labels }),
    kubectl(where, 'rollout', 'status', `deployment/${colored}`),
    ...ask,
    `# ${given} is out of the way then:`,
    kubectl(where, 'delete', 'deployment', given),
  ]
}

/** What a Deployment selects cannot be changed, so that it takes another one. */
function copyCommand(
  where: Where,
  deployment: Deployment,
  { name, labels }: { readonly name: string; readonly labels: Labels },
): string {
  const label = (...path: readonly string[]) =>
    Object.entries(labels).map(([key, value]) => ({ op: 'add', path: pointer(...path, key), value }))
  const patch = [
    { op: 'replace', path: '/metadata/name', value: name },
    { op: 'remove', path: '/metadata/resourceVersion' },
    { op: 'remove', path: '/status' },
    ...label('spec', 'selector', 'matchLabels'),
    ...label('spec', 'template', 'metadata', 'labels'),
  ]
  return [
    kubectl(where, 'get', 'deployment', deployment.metadata.name, '-o', 'json'),
    shell('kubectl', 'patch', '-f', '-', '--local', '--type=json', '-o', 'json', '-p', JSON.stringify(patch)),
    kubectl(where, 'create', '-f', '-'),
  ].join(' | ')
}

/** For a Service that is not there: one for the color that has a Deployment, blue if none has. */
export function missingService({ where, name, app, deployments }: Omit<Unread, 'selector'>): Advice {
  const { cluster, settings } = where
  const ours: PerColor<Deployment | undefined> = {
    blue: deployments.find(({ metadata }) => metadata.name === app.deployment.blue),
    green: deployments.find(({ metadata }) => metadata.name === app.deployment.green),
  }
  const color = ours.blue === undefined && ours.green !== undefined ? 'green' : 'blue'
  const key = settings.selectorKey ?? 'color'
  const labels = ours[color]?.spec.selector.matchLabels ?? { app: app.name }
  const other = ours[otherColor(color)]
  const others = other && labelsOf(other)
  // A second key that tells the colors apart would leave open which one is to be changed.
  const shared = Object.entries(labels).filter(
    ([name, value]) => others === undefined || others[name] === value,
  )
  const selector = {
    ...Object.fromEntries(shared),
    [key]: (ours[color] && labelsOf(ours[color])[key]) ?? settings.selectorValue[color],
  }
  const ports = ours[color]?.spec.template.spec.containers.flatMap((container) => container.ports) ?? []
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector, ports: [{ port: 80, targetPort: ports[0]?.containerPort ?? 8080 }] },
  }
  return {
    detail: `Service ${name} is not there in ${cluster.name}`,
    repair: [
      `# to create it for ${color}, with the port of your own:`,
      `${shell('echo', JSON.stringify(service))} | ${kubectl(where, 'create', '-f', '-')}`,
    ],
  }
}
