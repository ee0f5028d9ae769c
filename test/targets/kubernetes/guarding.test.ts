import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  change,
  fenceOf,
  fencePatch,
  guardedPatch,
  move,
  type PatchOperation,
} from '../../../src/targets/kubernetes/guarding.ts'
import { fenceAnnotation, objectPath, pointer } from '../../../src/targets/kubernetes/names.ts'
import { type Service, serviceSchema } from '../../../src/targets/kubernetes/objects.ts'
import type { Place } from '../../../src/targets/kubernetes/place.ts'
import { selecting } from '../../../src/targets/kubernetes/router/selecting.ts'
import { highestFence, stamp } from '../../../src/targets/kubernetes/stamping.ts'
import { ChangeFailed, ChangeRefused, LeaseLost } from '../../../src/targets/target.ts'
import { type KubernetesBed, startKubernetesBed } from '../../bed/kubernetes/bed.ts'
import { lacksKubernetes } from '../../bed/kubernetes/lacks-kubernetes.ts'
import { deployment, service } from '../../bed/kubernetes/manifests.ts'
import type { Namespace } from '../../bed/kubernetes/namespace.ts'
import { leaseOf, openPlace, selectorOf } from './place.ts'

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
  }, 120_000)
  afterAll(() => bed?.[Symbol.asyncDispose]())

  beforeEach(async () => {
    namespace = await bed.namespace()
    place = await openPlace({ namespace })
    // What applies a manifest leaves an annotation of its own.
    await namespace.kubectl('create', 'service', 'clusterip', 'shop', '--tcp=80')
    await namespace.kubectl('set', 'selector', 'service', 'shop', 'app=shop,color=blue')
  })

  const read = async (): Promise<Service> => {
    const path = objectPath(namespace.name, { resource: 'services', name: 'shop' })
    const answer = await place.cluster.ask({ method: 'GET', path })
    if (answer.kind === 'refused') throw new Error(answer.message)
    return serviceSchema.parse(answer.body)
  }
  const fence = async () => fenceOf((await read()).metadata)

  interface Given {
    readonly fence: number
    readonly read?: Service | null
    readonly value?: string
    readonly old?: string
  }
  const select = ({ fence, read = null, value = 'green', old = 'blue' }: Given) =>
    change(place.cluster, {
      object: { resource: 'services', name: 'shop' },
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
    ['no annotations', null],
    ['annotations without a fence', 'other=x'],
    ['an older fence', `${fenceAnnotation}=3`],
    ['our own fence', `${fenceAnnotation}=5`],
  ])('leaves our fence: %s', async (_, annotation) => {
    if (annotation === null) expect((await read()).metadata.annotations).toBeUndefined()
    else await namespace.kubectl('annotate', 'service', 'shop', annotation)
    const before = place.cluster.requests
    const changed = await select({ fence: 5, read: await read() })
    expect(place.cluster.requests - before).toBe(2)
    expect(changed.spec.selector).toEqual({ app: 'shop', color: 'green' })
    expect(await fence()).toBe(5)
  })

  it.each([
    ['no annotations', null],
    ['annotations without a fence', 'other=x'],
    ['an older fence', `${fenceAnnotation}=3`],
  ])('is refused once a later owner has been: %s', async (_, annotation) => {
    if (annotation !== null) await namespace.kubectl('annotate', 'service', 'shop', annotation)
    const stale = await read()
    await stamp(place, leaseOf(6))
    await expect(select({ fence: 5, read: stale })).rejects.toThrow(LeaseLost)
    await expect(select({ fence: 5 })).rejects.toThrow('Its fence is 6, and ours 5.')
    expect(await selectorOf(namespace)).toEqual({ app: 'shop', color: 'blue' })
    expect(await fence()).toBe(6)
    await select({ fence: 6 })
  })

  it('is refused where the old value is another one by now', async () => {
    const stale = await read()
    await namespace.kubectl('set', 'selector', 'service', 'shop', 'app=shop,color=red')
    await expect(select({ fence: 5, read: stale })).rejects.toThrow(new ChangeRefused('it selects red'))
    expect(await fence()).toBe(0)
  })

  it('goes on where others have written something else, or came back to the old value', async () => {
    const stale = await read()
    await namespace.kubectl('annotate', 'service', 'shop', 'other=x')
    await select({ fence: 5, read: stale })
    const again = await read()
    await namespace.kubectl('set', 'selector', 'service', 'shop', 'app=shop,color=red')
    await namespace.kubectl('set', 'selector', 'service', 'shop', 'app=shop,color=green')
    await select({ fence: 5, read: again, old: 'green', value: 'blue' })
    expect(await selectorOf(namespace)).toEqual({ app: 'shop', color: 'blue' })
  })

  it('says what the API server does not take', async () => {
    const error = await select({ fence: 5, value: 'not a label' }).catch((failure: unknown) => failure)
    expect(error).toBeInstanceOf(ChangeFailed)
    expect(error).toHaveProperty('message', expect.stringContaining('a valid label must be'))
    expect(await fence()).toBe(0)
  })

  it('says that the object is gone, and which rule is missing', async () => {
    const rules = [{ apiGroups: [''], resources: ['services'], verbs: ['get'] }]
    const kubeconfig = await namespace.grant(rules)
    const whole = place
    place = await openPlace({ namespace, kubeconfig })
    await expect(select({ fence: 5 })).rejects.toThrow(
      '{ apiGroups: [""], resources: ["services"], verbs: ["patch"] }',
    )
    place = whole
    const stale = await read()
    await namespace.kubectl('delete', 'service', 'shop')
    await expect(select({ fence: 5, read: stale })).rejects.toThrow('Service shop is not there')
    await expect(select({ fence: 5 })).rejects.toThrow(ChangeRefused)
  })

  it('of eight owners at once, none undoes what a later one did', async () => {
    const stale = await read()
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        select({ fence: index + 1, read: stale, value: `by-${index + 1}` }),
      ),
    )
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index + 1] : []))
    expect(won).toHaveLength(1)
    const [{ metadata, spec }] = [await read()]
    expect(spec.selector).toEqual({ app: 'shop', color: `by-${won[0]}` })
    expect(fenceOf(metadata)).toBe(won[0])
  })

  it('a stamp reaches all that exists and is ours, and nothing else', async () => {
    const of = (name: string) => deployment({ name, image: 'none', labels: { app: name }, replicas: 0 })
    await namespace.apply(
      of('shop-blue'),
      of('other'),
      service({ name: 'preview', selector: { app: 'shop' } }),
    )
    const settings = { previewService: 'preview' }
    const shop = await openPlace({ namespace, settings })
    expect(await highestFence(shop)).toBe(0)
    await stamp(shop, leaseOf(4))
    await stamp(shop, leaseOf(4))
    const all = await namespace.kubectl(
      'get',
      'services,deployments',
      '-o',
      `jsonpath={range .items[*]}{.metadata.name}={.metadata.annotations.blue-green-action/fence} {end}`,
    )
    expect(all.trim().split(' ').sort()).toEqual(['other=', 'preview=4', 'shop-blue=4', 'shop=4'])
    expect(await highestFence(shop)).toBe(4)
    await expect(stamp(shop, leaseOf(3))).rejects.toThrow(LeaseLost)
    // A new release of the same Deployment is no new generation by it.
    const generation = await namespace.kubectl(
      'get',
      'deployment',
      'shop-blue',
      '-o',
      'jsonpath={.metadata.generation}',
    )
    expect(generation).toBe('1')
  })
})
