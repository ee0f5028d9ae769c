import { describe, expect, it } from 'vitest'
import { autoscalerSchema } from '../../../../src/targets/kubernetes/objects.ts'
import { judge, type Look } from '../../../../src/targets/kubernetes/preflight/judge.ts'
import { quotaSchema } from '../../../../src/targets/kubernetes/preflight/quotas.ts'
import { plainService, plainSettings } from '../plain-settings.ts'
import { deploymentOf, serviceOf, writtenBy } from './objects.ts'

const onBlue = { kind: 'color', color: 'blue' } as const
const blue = deploymentOf('shop-blue')
const green = deploymentOf('shop-green', { replicas: 0 })
const shop = serviceOf('shop', { app: 'shop', color: 'blue' })

const lookAt = (changes: Partial<Look>): Look => ({
  settings: plainSettings,
  name: 'context prod, namespace shop',
  traffic: onBlue,
  services: [shop],
  deployments: [blue, green],
  autoscalers: [],
  quotas: [],
  ...changes,
})

const problemsOf = (changes: Partial<Look>) =>
  judge(lookAt(changes)).problems.map(({ setting, what, fix }) => `${setting}: ${what} ${fix}`)
const remarksOf = (changes: Partial<Look>) => judge(lookAt(changes)).remarks

it('nothing is said of two Deployments behind a Service', () => {
  expect(judge(lookAt({}))).toEqual({ problems: [], remarks: [] })
})

describe('what keeps a deployment from being begun', () => {
  it('a router that names no color, with what a person can do', () => {
    const traffic = {
      kind: 'unknown',
      detail: 'Service shop selects app=shop',
      repair: ['kubectl patch …'],
    } as const
    expect(problemsOf({ traffic })).toEqual(['router: Service shop selects app=shop. kubectl patch …'])
  })

  it('no Deployment of either name, with those there are', () => {
    expect(problemsOf({ deployments: [deploymentOf('web'), deploymentOf('web-canary')] })).toEqual([
      'kube-deployment: There is neither a Deployment shop-blue nor shop-green in context prod, namespace shop. Those there are: web, web-canary. Say their names: `kube-deployment: NAME-{color}`, or a map of `blue` and `green`.',
    ])
    expect(problemsOf({ deployments: [] })).toEqual([expect.stringContaining('There is none at all')])
  })

  it('an image that is for no container, with those there are', () => {
    const two = {
      containers: [
        { name: 'web', image: 'shop:1' },
        { name: 'proxy', image: 'envoy:1' },
      ],
    }
    expect(problemsOf({ deployments: [blue, deploymentOf('shop-green', { ...two, replicas: 0 })] })).toEqual([
      expect.stringMatching(
        /^kube-container: Deployment shop-green has several containers: web, proxy\..*`kube-container: web` or `kube-container: proxy`/,
      ),
    ])
    const settings = { ...plainSettings, services: [{ ...plainService, container: 'app' }] }
    expect(problemsOf({ settings })).toHaveLength(2)
  })

  it('an idle Deployment that is paused', () => {
    expect(
      problemsOf({ deployments: [blue, deploymentOf('shop-green', { paused: true, replicas: 0 })] }),
    ).toEqual([
      'kube-deployment: Deployment shop-green is paused, so that nothing new would start. kubectl rollout resume deployment/shop-green',
    ])
  })

  it('an idle Deployment that would be taken away again, with the one to commit', () => {
    const labels = { 'argocd.argoproj.io/instance': 'shop' }
    const [problem, ...others] = problemsOf({
      deployments: [deploymentOf('shop-blue', { metadata: { labels } })],
    })
    expect(others).toEqual([])
    expect(problem).toMatch(/^kube-deployment: There is no Deployment shop-green, .* kept by Argo CD/)
    expect(problem).toMatch(/name: shop-green[\s\S]*color: green/)
  })

  it('an idle Deployment that could not be told from the live one', () => {
    const deployments = [deploymentOf('shop-blue', { labels: { app: 'shop' } })]
    expect(problemsOf({ deployments })).toEqual([expect.stringMatching(/^kube-deployment: No label/)])
  })

  it('but not an idle Deployment that can be made, nor a live one that is gone', () => {
    expect(problemsOf({ deployments: [blue] })).toEqual([])
    expect(problemsOf({ deployments: [green] })).toEqual([])
  })

  it('nor what an operation cut short left, which the next one puts right', () => {
    expect(problemsOf({ traffic: { kind: 'mixed', detail: 'x', repair: [] } })).toEqual([])
  })
})

