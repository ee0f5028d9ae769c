import type { SettingName } from './catalog/catalog.ts'
import { listed } from './forms/choice.ts'
import { type Contexts, contextsIn } from './forms/kubeconfig.ts'
import { parseObjectName } from './forms/kubernetes.ts'
import { nearestName } from './forms/nearest.ts'
import { brokenKubernetesServiceRules } from './kubernetes-service-rules.ts'
import type { Fault } from './problem.ts'
import { type Context, demand } from './rule.ts'
import { hooksAtTarget, missingImages } from './service-rules.ts'

export const brokenKubernetesRules = (context: Context): readonly Fault[] =>
  [
    nameOfTheLock,
    knownContext,
    selectorsAlone,
    oneServiceBehindRoutes,
    imagesToRun,
    containerInManifests,
    hooksOnTheRunner,
    brokenKubernetesServiceRules,
  ].flatMap((rule) => rule(context))

/** The lock and the history are a Lease that carries the name of the app. */
function nameOfTheLock({ values }: Context): readonly Fault[] {
  const parsed = parseObjectName(values.app ?? 'app')
  if (parsed.kind === 'value') return []
  const { why, nearest } = parsed
  return [{ setting: 'app', raw: values.app ?? '', why, nearest, subject: 'value' }]
}

function knownContext({ values, isUnknown }: Context): readonly Fault[] {
  const { kubeconfig, 'kube-context': wanted } = values
  if (kubeconfig?.kind !== 'text' || isUnknown('kube-context')) return []
  const contexts = contextsIn(kubeconfig.text)
  return wanted === null ? chosenContext(contexts) : namedContext(wanted, contexts)
}

function chosenContext({ current, names }: Contexts): readonly Fault[] {
  if (current !== null && names.includes(current)) return []
  const why =
    current === null
      ? 'is required: the kubeconfig has no `current-context`'
      : `is required: the \`current-context\` of the kubeconfig, \`${current}\`, is none of its contexts`
  return [demand('kube-context', why, listed(names))]
}

function namedContext(wanted: string, { names }: Contexts): readonly Fault[] {
  if (names.includes(wanted)) return []
  return [
    {
      setting: 'kube-context',
      raw: wanted,
      why: 'is no context of the kubeconfig',
      accepted: listed(names),
      nearest: nearestName(wanted, names),
      subject: 'value',
    },
  ]
}

const ofSelectors = [
  'kube-service',
  'selector-key',
  'selector-value',
  'kube-overlap',
  'preview-service',
] as const satisfies readonly SettingName[]

/** Where each color has a Service of its own, no selector is switched. */
function selectorsAlone({ values, raw, isUnknown }: Context): readonly Fault[] {
  const kind = values.router?.kind
  if (isUnknown('router') || (kind !== 'ingress' && kind !== 'httproute')) return []
  const own = Object.entries(values.services ?? {}).flatMap(([name, service]) =>
    service['kube-service'] ? [`services.${name}.kube-service`] : [],
  )
  return [...ofSelectors.filter((name) => raw(name) !== undefined), ...own].map((name) =>
    demand(
      name,
      `is for router \`service\`, and \`router\` is \`${kind}\``,
      `\`${kind === 'ingress' ? 'service' : 'backend'}: NAME-{color}\` in \`router\` for the Service of each color`,
    ),
  )
}

/** Its backend is one Service for each color. */
function oneServiceBehindRoutes({ values, isUnknown }: Context): readonly Fault[] {
  const kind = values.router?.kind
  const names = Object.keys(values.services ?? {})
  if (isUnknown('router') || (kind !== 'ingress' && kind !== 'httproute') || names.length < 2) return []
  const why = `name ${names.length}, and router \`${kind}\` leads to one`
  return [demand('services', why, 'router `service`, or an app of its own for each')]
}

/** A Deployment that is left as it is would run what it ran two releases ago. */
function imagesToRun({ values, isUnknown }: Context): readonly Fault[] {
  if (values.mode !== 'deploy' || values.manifests !== null) return []
  if ((['mode', 'app', 'image', 'services', 'manifests'] as const).some(isUnknown)) return []
  return missingImages(values, 'the idle Deployment', 'an image with its tag or digest, or `manifests`')
}

function containerInManifests({ values }: Context): readonly Fault[] {
  if (values.manifests === null || values['kube-container'] === null) return []
  const why = 'is not used with `manifests`, which say themselves what each container runs'
  return [demand('kube-container', why, '`{image}` in the manifest')]
}

const hooksOnTheRunner = ({ values }: Context): readonly Fault[] =>
  hooksAtTarget(
    values,
    'a cluster runs no commands',
    (name) =>
      `a Job, started on the runner: \`kubectl apply -f job.yml && kubectl wait --for=condition=complete --timeout=5m job/${name}\``,
  )
