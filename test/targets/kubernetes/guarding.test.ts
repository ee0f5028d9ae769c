import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ApiRequest } from '../../../src/targets/kubernetes/api/cluster.ts'
import {
  change,
  fenceOf,
  fencePatch,
  guardedPatch,
  move,
  type PatchOperation,
} from '../../../src/targets/kubernetes/guarding.ts'
import {
  fenceAnnotation,
  listPath,
  type ObjectName,
  objectPath,
  pointer,
} from '../../../src/targets/kubernetes/names.ts'
import { metadataSchema, type Service, serviceSchema } from '../../../src/targets/kubernetes/objects.ts'
import type { Place } from '../../../src/targets/kubernetes/place.ts'
import { readObjects } from '../../../src/targets/kubernetes/reading.ts'
import { selecting } from '../../../src/targets/kubernetes/router/selecting.ts'
import { highestFence, stamp } from '../../../src/targets/kubernetes/stamping.ts'
import { ChangeFailed, ChangeRefused, LeaseLost } from '../../../src/targets/target.ts'
import { type KubernetesBed, startKubernetesBed } from '../../bed/kubernetes/bed.ts'
import { lacksKubernetes } from '../../bed/kubernetes/lacks-kubernetes.ts'
import { deployment, service } from '../../bed/kubernetes/manifests.ts'
import type { Namespace } from '../../bed/kubernetes/namespace.ts'
import { leaseOf, openPlace, plainService } from './place.ts'

const fencePath = '/metadata/annotations/blue-green-action~1fence'

describe('the fence in a patch', () => {
  it.each([
    { annotations: undefined, tests: { path: '/metadata/annotations', value: null } },
    { annotations: { other: 'x' }, tests: { path: fencePath, value: null } },
    { annotations: { [fenceAnnotation]: '4' }, tests: { path: fencePath, value: '4' } },
    { annotations: { [fenceAnnotation]: 'what' }, tests: { path: fencePath, value: 'what' } },
  ])('is tested as it was read: $annotations', ({ annotations, tests }) => {
    const metadata = { name: 'shop', annotations, ownerReferences: [], managedFields: [] }
    const [first, ...rest] = guardedPatch(metadata, 7, [])
    expect(first).toEqual({ op: 'test', ...tests })
    expect(rest).toHaveLength(1)
    expect(JSON.stringify(rest)).toContain('"7"')
  })

  it('is written once', () => {
    const metadata = {
      name: 'shop',
      annotations: { [fenceAnnotation]: '7' },
      ownerReferences: [],
      managedFields: [],
    }
    expect(fencePatch(metadata, 7)).toEqual([{ op: 'test', path: fencePath, value: '7' }])
    expect(fenceOf(metadata)).toBe(7)
  })

  it('stands before any change, with all other tests', () => {
    const edits = fc.array(
      fc.constantFrom<PatchOperation>(...move('/a', 'x', 'y'), ...move('/b', 'x', undefined)),
    )
    fc.assert(
      fc.property(edits, fc.nat(), (given, fence) => {
        const patch = guardedPatch({ name: 'shop', ownerReferences: [], managedFields: [] }, fence, given)
        const firstChange = patch.findIndex(({ op }) => op !== 'test')
        expect(patch.slice(firstChange).every(({ op }) => op !== 'test')).toBe(true)
        expect(patch).toHaveLength(given.length + 2)
      }),
    )
  })

  it('leads to any key', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (keys) => {
        const back = pointer(...keys)
          .split('/')
          .slice(1)
          .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
        expect(back).toEqual(keys)
      }),
    )
  })
})

