import { describe, expect, it } from 'vitest'
import { kubeconfigText, plainKubernetes as plain, problemsOf } from './reading.ts'

type Inputs = Readonly<Record<string, string>>

const two = 'web: { kube-service: web, image: a:1 }, api: { kube-service: api, image: b:1 }'
const several = { ...plain, image: '', url: '', services: `{ ${two} }` }
const apart = { 'kube-deployment': '{service}-{color}' }

describe('an app on Kubernetes', () => {
  it.each<[string, Inputs, readonly string[]]>([
    [
      'an image, without which the idle color would run an old one',
      { image: '' },
      ['`image` is required: it is what the idle Deployment is to run.'],
    ],
    [
      'an app whose name can be that of its lock',
      { app: 'Shop', 'kube-service': 'a', 'kube-deployment': 'a-{color}' },
      ['`app`: `Shop` is not a name in Kubernetes: small letters, digits, `-` and `.`: did you mean `shop`?'],
    ],
    [
      'an app whose name can be that of its Service, or another for that',
      { app: 'shop.eu' },
      ['`kube-service`: `shop.eu` is not a name in Kubernetes'],
    ],
    [
      'names of Kubernetes',
      {
        namespace: 'Shop_Prod',
        'kube-service': 'Web, api',
        'kube-deployment': 'web_{color}',
        'kube-container': 'a b',
        'selector-key': 'a/b/c',
        'selector-value': '{color}!',
        'preview-service': '-',
      },
      [
        '`namespace`: `Shop_Prod` is not a name in Kubernetes: up to 63 small letters, digits and `-`, with a letter or digit at both ends: did you mean `shop-prod`?',
        '`kube-service`: `Web, api` is not a name in Kubernetes',
        '`kube-deployment`: `web_{color}` is not a name in Kubernetes',
        '`kube-container`: `a b` is not a name in Kubernetes: up to 63 small letters, digits and `-`, with a letter or digit at both ends: did you mean `a-b`?',
        '`selector-key`: `a/b/c` is not the key of a label',
        '`selector-value`: `{color}!` is not the value of a label',
        '`preview-service`: `-` is not a name in Kubernetes',
      ],
    ],
    [
      'one namespace for both colors',
      { namespace: 'shop-{color}' },
      ['`namespace`: `shop-{color}` holds `{color}`: a selector reaches pods of its own namespace alone'],
    ],
    [
      'a value of its own for each color',
      { 'selector-value': 'live' },
      ['`selector-value`: `live` names the same thing for both colors'],
    ],
    [
      'a whole version of kubectl',
      { 'kubectl-version': '1.34' },
      ['`kubectl-version`: `1.34` is not a whole version: did you mean `1.34.0`?'],
    ],
    [
      'a router of its own',
      { router: 'nginx-flag' },
      [
        '`router` names `nginx-flag`, which belongs to target `vps`, not to target `kubernetes`. Accepted: `service`, `{ ingress: NAME }` or `{ httproute: NAME }`.',
      ],
    ],
    [
      'no selectors where each color has a Service',
      { router: '{ ingress: web }', 'selector-key': 'slot', 'kube-overlap': '1s' },
      [
        '`selector-key` is for router `service`, and `router` is `ingress`.',
        '`kube-overlap` is for router `service`, and `router` is `ingress`.',
      ],
    ],
    [
      'no commands in the cluster, and says what to use instead',
      { migrate: '{ run: ./migrate, where: target }' },
      [
        '`migrate` has `where: target`, and a cluster runs no commands. Accepted: a Job, started on the runner: `kubectl apply -f job.yml && kubectl wait --for=condition=complete --timeout=5m job/migrate`.',
      ],
    ],
    [
      'no container besides manifests',
      { manifests: 'k8s', 'kube-container': 'app' },
      ['`kube-container` is not used with `manifests`'],
    ],
    ['something to switch', { 'kube-service': 'none', url: '' }, ['`kube-service` is `none`']],
    [
      'a Service where there is a URL',
      { 'kube-service': 'none' },
      ['`kube-service` is required with `url`: users reach pods through a Service.'],
    ],
    [
      'a preview that users do not reach',
      { 'preview-service': '{app}' },
      ['`preview-service` is `shop`, which users reach'],
    ],
    [
      'each Service once',
      { 'kube-service': 'web,web' },
      ['`kube-service` names `web` more than once. Accepted: each Service once.'],
    ],
    [
      'nothing of a host',
      { 'ssh-host': 'a', 'ssh-key': 'b', 'state-directory': '/a', directory: '/b', commands: 'observe: x' },
      [
        '`ssh-host` belongs to target `vps` or `command`, not to target `kubernetes`.',
        '`ssh-key` belongs to target `vps` or `command`, not to target `kubernetes`.',
        '`state-directory` belongs to target `vps` or `command`, not to target `kubernetes`.',
        '`directory` belongs to target `vps`, not to target `kubernetes`.',
        '`commands` belongs to target `command`, not to target `kubernetes`. Accepted: hooks such as `before-deploy`.',
      ],
    ],
    [
      'nothing of other targets in a service',
      { services: 'web: { blue-port: 1, ecs-service: x }' },
      [
        '`services.web.blue-port` belongs to target `vps`, not to target `kubernetes`.',
        '`services.web.ecs-service` belongs to target `ecs`, not to target `kubernetes`.',
      ],
    ],
  ])('needs %s', (_, changes, problems) => {
    const found = problemsOf({ ...plain, ...changes })
    expect(found.map((text, index) => text.slice(0, problems[index]?.length))).toEqual(problems)
  })

  it.each<Inputs>([{ mode: 'status' }, { mode: 'rollback' }, { manifests: 'k8s' }])(
    'needs no image with %j',
    (changes) => {
      expect(problemsOf({ ...plain, image: '', ...changes })).toEqual([])
    },
  )
})

