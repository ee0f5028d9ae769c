import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/clock.ts'
import { fenceAnnotation } from '../../../../src/targets/kubernetes/names.ts'
import { rulesFor } from '../../../../src/targets/kubernetes/preflight/role.ts'
import { kubernetesRouter } from '../../../../src/targets/kubernetes/router/router.ts'
import type { RouterSettings } from '../../../../src/targets/kubernetes/settings.ts'
import { stamp } from '../../../../src/targets/kubernetes/stamping.ts'
import { ChangeFailed, ChangeRefused, LeaseLost, type Traffic } from '../../../../src/targets/target.ts'
import { type KubernetesBed, startKubernetesBed } from '../../../bed/kubernetes/bed.ts'
import { installHttpRoutes, lacksGatewayApi } from '../../../bed/kubernetes/gateway-api.ts'
import { kubectlProgram } from '../../../bed/kubernetes/kubectl.ts'
import { lacksKubernetes } from '../../../bed/kubernetes/lacks-kubernetes.ts'
import { service } from '../../../bed/kubernetes/manifests.ts'
import type { KubernetesObject, Namespace } from '../../../bed/kubernetes/namespace.ts'
import { guardOf, leaseOf, on, openPlace, openShop, type PlaceOptions, plainService } from '../place.ts'
import { backend, routes } from './routes.ts'

const services = [{ ...plainService, kubeServices: [] }]

/**
 * Against the API server alone: neither an ingress controller nor a gateway is there to follow what is written. What a gateway
 * reports is written here in its place.
 */
