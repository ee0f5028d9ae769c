import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/clock.ts'
import { serviceSchema } from '../../../../src/targets/kubernetes/objects.ts'
import type { Place } from '../../../../src/targets/kubernetes/place.ts'
import { managerOf, ownerRemark } from '../../../../src/targets/kubernetes/preflight/owners.ts'
import { kubernetesRouter } from '../../../../src/targets/kubernetes/router/router.ts'
import type { KubernetesSettings } from '../../../../src/targets/kubernetes/settings.ts'
import { stamp } from '../../../../src/targets/kubernetes/stamping.ts'
import { ChangeFailed, ChangeRefused, LeaseLost, type Traffic } from '../../../../src/targets/target.ts'
import { type KubernetesBed, startKubernetesBed } from '../../../bed/kubernetes/bed.ts'
import { kubectlProgram } from '../../../bed/kubernetes/kubectl.ts'
import { lacksKubernetes } from '../../../bed/kubernetes/lacks-kubernetes.ts'
import { deployment, service } from '../../../bed/kubernetes/manifests.ts'
import type { Namespace } from '../../../bed/kubernetes/namespace.ts'
import { startLoad } from '../../../bed/load.ts'
import { toldAt } from '../../../process/jobs.ts'
import { guardOf, leaseOf, on, openPlace, openShop, plainService, selectorOf } from '../place.ts'

const labels = {
  blue: { color: 'blue', version: 'v1', slot: 'shop-blue' },
  green: { color: 'green', version: 'v2', slot: 'shop-green' },
} as const
type Key = keyof typeof labels.blue