describe.skipIf(lacksKubernetes())('a change in a real cluster', { timeout: 60_000 }, () => {
  let bed: KubernetesBed
  let namespace: Namespace
  let place: Place
  beforeAll(async () => {
    bed = await startKubernetesBed()
    namespace = await bed.namespace()
  }, 240_000)
  afterAll(() => bed?.[Symbol.asyncDispose]())

  let name: string
  let count = 0
  beforeEach(async () => {
    place = await openPlace({ namespace })
    name = `shop-${++count}`
    await create({})
  })

  const ask = async (request: ApiRequest): Promise<unknown> => {
    const answer = await place.cluster.ask(request)
    if (answer.kind === 'refused') throw new Error(answer.message)
    return answer.body
  }
  const object = (): ObjectName => ({ resource: 'services', name })
  const path = () => objectPath(namespace.name, object())
  /** What applies a manifest would leave an annotation of its own. */
  const create = (annotations: Readonly<Record<string, string>>) =>
    ask({
      method: 'POST',
      path: listPath(namespace.name, 'services'),
      body: {
        ...service({ name, selector: { app: 'shop', color: 'blue' } }),
        metadata: { name, annotations },
      },
    })
  /** As anybody else does. */
  const others = (at: string, value: unknown) =>
    ask({ method: 'PATCH', path: path(), body: [{ op: 'add', path: at, value }] })
  const remove = () => ask({ method: 'DELETE', path: path() })
  const read = async (): Promise<Service> => serviceSchema.parse(await ask({ method: 'GET', path: path() }))
  const fence = async () => fenceOf((await read()).metadata)
  const selector = async () => (await read()).spec.selector

  interface Given {
    readonly fence: number
    readonly read?: Service | null
    readonly value?: string
    readonly old?: string
  }
  const select = ({ fence, read = null, value = 'green', old = 'blue' }: Given, at = place) =>
    change(at.cluster, {
      object: object(),
      shape: serviceSchema,
      lease: leaseOf(fence),
      name: 'The test',
      read,
      edit: (now) => {
        const { color } = now.spec.selector ?? {}
        if (color !== old) throw new ChangeRefused(`it selects ${color}`)
        return selecting(now, 'color', value)
      },
    })

  it.each([
    ['no annotations', {}],
    ['annotations without a fence', { other: 'x' }],
    ['an older fence', { [fenceAnnotation]: '3' }],
    ['our own fence', { [fenceAnnotation]: '5' }],
  ])('is one request that leaves our fence: %s', async (what, annotations) => {
    await remove()
    await create(annotations)
    const before = await read()
    if (what === 'no annotations') expect(before.metadata.annotations).toBeUndefined()
    const { requests } = place.cluster
    const changed = await select({ fence: 5, read: before })
    expect(place.cluster.requests - requests).toBe(1)
    expect(changed.spec.selector).toEqual({ app: 'shop', color: 'green' })
    expect(await fence()).toBe(5)
  })

  it.each([
    ['no annotations', {}],
    ['annotations without a fence', { other: 'x' }],
    ['an older fence', { [fenceAnnotation]: '3' }],
  ])('is refused once a later owner has been: %s', async (_, annotations) => {
    await remove()
    await create(annotations)
    const stale = await read()
    await stamp(await openPlace({ namespace, settings: shopOf(name) }), leaseOf(6))
    await expect(select({ fence: 5, read: stale })).rejects.toThrow(LeaseLost)
    await expect(select({ fence: 5 })).rejects.toThrow('Its fence is 6, and ours 5.')
    expect(await selector()).toEqual({ app: 'shop', color: 'blue' })
    expect(await fence()).toBe(6)
    await select({ fence: 6 })
  })

  it('is refused where the old value is another one by now', async () => {
    const stale = await read()
    await others('/spec/selector/color', 'red')
    await expect(select({ fence: 5, read: stale })).rejects.toThrow(new ChangeRefused('it selects red'))
    expect(await fence()).toBe(0)
  })

  it('goes on where others have written something else, or came back to the old value', async () => {
    const stale = await read()
    await others('/metadata/annotations', { other: 'x' })
    await select({ fence: 5, read: stale })
    const again = await read()
    await others('/spec/selector/color', 'red')
    await others('/spec/selector/color', 'green')
    await select({ fence: 5, read: again, old: 'green', value: 'blue' })
    expect(await selector()).toEqual({ app: 'shop', color: 'blue' })
  })

  it('says what the API server does not take', async () => {
    const error = await select({ fence: 5, value: 'not a label' }).catch((failure: unknown) => failure)
    expect(error).toBeInstanceOf(ChangeFailed)
    expect(error).toHaveProperty('message', expect.stringContaining('a valid label must be'))
    expect(await fence()).toBe(0)
  })

  it('says that the object is gone, and which rule is missing', async () => {
    const rules = [{ apiGroups: [''], resources: ['services'], verbs: ['get'] }]
    const weak = await openPlace({ namespace, kubeconfig: await namespace.grant(rules) })
    await expect(select({ fence: 5 }, weak)).rejects.toThrow(
      '{ apiGroups: [""], resources: ["services"], verbs: ["patch"] }',
    )
    const stale = await read()
    await remove()
    await expect(select({ fence: 5, read: stale })).rejects.toThrow(`Service ${name} is not there`)
    await expect(select({ fence: 5 })).rejects.toThrow(ChangeRefused)
  })

  it('of eight owners at once, one wins', async () => {
    const stale = await read()
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        select({ fence: index + 1, read: stale, value: `by-${index + 1}` }),
      ),
    )
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index + 1] : []))
    expect(won).toHaveLength(1)
    expect(await selector()).toEqual({ app: 'shop', color: `by-${won[0]}` })
    expect(await fence()).toBe(won[0])
  })

  it('a stamp reaches all that exists and is ours, and nothing else', async () => {
    const ownDeployment = `${name}-blue`
    const of = (deploymentName: string) =>
      deployment({ name: deploymentName, image: 'none', labels: { app: deploymentName }, replicas: 0 })
    const preview = service({ name: `preview-${name}`, selector: { app: 'shop' } })
    await namespace.apply(of(ownDeployment), of('other'), preview)
    const settings = { ...shopOf(name), previewService: `preview-${name}` }
    const shop = await openPlace({ namespace, settings })
    expect(await highestFence(shop)).toBe(0)
    await stamp(shop, leaseOf(4))
    await stamp(shop, leaseOf(4))
    const shape = z.object({ metadata: metadataSchema })
    const fences = (await readObjects(shop.cluster, { resource: 'deployments' }, shape)).map(
      ({ metadata }) => [metadata.name, fenceOf(metadata)],
    )
    expect(fences).toEqual([
      ['other', 0],
      [ownDeployment, 4],
    ])
    // It is a new generation, but none of the template: no pod is replaced for it.
    await namespace.kubectl('rollout', 'status', `deployment/${ownDeployment}`)
    const sets = await namespace.kubectl('get', 'replicasets', '-l', `app=${ownDeployment}`, '-o', 'name')
    expect(sets.trim().split('\n')).toHaveLength(1)
    expect(await fence()).toBe(4)
    expect(await highestFence(shop)).toBe(4)
    await expect(stamp(shop, leaseOf(3))).rejects.toThrow(LeaseLost)
  })
})

const shopOf = (name: string) => ({
  services: [
    { ...plainService, kubeServices: [name], deployment: { blue: `${name}-blue`, green: `${name}-green` } },
  ],
})