describe.skipIf(lacksKubernetes() || lacksGatewayApi())('on a real cluster', { timeout: 60_000 }, () => {
  let bed: KubernetesBed
  let namespace: Namespace
  beforeAll(async () => {
    bed = await startKubernetesBed()
    namespace = await bed.namespace()
    await Promise.all([installHttpRoutes(bed), openShop({ bed, namespace, services: [] })])
    await namespace.apply(
      ...(['blue', 'green'] as const).map((color) =>
        service({ name: backend[color], selector: { app: 'shop', color } }),
      ),
      service({ name: 'deserted', selector: { app: 'nobody' } }),
    )
  }, 300_000)
  afterAll(() => bed?.[Symbol.asyncDispose]())

  let count = 0
  let name: string
  beforeEach(() => {
    count += 1
    name = `shop-${count}`
  })

  const place = (router: RouterSettings, options: Partial<PlaceOptions> = {}) =>
    openPlace({ namespace, settings: { services, router }, ...options })
  const open = async (router: RouterSettings) => kubernetesRouter(await place(router))
  const read = async (resource: string) =>
    JSON.parse(await namespace.kubectl('get', resource, name, '-o', 'json')) as KubernetesObject & {
      readonly metadata: { readonly generation: number; readonly annotations: Record<string, string> }
    }
  const specOf = async (resource: string) => JSON.stringify((await read(resource)).spec)
  /** As a person would. */
  const type = async (lines: readonly string[]) => {
    const PATH = `${dirname(kubectlProgram())}:${process.env.PATH}`
    const env = { KUBECONFIG: namespace.kubeconfig, HOME: dirname(namespace.kubeconfig), PATH }
    await promisify(execFile)('sh', ['-euc', lines.join('\n')], { env })
  }
  const repairOf = (traffic: Traffic, which: 'first' | 'second') => {
    if (!('repair' in traffic)) return []
    const half = traffic.repair.length / 2
    return which === 'first' ? traffic.repair.slice(0, half) : traffic.repair.slice(half)
  }

  describe.each(routes)('an $kind', ({ kind, resource, settings, object }) => {
    const apply = (...backends: readonly string[]) => namespace.apply(object(name, backends))

    it('is switched both ways, with no more rights than are asked for, and nothing else in it is touched', async () => {
      await apply(backend.blue, backend.blue)
      const before = await specOf(resource)
      const { metadata } = await read(resource)
      const rules = rulesFor(
        { ...(await place(settings(name))).settings },
        { forwards: false, removes: false },
      )
      const allowed = await place(settings(name), { kubeconfig: await namespace.grant(rules) })
      const router = kubernetesRouter(allowed)
      expect(await router.observe()).toEqual(on('blue'))

      const { requests } = allowed.cluster
      const { detail } = await router.switch(on('blue'), 'green', guardOf(7))
      expect(detail).toContain(`${kind} ${name} leads to Service shop-green (`)
      // The endpoints of the color, and the change.
      expect(allowed.cluster.requests - requests).toBe(2)
      expect(await router.observe()).toEqual(on('green'))
      const { generation, annotations } = (await read(resource)).metadata
      expect(detail).toContain(`read back as generation ${generation}`)
      expect(annotations).toEqual({ ...metadata.annotations, [fenceAnnotation]: '7' })
      const there = await specOf(resource)
      expect(there).not.toBe(before)

      // By another run, which has not seen it.
      await (await open(settings(name))).switch(on('green'), 'blue', guardOf(8))
      expect(await router.observe()).toEqual(on('blue'))
      expect(await specOf(resource)).toBe(before)
    })

    it('is moved by what a person is told to type', async () => {
      await apply(backend.blue, backend.blue)
      const router = await open(settings(name))
      expect(router.manual('green')).toEqual([
        `kubectl -n ${namespace.name} edit ${resource} ${name} # in the place of shop-blue: shop-green`,
      ])
      await router.observe()
      await type(router.manual('green'))
      expect(await router.observe()).toEqual(on('green'))
      // Twice is no harm.
      await type([...router.manual('blue'), ...router.manual('blue')])
      expect(await router.observe()).toEqual(on('blue'))
    })

    it('stays where somebody else has brought it in the meantime', async () => {
      await apply(backend.blue)
      const here = await place(settings(name))
      const router = kubernetesRouter(here)
      await router.observe()
      await type(router.manual('green'))
      const refused = router.switch(on('blue'), 'green', guardOf(1))
      await expect(refused).rejects.toThrow(ChangeRefused)
      await expect(refused).rejects.toThrow(
        /leads to green \(.+\), and blue was expected\. Traffic was not moved by us\.$/,
      )
      // Back where it was: nothing has been missed.
      await type(router.manual('blue'))
      await router.switch(on('blue'), 'green', guardOf(1))
      expect(await router.observe()).toEqual(on('green'))

      await stamp(here, leaseOf(2))
      await expect(router.switch(on('green'), 'blue', guardOf(1))).rejects.toThrow(LeaseLost)
      expect(await router.observe()).toEqual(on('green'))
    })

    it('that leads to both colors is put right, by hand or by a switch', async () => {
      await apply(backend.blue, backend.green)
      const router = await open(settings(name))
      const mixed = await router.observe()
      expect(mixed).toMatchObject({
        kind: 'mixed',
        detail: expect.stringMatching(`^${kind} ${name} leads to blue \\(.+\\), green \\(.+\\)$`),
      })
      await expect(router.switch(on('blue'), 'green', guardOf(1))).rejects.toThrow(ChangeRefused)
      await type(repairOf(mixed, 'first'))
      expect(await router.observe()).toEqual(on('blue'))

      await apply(backend.green, backend.blue)
      await type(repairOf(await router.observe(), 'second'))
      expect(await router.observe()).toEqual(on('green'))

      await apply(backend.blue, backend.green)
      await router.switch(await router.observe(), 'blue', guardOf(1))
      expect(await router.observe()).toEqual(on('blue'))
    })

    it('that leads to none of ours is left alone', async () => {
      await apply('other')
      const before = await specOf(resource)
      const router = await open(settings(name))
      const unknown = await router.observe()
      expect(unknown).toEqual({
        kind: 'unknown',
        detail: `no rule of ${kind} ${name} that is ours to change leads to Service shop-blue or shop-green`,
        repair: [`kubectl -n ${namespace.name} edit ${resource} ${name}`],
      })
      await expect(router.switch(unknown, 'green', guardOf(1))).rejects.toThrow(ChangeRefused)
      expect(await specOf(resource)).toBe(before)
    })

    it('that is not there, or may not be read, is not known', async () => {
      const router = await open(settings(name))
      expect(await router.observe()).toMatchObject({
        kind: 'unknown',
        detail: `${kind} ${name} is not there in context bed, namespace ${namespace.name}`,
      })
      await expect(router.switch(on('blue'), 'green', guardOf(1))).rejects.toThrow(ChangeRefused)

      const stranger = await place(settings(name), { kubeconfig: await namespace.grant([]) })
      expect(await kubernetesRouter(stranger).observe()).toMatchObject({
        kind: 'unknown',
        detail: expect.stringMatching(/resources: \["(ingresses|httproutes)"\], verbs: \["get"\]/),
      })
    })

    it('is not switched to where nobody would answer', async () => {
      await apply(backend.blue)
      const router = await open(settings(name, { blue: 'shop-blue', green: 'deserted' }))
      const refused = router.switch(on('blue'), 'green', guardOf(1))
      await expect(refused).rejects.toThrow(ChangeRefused)
      await expect(refused).rejects.toThrow('Service deserted has no ready endpoint')
      expect(await router.observe()).toEqual(on('blue'))
    })
  })

  it('of an Ingress one rule alone may be ours', async () => {
    const path = (service: string) => ({
      path: '/',
      pathType: 'Prefix',
      backend: { service: { name: service, port: { number: 80 } } },
    })
    const hosts = ['shop.example.com', 'admin.example.com'].map((host) => ({
      host,
      http: { paths: [path(backend.blue), { ...path(backend.blue), path: '/api' }] },
    }))
    await namespace.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name },
      spec: { defaultBackend: path(backend.blue).backend, rules: hosts },
    })
    const openFor = (rule: string) => open({ kind: 'ingress', name, rule, backend })
    const api = await openFor('shop.example.com/api')
    await api.switch(on('blue'), 'green', guardOf(1))
    expect(await api.observe()).toEqual(on('green'))
    expect(await (await openFor('admin.example.com')).observe()).toEqual(on('blue'))
    expect(await (await openFor('shop.example.com')).observe()).toMatchObject({
      kind: 'mixed',
      detail: `Ingress ${name} leads to blue (shop.example.com/), green (shop.example.com/api)`,
    })
    expect((await specOf('ingress')).match(/shop-green/g)).toHaveLength(1)
    expect(await (await openFor('other.example.com')).observe()).toMatchObject({ kind: 'unknown' })
  })

  it('rules that changed their places are not taken for each other', async () => {
    const router = await open({ kind: 'ingress', name, rule: 'a.example.com', backend })
    const rule = (host: string) => ({
      host,
      http: {
        paths: [
          {
            path: '/',
            pathType: 'Prefix',
            backend: { service: { name: backend.blue, port: { number: 80 } } },
          },
        ],
      },
    })
    const apply = (...hosts: readonly string[]) =>
      namespace.apply({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name },
        spec: { rules: hosts.map(rule) },
      })
    await apply('a.example.com', 'b.example.com')
    await router.observe()
    await apply('b.example.com', 'a.example.com')
    await router.switch(on('blue'), 'green', guardOf(1))
    expect(await specOf('ingress')).toMatch(/shop-blue.*b\.example\.com|b\.example\.com.*shop-blue/)
    const other = await open({ kind: 'ingress', name, rule: 'b.example.com', backend })
    expect([await router.observe(), await other.observe()]).toEqual([on('green'), on('blue')])
  })

  describe('an HTTPRoute with weights', () => {
    const settings = { kind: 'httproute', backend } as const
    const apply = async (...rules: readonly (readonly object[])[]) =>
      namespace.apply({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name },
        spec: { rules: rules.map((backendRefs) => ({ backendRefs })) },
      })
    const ref = (service: string, weight?: number) => ({
      name: service,
      port: 80,
      ...(weight !== undefined && { weight }),
    })
    const weights = async () =>
      (
        (await read('httproute')).spec as { rules: { backendRefs: { name: string; weight: number }[] }[] }
      ).rules.map(({ backendRefs }) => backendRefs.map(({ name, weight }) => `${name} ${weight}`).join(', '))

    it('has them turned, and what else a rule leads to keeps its own', async () => {
      await apply(
        [ref(backend.blue, 90), ref(backend.green, 0), ref('canary', 10)],
        [ref(backend.green, 0), ref(backend.blue)],
        [ref('canary', 5)],
      )
      const router = await open({ ...settings, name })
      expect(await router.observe()).toEqual(on('blue'))
      await router.switch(on('blue'), 'green', guardOf(1))
      expect(await weights()).toEqual([
        'shop-blue 0, shop-green 90, canary 10',
        'shop-green 1, shop-blue 0',
        'canary 5',
      ])
      expect(await router.observe()).toEqual(on('green'))
      await type(router.manual('blue'))
      expect(await router.observe()).toEqual(on('blue'))
    })

    it('that feed both colors, or neither, is mixed until it is put right', async () => {
      await apply(
        [ref(backend.blue, 90), ref(backend.green, 10)],
        [ref(backend.blue, 0), ref(backend.green, 0)],
        [ref(backend.blue, 0), ref('canary', 1)],
      )
      const router = await open({ ...settings, name })
      const mixed = await router.observe()
      expect(mixed).toMatchObject({
        kind: 'mixed',
        detail: `HTTPRoute ${name} leads to both (rule 1), neither (rule 2), neither (rule 3)`,
      })
      await router.switch(mixed, 'green', guardOf(1))
      expect(await router.observe()).toEqual(on('green'))
      expect(await weights()).toEqual([
        'shop-blue 0, shop-green 90',
        'shop-blue 0, shop-green 1',
        'shop-green 1, canary 1',
      ])
    })
  })

  describe('what a gateway reports of an HTTPRoute', () => {
    const [, { object }] = routes
    const settings = () => ({ kind: 'httproute', name, backend }) as const
    interface Report {
      readonly gateway?: string
      readonly accepted?: string
      readonly resolved?: string
      /** How far behind it is. */
      readonly behind?: number
    }
    const report = async (...parents: readonly Report[]) => {
      const { generation } = (await read('httproute')).metadata
      const condition = (type: string, reason: string, behind: number) => ({
        type,
        status: /^(Accepted|ResolvedRefs)$/.test(reason) ? 'True' : 'False',
        reason,
        message: `by the test: ${reason}`,
        lastTransitionTime: new Date().toISOString(),
        observedGeneration: generation - behind,
      })
      const status = {
        parents: parents.map(
          ({ gateway = 'gateway', accepted = 'Accepted', resolved = 'ResolvedRefs', behind = 0 }) => ({
            parentRef: { name: gateway },
            controllerName: 'example.com/gateway',
            conditions: [
              condition('Accepted', accepted, behind),
              condition('ResolvedRefs', resolved, behind),
            ],
          }),
        ),
      }
      await namespace.kubectl(
        'patch',
        'httproute',
        name,
        '--subresource=status',
        '--type=merge',
        `-p=${JSON.stringify({ status })}`,
      )
    }
    /** It looks at the route whenever we wait for it. */
    const openWith = async (...parents: readonly Report[]) => {
      const clock = {
        ...systemClock,
        sleep: async (time: number, signal?: AbortSignal) => {
          if (time === 100) await report(...parents)
          else await systemClock.sleep(time, signal)
        },
      }
      await namespace.apply(object(name, [backend.blue]))
      return kubernetesRouter(await place(settings(), { clock }))
    }

    it('is waited for', async () => {
      const router = await openWith({})
      await report({})
      const { detail } = await router.switch(on('blue'), 'green', guardOf(1))
      expect(detail).toContain('; its gateways have taken generation 2')
    })

    it('is waited for no longer than it takes', async () => {
      const router = await openWith({}, { gateway: 'late', behind: 1 })
      await report({}, { gateway: 'late' })
      const { detail } = await router.switch(on('blue'), 'green', guardOf(1))
      expect(detail).toContain('read back as generation 2; its gateways report on an older one after 2 s')
    })

    it('fails the switch where it is no', async () => {
      const router = await openWith({ resolved: 'BackendNotFound' })
      await report({})
      const failed = router.switch(on('blue'), 'green', guardOf(1))
      await expect(failed).rejects.toThrow(ChangeFailed)
      await expect(failed).rejects.toThrow(
        `HTTPRoute ${name} was written, and its gateway says no: BackendNotFound: by the test: BackendNotFound`,
      )
      expect(await router.observe()).toEqual(on('green'))
    })

    it('fails nothing where a gateway did not take the route before either', async () => {
      const refusing = { gateway: 'internal', accepted: 'NotAllowedByListeners' }
      const router = await openWith({}, refusing)
      await report({}, refusing)
      const { detail } = await router.switch(on('blue'), 'green', guardOf(1))
      expect(detail).toContain('have taken generation 2')
    })
  })
})