describe('a kubeconfig', () => {
  it.each<[string, Inputs, readonly string[]]>([
    [
      'has the context that is asked for',
      { kubeconfig: kubeconfigText, 'kube-context': 'stagin' },
      [
        '`kube-context`: `stagin` is no context of the kubeconfig: did you mean `staging`? Accepted: `prod` or `staging`.',
      ],
    ],
    [
      'has a context of its own, or one is asked for',
      { kubeconfig: kubeconfigText.replace('current-context: prod\n', '') },
      ['`kube-context` is required: the kubeconfig has no `current-context`. Accepted: `prod` or `staging`.'],
    ],
    [
      'has the context it names itself',
      { kubeconfig: kubeconfigText.replace('current-context: prod', 'current-context: gone') },
      [
        '`kube-context` is required: the `current-context` of the kubeconfig, `gone`, is none of its contexts.',
      ],
    ],
    [
      'is not in base64',
      { kubeconfig: Buffer.from(kubeconfigText).toString('base64') },
      ['`kubeconfig`: `***` is the text in base64: decode it first, or store it in the secret as it is.'],
    ],
    ['is YAML', { kubeconfig: 'apiVersion: v1\n  kind: [' }, ['`kubeconfig`: `***` is not YAML at line ']],
    [
      'is whole',
      { kubeconfig: kubeconfigText.replace(/^contexts:[\s\S]*/m, '') },
      ['`kubeconfig`: `***` is not the text of a kubeconfig: it has no `contexts`.'],
    ],
    [
      'stands where it is said to stand',
      { kubeconfig: '~/.kube/config' },
      ['`kubeconfig`: `***` begins with `~`, which is not expanded'],
    ],
  ])('%s', (_, changes, problems) => {
    const found = problemsOf({ ...plain, ...changes })
    expect(found.map((text, index) => text.slice(0, problems[index]?.length))).toEqual(problems)
  })
})

describe('several services on Kubernetes', () => {
  it.each<[string, Inputs, readonly string[]]>([
    ['have Deployments of their own', apart, []],
    [
      'need Deployments of their own',
      {},
      [
        '`kube-deployment` names one Deployment, `shop-blue`, for `web` and `api`. Accepted: a name for each, such as `{service}-{color}`.',
      ],
    ],
    [
      'need Services of their own',
      {
        ...apart,
        services: '{ web: { kube-service: a, image: a:1 }, api: { kube-service: [b, a], image: b:1 } }',
      },
      ['`services.api.kube-service` names one Service, `a`, for `web` and `api`.'],
    ],
    [
      'need a Service among them',
      { ...apart, services: '{ web: { image: a:1 }, api: { image: b:1 } }' },
      ['`services` name no Service: nothing would be switched.'],
    ],
    [
      'need an image each',
      { ...apart, services: `{ ${two}, worker: {} }` },
      ['`services.worker.image` is required'],
    ],
    [
      'reach users through a Service',
      { ...apart, services: `{ ${two}, admin: { image: c:1, url: "https://admin.example.com" } }` },
      ['`services.admin.kube-service` is required with `url`'],
    ],
    [
      'are not for a router that leads to one',
      {
        ...apart,
        router: '{ ingress: web }',
        services: '{ web: { image: a:1 }, api: { image: b:1 } }',
      },
      ['`services` name 2, and router `ingress` leads to one.'],
    ],
    [
      'start before users come',
      { ...apart, services: `{ ${two}, admin: { image: c:1, kube-service: admin, start: after-switch } }` },
      ['`services.admin.start` is `after-switch`, and users would be sent to it before it runs.'],
    ],
    [
      'are asked where something answers',
      { ...apart, services: `{ ${two}, worker: { image: c:1, health: /live } }` },
      ['`services.worker.health` cannot be asked: the service has no `kube-service`, which names the port.'],
    ],
  ])('%s', (_, changes, problems) => {
    const found = problemsOf({ ...several, ...changes })
    expect(found.map((text, index) => text.slice(0, problems[index]?.length))).toEqual(problems)
  })
})

describe('a VPS', () => {
  it('has no router of Kubernetes', () => {
    const inputs = { target: 'vps', app: 'shop', router: '{ httproute: web }' }
    expect(problemsOf(inputs)).toContain(
      '`router` names `httproute`, which belongs to target `kubernetes`, not to target `vps`. Accepted: `nginx-flag`.',
    )
  })
})
