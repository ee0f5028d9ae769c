import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Color } from '../../../src/targets/target.ts'
import { colorAt } from '../asking.ts'
import { type Lost, startLoad } from '../load.ts'
import { now } from '../load-book.ts'
import { openWebSockets } from '../web-sockets.ts'
import { type KubernetesBed, startKubernetesBed } from './bed.ts'
import { lacksKubernetes } from './lacks-kubernetes.ts'
import { type DeploymentOptions, deployment, service } from './manifests.ts'
import type { Namespace } from './namespace.ts'

const think = { min: 0, max: 20 }

interface Shop {
  readonly namespace: Namespace
  readonly url: string
}

type Pods = Pick<DeploymentOptions, 'replicas' | 'environment'>

/** Pods of each color, and a Service that leads to blue. */
async function openShop(bed: KubernetesBed, namespace: Namespace, pods: Pods = {}): Promise<Shop> {
  const { apply, kubectl } = namespace
  const images = { blue: await bed.registry.push('v1'), green: await bed.registry.push('v2') }
  const deployments = (['blue', 'green'] as const).map((color) =>
    deployment({
      name: color,
      image: images[color].pinned,
      labels: { app: 'shop', color },
      ...pods,
      environment: { COLOR: color, ...pods.environment },
    }),
  )
  await apply(...deployments, service({ name: 'shop', selector: { app: 'shop', color: 'blue' } }))
  for (const color of ['blue', 'green']) await kubectl('rollout', 'status', `deployment/${color}`)
  const address = await kubectl('get', 'service', 'shop', '-o', 'jsonpath={.spec.clusterIP}')
  return { namespace, url: `http://${address}` }
}

/** Resolves when nobody is sent elsewhere any more: the node's proxy follows in its own time. */
async function flip({ namespace, url }: Shop, color: Color | 'nobody'): Promise<void> {
  const patch = [{ op: 'replace', path: '/spec/selector/color', value: color }]
  await namespace.kubectl('patch', 'service', 'shop', '--type=json', '-p', JSON.stringify(patch))
  await expect.poll(() => colorAt(url), { timeout: 60_000 }).toBe(color)
}

/** Resolves when its pods are gone. */
async function empty({ kubectl }: Namespace, color: Color): Promise<void> {
  await kubectl('scale', 'deployment', color, '--replicas=0')
  await kubectl('wait', '--for=delete', 'pod', `--selector=color=${color}`, '--timeout=60s')
}

const kinds = (lost: readonly Lost[]) => new Set(lost.map(({ client }) => client))
const reasons = (lost: readonly Lost[]) => new Set(lost.map(({ reason }) => reason))

