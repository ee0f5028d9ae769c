/** The whole target in a real cluster, as an account that may do no more than it must. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { systemClock } from '../../../src/clock.ts'
import { openKubernetesTarget } from '../../../src/targets/kubernetes/kubernetes-target.ts'
import { type Rule, rulesFor } from '../../../src/targets/kubernetes/preflight/role.ts'
import type { KubernetesSettings } from '../../../src/targets/kubernetes/settings.ts'
import type { Color, Guard, Readiness, Target } from '../../../src/targets/target.ts'
import { lacksKubernetes } from '../../bed/kubernetes/lacks-kubernetes.ts'
import { deployment, service } from '../../bed/kubernetes/manifests.ts'
import type { Namespace } from '../../bed/kubernetes/namespace.ts'
import { bedForFile } from './cluster-place.ts'
import { plainSettings } from './plain-settings.ts'

const uses = { forwards: true, removes: true }
const rules = rulesFor(plainSettings, uses)
const labelsOf = (color: Color) => ({ app: 'shop', color })

describe.skipIf(lacksKubernetes())('a Kubernetes target', { timeout: 120_000 }, () => {
  const bed = bedForFile()

  interface Opened extends AsyncDisposable {
    readonly target: Target
    readonly said: string[]
  }

  function open(kubeconfig: string, changes: Partial<KubernetesSettings> = {}): Opened {
    const said: string[] = []
    const target = openKubernetesTarget({
      settings: { ...plainSettings, kubeconfig: { kind: 'path', path: kubeconfig }, ...changes },
      uses,
      configuration: 'revision',
      environment: { ...process.env, PATH: `${join(bed().kubectlPath, '..')}:${process.env.PATH}` },
      surroundings: {
        app: 'shop',
        leaseTtl: 60_000,
        deployTimeout: 60_000,
        signal: new AbortController().signal,
        clock: systemClock,
        output: (_, text) => said.push(text),
        secrets: [],
      },
    })
    return { target, said, [Symbol.asyncDispose]: () => target.close() }
  }

  async function shop(colors: readonly Color[] = ['blue', 'green']): Promise<Namespace> {
    const namespace = await bed().namespace()
    const image = (await bed().registry.push('v1')).pinned
    await namespace.apply(
      ...colors.map((color) =>
        deployment({
          name: `shop-${color}`,
          image,
          labels: labelsOf(color),
          replicas: color === 'blue' ? 1 : 0,
          environment: { COLOR: color },
        }),
      ),
      service({ name: 'shop', selector: labelsOf('blue') }),
    )
    await namespace.kubectl('rollout', 'status', 'deployment/shop-blue')
    return namespace
  }

  const without = (resource: string, verb: string): readonly Rule[] =>
    rules.map((rule) =>
      rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
    )

  const problemsOf = async ({ target }: Opened): Promise<readonly string[]> =>
    (await target.preflight()).map(({ setting, what, fix }) => `${setting}: ${what} ${fix}`)

  it('lives a whole life on the rights of its Role', async () => {
    await using namespace = await shop(['blue'])
    await using opened = open(await namespace.grant(rules))
    const { target, said } = opened
    expect(await problemsOf(opened)).toEqual([])
    expect(said).toEqual([
      expect.stringMatching(/^color in the selector of Service shop was written by kubectl apply/),
    ])
    const owner = { nonce: 'n', run: '1', attempt: '1', job: 'j', step: 's', url: 'u', actor: 'a' }
    const acquired = await target.ledger.acquire(owner, { claim: 'open', unchangedMark: null })
    if (acquired.kind !== 'acquired') throw new Error('The lease is held.')
    const guard: Guard = { lease: acquired.lease, color: 'not-live' }
    const { pinned } = await bed().registry.push('v2')
    const release = { id: 'r2', version: 'v2', images: { shop: pinned }, configuration: 'revision' }
    const order = { release, size: { shop: 1 }, services: ['shop'] }
    expect(await target.runtime.deploy('green', order, guard)).toEqual({ shop: pinned })
    await expect
      .poll(async (): Promise<Readiness> => target.runtime.ready('green', ['shop']), { timeout: 30_000 })
      .toEqual({ kind: 'ready', restarts: 0 })
    const [way] = await target.runtime.reach('green', 'shop')
    if (way?.kind !== 'url') throw new Error('There is no way to green.')
    expect(await (await fetch(new URL('/health', way.url))).text()).toContain('v2')
    const from = await target.router.observe()
    await target.router.switch(from, 'green', { ...guard, color: 'any' })
    expect(await target.router.observe()).toEqual({ kind: 'color', color: 'green' })
    await target.runtime.stop('blue', guard)
    await target.runtime.remove('blue', guard)
    expect((await target.runtime.observe('blue')).presence).toBe('absent')
    expect((await target.runtime.diagnose('green')).sections.length).toBeGreaterThan(0)
    expect(await target.ledger.free(acquired.lease)).toBe('kept')
  })

  it.each([
    ['services', 'patch', 'patch services shop'],
    ['deployments', 'create', 'create deployments'],
    ['leases', 'patch', 'patch leases blue-green-shop'],
    ['pods/portforward', 'create', 'create pods/portforward'],
  ])('says which right is missing on %s, and what grants it', async (resource, verb, missing) => {
    await using namespace = await shop()
    await using opened = open(await namespace.grant(without(resource, verb)))
    const [problem, ...others] = await opened.target.preflight()
    expect(others).toEqual([])
    expect(problem).toMatchObject({
      setting: 'kubeconfig',
      what: expect.stringContaining(`Missing: ${missing}.`),
    })
    // As a person would paste it, who may.
    const [, role = ''] = /<<'ROLE'\n([\s\S]*)ROLE$/.exec(problem?.fix ?? '') ?? []
    await namespace.apply(...(role.split('---\n').map((text) => parse(text)) as never[]))
    expect(await problemsOf(opened)).toEqual([])
  })

  it('needs no help that it is not allowed', async () => {
    await using namespace = await shop()
    const help = ['services', 'events', 'resourcequotas', 'horizontalpodautoscalers']
    const bare = rules.filter(
      ({ resources, verbs }) => !(verbs.join() === 'list' && help.includes(resources[0] ?? '')),
    )
    await using opened = open(await namespace.grant(bare))
    expect(await problemsOf(opened)).toEqual([])
  })

  it('says at once all that is missing in the namespace, and what there is', async () => {
    await using namespace = await shop()
    await namespace.apply(service({ name: 'web', selector: { app: 'web' } }))
    const settings = {
      services: [
        { ...plainSettings.services[0], kubeServices: ['shopp'], deployment: { blue: 'a', green: 'b' } },
      ],
      previewService: 'preview',
    } as Partial<KubernetesSettings>
    await using opened = open(namespace.kubeconfig, settings)
    expect(await problemsOf(opened)).toEqual([
      expect.stringMatching(/^kube-service: There is no Service shopp .* Those there are: shop, web\./),
      expect.stringMatching(/^preview-service: There is no Service preview /),
      expect.stringMatching(
        /^kube-deployment: There is neither .* a nor b .* Those there are: shop-blue, shop-green\./,
      ),
    ])
  })

  it('names the namespaces there are', async () => {
    await using namespace = await shop()
    await using opened = open(namespace.kubeconfig, { namespace: 'nowhere' })
    expect(await problemsOf(opened)).toEqual([
      expect.stringMatching(new RegExp(`^namespace: There is no namespace nowhere .*${namespace.name}`)),
    ])
  })

  it('finds a quota that does not hold both colors', async () => {
    await using namespace = await shop()
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'team' },
      spec: { hard: { pods: '1' } },
    }
    await namespace.apply(quota)
    await using opened = open(namespace.kubeconfig)
    await expect
      .poll(() => problemsOf(opened), { timeout: 20_000 })
      .toEqual([expect.stringContaining('pods 1, of which 1 is used and 1 more is needed')])
  })

  it('says who else keeps the selector', async () => {
    await using namespace = await shop()
    const selector = ['patch', 'service', 'shop', '--field-manager=argocd-controller', '-p']
    await namespace.kubectl(...selector, '{"spec":{"selector":{"color":"green"}}}')
    await namespace.kubectl(...selector, '{"spec":{"selector":{"color":"blue"}}}')
    await using opened = open(namespace.kubeconfig)
    expect(await problemsOf(opened)).toEqual([])
    expect(opened.said.join()).toMatch(/by Argo CD \(argocd-controller\)[\s\S]*ignoreDifferences/)
  })
})