describe('a quota', () => {
  const quotaOf = (hard: Record<string, string>, used: Record<string, string>, spec: object = {}) =>
    quotaSchema.parse({ metadata: { name: 'team' }, spec, status: { hard, used } })
  const requests = { requests: { cpu: '500m', memory: '128Mi' }, limits: { memory: '256Mi' } }
  const deployments = [blue, deploymentOf('shop-green', { replicas: 0, container: { resources: requests } })]

  it.each<[string, Record<string, string>, Record<string, string>, string | null]>([
    ['holds them', { pods: '6', cpu: '3' }, { pods: '3', cpu: '1500m' }, null],
    ['of pods', { pods: '5' }, { pods: '3' }, 'pods 5, of which 3 is used and 3 more is needed'],
    [
      'of requests',
      { 'requests.cpu': '2' },
      { 'requests.cpu': '1500m' },
      'requests.cpu 2, of which 1.5 is used and 1.5 more is needed',
    ],
    [
      'of limits',
      { 'limits.memory': '1Gi' },
      { 'limits.memory': '512Mi' },
      'limits.memory 1Gi, of which 0.5Gi is used and 0.75Gi more is needed',
    ],
    ['of something else', { 'count/secrets': '1' }, { 'count/secrets': '1' }, null],
  ])('%s', (_, hard, used, lacking) => {
    const found = problemsOf({ deployments, quotas: [quotaOf(hard, used)] })
    expect(found).toEqual(lacking === null ? [] : [expect.stringContaining(`at once: ${lacking}.`)])
  })

  it('counts what the idle color still has', () => {
    const quotas = [quotaOf({ pods: '5' }, { pods: '5' })]
    expect(problemsOf({ deployments: [blue, deploymentOf('shop-green', { running: 3 })], quotas })).toEqual(
      [],
    )
  })

  it('for some pods alone may not be for ours', () => {
    const quotas = [quotaOf({ pods: '1' }, { pods: '1' }, { scopes: ['BestEffort'] })]
    expect(problemsOf({ deployments, quotas })).toEqual([])
  })
})

describe('what is said without stopping anything', () => {
  it('in what the colors differ besides their release, and no value of it', () => {
    const container = (env: readonly string[], memory: string) => ({
      env: env.map((name) => ({ name, value: 'hidden' })),
      resources: { limits: { memory } },
      ports: [{ containerPort: 8080 }],
    })
    const [remark, ...others] = remarksOf({
      deployments: [
        deploymentOf('shop-blue', { container: { ...container(['A', 'B'], '64Mi'), image: 'shop:1' } }),
        deploymentOf('shop-green', { container: { ...container(['A', 'C'], '128Mi'), image: 'shop:2' } }),
      ],
    })
    expect(others).toEqual([])
    expect(remark).toContain(
      'container web: environment variable B only in shop-blue; container web: environment variable C only in shop-green; container web: resources is not the same.',
    )
    expect(remark).not.toContain('hidden')
  })

  const kept = (manager: string, metadata: object = {}) =>
    remarksOf({
      services: [serviceOf('shop', { app: 'shop', color: 'blue' }, { ...writtenBy(manager), ...metadata })],
    }).join()

  it.each([
    ['argocd-controller', {}, /by Argo CD .*next sync[\s\S]*jsonPointers: \[\/spec\/selector\/color\]/],
    ['kubectl', { labels: { 'argocd.argoproj.io/instance': 'shop' } }, /by Argo CD/],
    ['kustomize-controller', {}, /by Flux .*reconciliation[\s\S]*ssa: IfNotPresent/],
    ['helm', {}, /by Helm .*upgrade/],
    ['kubectl-client-side-apply', {}, /applies that manifest again/],
    ['blue-green-action', {}, /^$/],
    ['kubectl-patch', {}, /^$/],
    ['unknown', {}, /^$/],
  ])('who else writes the color into the selector: %s', (manager, metadata, remark) => {
    expect(kept(manager, metadata)).toMatch(remark)
  })

  it('an autoscaler that is for one color alone', () => {
    const scaling = (name: string) =>
      autoscalerSchema.parse({
        metadata: { name },
        spec: { scaleTargetRef: { kind: 'Deployment', name }, maxReplicas: 9 },
      })
    expect(remarksOf({ autoscalers: [scaling('shop-blue'), scaling('shop-green')] })).toEqual([])
    expect(remarksOf({ autoscalers: [scaling('other')] })).toEqual([])
    expect(remarksOf({ autoscalers: [scaling('shop-green')] })).toEqual([
      expect.stringMatching(
        /^HorizontalPodAutoscaler shop-green scales shop-green alone, though users are on blue/,
      ),
    ])
  })
})

it('of rendered manifests nothing is judged that they will change', () => {
  const settings = { ...plainSettings, manifests: ['k8s'] }
  expect(judge(lookAt({ settings, deployments: [] }))).toEqual({ problems: [], remarks: [] })
})