describe.skipIf(lacksKubernetes())('a Kubernetes of one node', { timeout: 120_000 }, () => {
  let bed: KubernetesBed
  beforeAll(async () => {
    bed = await startKubernetesBed()
  }, 120_000)
  afterAll(() => bed?.[Symbol.asyncDispose]())

  it('loses nothing when a selector moves and the pods it left drain', async ({ annotate }) => {
    await using namespace = await bed.namespace()
    const shop = await openShop(bed, namespace, { environment: { DRAIN_MS: '2000' } })
    const { url } = shop
    await using load = startLoad({ url, keepAlive: 8, fresh: 4, slow: { clients: 2, ms: 300 }, think })
    await using sockets = await openWebSockets({ url, count: 2 })
    const colors = (since: number) =>
      new Set(
        load
          .report()
          .since(since)
          .map(({ color }) => color),
      )
    const lately = () => colors(now() - 500)
    await expect.poll(lately).toEqual(new Set(['blue']))

    await flip(shop, 'green')
    const flipped = now()
    await sleep(1_000)
    // Kept connections stay where they are until their pods let them go.
    expect(colors(flipped)).toEqual(new Set(['blue', 'green']))
    await empty(namespace, 'blue')
    expect(lately()).toEqual(new Set(['green']))
    await namespace.kubectl('scale', 'deployment', 'blue', '--replicas=3')
    await namespace.kubectl('rollout', 'status', 'deployment/blue')
    await flip(shop, 'blue')
    await empty(namespace, 'green')
    expect(lately()).toEqual(new Set(['blue']))

    const { sent, lost, longestGap } = await load.stop()
    await annotate(`${sent} requests, ${lost.length} lost, longest gap ${Math.round(longestGap)} ms`)
    expect(lost).toEqual([])
    for (const { color, cut } of sockets.report()) {
      expect(color).toBe('blue')
      expect(cut?.at).toBeGreaterThan(flipped)
    }
  })

  it('tells who was cut when pods are killed, and who is refused when there is nobody', async () => {
    await using namespace = await bed.namespace()
    const shop = await openShop(bed, namespace, { environment: { STOP: 'abrupt' } })
    const users = { url: shop.url, keepAlive: 2, fresh: 2, think, patience: 3_000 }
    await using cut = startLoad({ ...users, slow: { clients: 4, ms: 300 } })
    await sleep(500)
    expect(cut.report().lost).toEqual([])
    await namespace.kubectl('delete', 'pods', '--selector=color=blue', '--wait=false')
    await expect.poll(() => kinds(cut.report().lost), { timeout: 20_000 }).toContain('slow')
    await cut.stop()

    // Users are refused by pods that are gone, too: those must be back first.
    await namespace.kubectl('rollout', 'status', 'deployment/blue')
    await flip(shop, 'nobody')
    await using refused = startLoad(users)
    await sleep(500)
    const { answered, lost } = await refused.stop()
    expect(answered).toBe(0)
    expect(reasons(lost)).toContain(`connect ECONNREFUSED ${new URL(shop.url).hostname}:80`)
  })

  it('serves on while its API server is gone, and obeys when it is back', async () => {
    await using namespace = await bed.namespace()
    const shop = await openShop(bed, namespace, { replicas: 1 })
    await using load = startLoad({ url: shop.url, keepAlive: 2, fresh: 2, think })
    await bed.apiServer.kill()
    await expect(bed.kubectl('get', 'nodes')).rejects.toThrow('refused')
    await sleep(500)
    await bed.apiServer.start()
    await flip(shop, 'green')
    await bed.apiServer.freeze()
    await expect(bed.kubectl('get', 'nodes', '--request-timeout=1s')).rejects.toThrow()
    expect(await colorAt(shop.url)).toBe('green')
    await bed.apiServer.thaw()
    expect((await load.stop()).lost).toEqual([])
    expect(await bed.kubectl('get', 'nodes', '-o', 'name')).toBe('node/node\n')
  })

  it('lets a service account do what it may', async () => {
    await using namespace = await bed.namespace()
    const rules = [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] }]
    const as = `--kubeconfig=${await namespace.grant(rules)}`
    expect(await bed.kubectl(as, 'get', 'deployments', '-o', 'name')).toBe('')
    await expect(bed.kubectl(as, 'get', 'services')).rejects.toThrow('Forbidden')
    await expect(bed.kubectl(as, 'get', 'deployments', '-n', 'default')).rejects.toThrow('Forbidden')
  })

  it('is beside another, and leaves nothing behind', async () => {
    const other = await startKubernetesBed()
    const theirs = await other.namespace()
    await openShop(other, theirs, { replicas: 1 })
    await using ours = await bed.namespace()
    expect(await ours.kubectl('get', 'deployments', '-o', 'name')).toBe('')
    expect(remainsOf(other)).toMatchObject({ isOnNetwork: true, hasCgroup: true, hasFolder: true })

    await other[Symbol.asyncDispose]()
    expect(remainsOf(other)).toEqual({
      isOnNetwork: false,
      hasCgroup: false,
      hasFolder: false,
      isMounted: false,
    })
  })
})

function remainsOf({ url, logs }: KubernetesBed) {
  const { hostname } = new URL(url)
  const folder = dirname(logs)
  const network = hostname.slice(0, hostname.lastIndexOf('.') + 1)
  const ours = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const [cgroups, cgroup] = ['/sys/fs/cgroup', `blue-green-${hostname.replaceAll('.', '-')}`]
  return {
    isOnNetwork: ours.some(({ address }) => address.startsWith(network)),
    hasCgroup: ['.', ...readdirSync(cgroups)].some((hierarchy) =>
      existsSync(join(cgroups, hierarchy, cgroup)),
    ),
    hasFolder: existsSync(folder),
    isMounted: readFileSync('/proc/self/mountinfo', 'utf8').includes(folder),
  }
}