describe.skipIf(lacksKubernetes())('Services of a real cluster', { timeout: 120_000 }, () => {
  let bed: KubernetesBed
  let namespace: Namespace
  beforeAll(async () => {
    bed = await startKubernetesBed()
    namespace = await bed.namespace()
    await openShop({ bed, namespace, labels, services: [], replicas: 2, environment: { DRAIN_MS: '1000' } })
  }, 300_000)
  afterAll(() => bed?.[Symbol.asyncDispose]())

  let count = 0
  let names: readonly [string, string]
  beforeEach(() => {
    count += 1
    names = [`web-${count}`, `api-${count}`]
  })

  const select = (name: string, key: Key, color: 'blue' | 'green' | 'none') =>
    service({ name, selector: { app: 'shop', ...(color !== 'none' && { [key]: labels[color][key] }) } })
  const open = (kubeServices: readonly string[], settings: Partial<KubernetesSettings> = {}) =>
    openPlace({ namespace, settings: { services: [{ ...plainService, kubeServices }], ...settings } })
  const colors = async (key: Key) =>
    Promise.all(names.map(async (name) => ((await selectorOf(namespace, name)) as Record<Key, string>)[key]))
  /** As a person would. */
  const type = async (lines: readonly string[]) => {
    const PATH = `${dirname(kubectlProgram())}:${process.env.PATH}`
    const env = { KUBECONFIG: namespace.kubeconfig, HOME: dirname(namespace.kubeconfig), PATH }
    await promisify(execFile)('sh', ['-euc', lines.join('\n')], { env })
  }
  const repairOf = (traffic: Traffic) => ('repair' in traffic ? traffic.repair : [])

  it.each<Key>(['color', 'version', 'slot'])('are switched and proven, told by %s', async (key) => {
    const [name] = names
    await namespace.apply(select(name, key, 'blue'))
    const place = await open([name])
    const router = kubernetesRouter(place)
    expect(await router.observe()).toEqual(on('blue'))
    expect(router.manual('green')).toEqual([
      `kubectl -n ${namespace.name} scale deployment/shop-green --replicas=2`,
      `kubectl -n ${namespace.name} rollout status deployment/shop-green`,
      `kubectl -n ${namespace.name} patch service ${name} --type=merge -p '{"spec":{"selector":{"${key}":"${labels.green[key]}"}}}'`,
    ])
    const { requests } = place.cluster
    expect(requests).toBe(2)
    const { detail } = await router.switch(on('blue'), 'green', guardOf(1))
    expect(detail).toContain(
      `Service ${name} selects ${key}=${labels.green[key]}, and its endpoints are exactly the 2 ready pods of green`,
    )
    // Pods, the change, and the endpoints until they have followed.
    expect(place.cluster.requests - requests).toBeGreaterThanOrEqual(3)
    expect(await router.observe()).toEqual(on('green'))
    await type(router.manual('blue'))
    expect(await router.observe()).toEqual(on('blue'))
  })

  it('say who wrote their selector last', async () => {
    const [name] = names
    await namespace.apply(select(name, 'color', 'blue'))
    const writer = async () => {
      const shown = await namespace.kubectl('get', 'service', name, '-o', 'json', '--show-managed-fields')
      const there = serviceSchema.parse(JSON.parse(shown))
      return [managerOf(there), ownerRemark(there, 'color') !== null]
    }
    expect(await writer()).toEqual(['kubectl-client-side-apply', true])
    const router = kubernetesRouter(await open([name]))
    await router.switch(on('blue'), 'green', guardOf(1))
    expect(await writer()).toEqual(['blue-green-action', false])
    const manifest = JSON.stringify({ ...select(name, 'color', 'blue') })
    const sync = `echo '${manifest}' | kubectl apply -f - --server-side --force-conflicts --field-manager=argocd-controller`
    await type([sync])
    expect(await writer()).toEqual(['argocd-controller', true])
  })

  it('move together under load, and nobody is lost', async ({ annotate }) => {
    await namespace.apply(...names.map((name) => select(name, 'color', 'blue')))
    const urls = await Promise.all(
      names.map(
        async (name) =>
          `http://${await namespace.kubectl('get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}')}`,
      ),
    )
    for (const url of urls) await expect.poll(() => toldAt(url), { timeout: 20_000 }).toContain('blue')
    const router = kubernetesRouter(await open(names))
    await router.observe()
    const loads = urls.map((url) => startLoad({ url, keepAlive: 4, fresh: 3, think: { min: 0, max: 20 } }))
    try {
      for (const [from, to] of [
        ['blue', 'green'],
        ['green', 'blue'],
        ['blue', 'green'],
      ] as const) {
        const { detail } = await router.switch(on(from), to, guardOf(1))
        await annotate(detail)
        for (const url of urls) await expect.poll(() => toldAt(url), { timeout: 20_000 }).toContain(to)
        expect(await router.observe()).toEqual(on(to))
      }
    } finally {
      for (const load of loads) {
        const { sent, lost } = await load.stop()
        await annotate(`${sent} requests, ${lost.length} lost`)
        expect(lost).toEqual([])
        expect(sent).toBeGreaterThan(0)
      }
    }
  })

  it('stay where somebody else has brought them in the meantime', async () => {
    const [name] = names
    await namespace.apply(select(name, 'version', 'blue'))
    const place = await open([name])
    const router = kubernetesRouter(place)
    await router.observe()
    await type(router.manual('green'))
    const refused = router.switch(on('blue'), 'green', guardOf(1))
    await expect(refused).rejects.toThrow(ChangeRefused)
    await expect(refused).rejects.toThrow(
      `Service ${name} selects app=shop, version=v2, and app=shop, version=v1 was expected. Traffic was not moved by us.`,
    )
    // Back where it was: nothing has been missed.
    await type(router.manual('blue'))
    await router.switch(on('blue'), 'green', guardOf(1))
    expect(await selectorOf(namespace, name)).toEqual({ app: 'shop', version: 'v2' })

    await router.observe()
    await stamp(place, leaseOf(2))
    await expect(router.switch(on('green'), 'blue', guardOf(1))).rejects.toThrow(LeaseLost)
    expect(await router.observe()).toEqual(on('green'))
  })

  it('go back when a later one is refused, but not on a way back', async () => {
    const [first, second] = names
    await namespace.apply(...names.map((name) => select(name, 'color', 'blue')))
    const router = kubernetesRouter(await open(names))
    await router.observe()
    const move = [`kubectl patch service ${second} -p '{"spec":{"selector":{"color":"green"}}}'`]
    await type(move)
    const refused = router.switch(on('blue'), 'green', guardOf(1))
    await expect(refused).rejects.toThrow(ChangeRefused)
    await expect(refused).rejects.toThrow(`Service ${first} was put back on blue.`)
    expect(await colors('color')).toEqual(['blue', 'green'])

    const traffic = await router.observe()
    expect(traffic).toMatchObject({
      kind: 'mixed',
      detail: `Service ${first} selects blue, Service ${second} selects green`,
    })
    const wayBack = guardOf(1, { unreadableLedger: 'ignore' })
    const rest = kubernetesRouter(await open(names))
    await rest.observe()
    await namespace.kubectl('delete', 'service', second)
    const half = rest.switch(traffic, 'green', wayBack)
    await expect(half).rejects.toThrow(ChangeFailed)
    await expect(half).rejects.toThrow(`On green now: ${first}.`)
    expect(await selectorOf(namespace, first)).toEqual({ app: 'shop', color: 'green' })

    const missing = await router.observe()
    expect(missing).toMatchObject({
      kind: 'unknown',
      detail: `Service ${second} is not there in context bed, namespace ${namespace.name}`,
    })
    await type(repairOf(missing))
    const mixed = await router.observe()
    expect(mixed.kind).toBe('mixed')
    await type(repairOf(mixed).slice(0, repairOf(mixed).length / 2))
    expect(await router.observe()).toEqual(on('blue'))
    await router.switch(on('blue'), 'green', guardOf(1))
    expect(await colors('color')).toEqual(['green', 'green'])
  })

  it('are not switched to where nobody would answer', async () => {
    const [name] = names
    const selector = { app: 'shop', color: 'blue', slot: 'shop-blue' }
    await namespace.apply(service({ name, selector }))
    const blind = kubernetesRouter(await open([name]))
    const traffic = await blind.observe()
    expect(traffic).toMatchObject({
      kind: 'unknown',
      detail: expect.stringContaining('color (blue for blue'),
    })
    await expect(blind.switch(on('blue'), 'green', guardOf(1))).rejects.toThrow(ChangeRefused)

    const router = kubernetesRouter(await open([name], { selectorKey: 'color' }))
    expect(await router.observe()).toEqual(on('blue'))
    await expect(router.switch(on('blue'), 'green', guardOf(1))).rejects.toThrow(
      'those of Deployment shop-green do not have slot=shop-blue. Take it out of the selector',
    )
    expect(await selectorOf(namespace, name)).toEqual(selector)
  })

  it('of an app without colors come with the steps to color it', async () => {
    const [name] = names
    const image = (await bed.registry.push('v1')).pinned
    await namespace.apply(
      deployment({ name, image, labels: { app: name }, replicas: 1, environment: { COLOR: 'plain' } }),
      service({ name, selector: { app: name } }),
    )
    await namespace.kubectl('rollout', 'status', `deployment/${name}`)
    const app = {
      ...plainService,
      kubeServices: [name],
      deployment: { blue: `${name}-blue`, green: `${name}-green` },
    }
    const router = kubernetesRouter(await open([name], { services: [app] }))
    const traffic = await router.observe()
    expect(traffic).toMatchObject({
      kind: 'unknown',
      detail: `Service ${name} selects app=${name}, which names no color: all of its traffic goes to Deployment ${name}`,
    })
    await type(repairOf(traffic))
    expect(await router.observe()).toEqual(on('blue'))
    expect(await selectorOf(namespace, name)).toEqual({ app: name, color: 'blue' })
  })

  it('lead to both colors for `kube-overlap`, unless others would be among them', async () => {
    const [name, stranger] = names
    await namespace.apply(select(name, 'color', 'blue'))
    const seen: unknown[] = []
    const clock = {
      ...systemClock,
      sleep: async (time: number, signal?: AbortSignal) => {
        if (time !== 4_321) return systemClock.sleep(time, signal)
        seen.push(await selectorOf(namespace, name), await kubernetesRouter(watcher).observe())
      },
    }
    const settings = { services: [{ ...plainService, kubeServices: [name] }], overlap: 4_321 }
    const place = await openPlace({ namespace, settings, clock })
    const watcher: Place = await openPlace({ namespace, settings })
    const router = kubernetesRouter(place)
    await router.switch(on('blue'), 'green', guardOf(1))
    expect(seen).toEqual([
      { app: 'shop' },
      expect.objectContaining({ kind: 'mixed', detail: `Service ${name} selects both colors` }),
    ])
    expect(await router.observe()).toEqual(on('green'))

    const image = (await bed.registry.push('v1')).pinned
    await namespace.apply(
      deployment({ name: stranger, image, labels: { app: 'shop', job: 'x' }, replicas: 1 }),
    )
    await namespace.kubectl('rollout', 'status', `deployment/${stranger}`)
    await expect(router.switch(on('green'), 'blue', guardOf(1))).rejects.toThrow(
      `without color it would select ${stranger}-`,
    )
    await namespace.kubectl('delete', 'deployment', stranger)
    expect(await router.observe()).toEqual(on('green'))
  })

  it('have a preview of the idle color', async () => {
    const [name, previewService] = names
    await namespace.apply(select(name, 'color', 'blue'), select(previewService, 'version', 'blue'))
    const router = kubernetesRouter(await open([name], { previewService }))
    expect(await router.pointPreview('green', leaseOf(1))).toBe(
      `preview Service ${previewService} selects green`,
    )
    expect(await selectorOf(namespace, previewService)).toEqual({ app: 'shop', version: 'v2' })
    const { detail } = await router.switch(on('blue'), 'green', guardOf(1))
    expect(detail).toContain(`preview Service ${previewService} selects blue`)
    await namespace.kubectl('delete', 'service', previewService)
    const back = await router.switch(on('green'), 'blue', guardOf(1))
    expect(back.detail).toContain(`The preview Service ${previewService} is not there.`)
    expect(await router.observe()).toEqual(on('blue'))
  })

  it('that may not be read are not known, with the rule that is missing', async () => {
    const kubeconfig = await namespace.grant([])
    const router = kubernetesRouter(await openPlace({ namespace, kubeconfig }))
    expect(await router.observe()).toMatchObject({
      kind: 'unknown',
      detail: expect.stringContaining('{ apiGroups: [""], resources: ["services"], verbs: ["get"] }'),
    })
  })
})
