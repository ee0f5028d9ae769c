import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { WatchEvent } from '../../../../src/targets/kubernetes/api/cluster.ts'
import { ChangeFailed, TargetUnreachable } from '../../../../src/targets/target.ts'
import type { KubernetesBed } from '../../../bed/kubernetes/bed.ts'
import { lacksKubernetes } from '../../../bed/kubernetes/lacks-kubernetes.ts'
import { deployment, service } from '../../../bed/kubernetes/manifests.ts'
import type { Namespace } from '../../../bed/kubernetes/namespace.ts'
import { bedForFile, openClusterWith } from '../cluster-place.ts'
import { forever, isRunning } from './place.ts'

const pathOf = (namespace: Namespace, rest: string) => `/api/v1/namespaces/${namespace.name}/${rest}`

/** Processes of kubectl that work for this kubeconfig. */
const kubectls = (kubeconfig: string, command: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return words.includes(`--kubeconfig=${kubeconfig}`) && words.includes(command) && words[0] !== 'sh'
      } catch {
        return false
      }
    })

const versionAt = async (url: string) =>
  ((await (await fetch(`${url}/version`)).json()) as { version: string }).version

const nameOf = ({ object }: WatchEvent) => (object as { metadata: { name: string } }).metadata.name

describe.skipIf(lacksKubernetes())('a cluster', { timeout: 120_000 }, () => {
  const bed = bedForFile()

  async function openWeb(namespace: Namespace, { registry }: KubernetesBed) {
    const { pinned } = await registry.push('v1')
    await namespace.apply(
      deployment({
        name: 'web',
        image: pinned,
        labels: { app: 'web' },
        replicas: 1,
        environment: { COLOR: 'blue' },
      }),
    )
    await namespace.kubectl('rollout', 'status', 'deployment/web')
  }
  const podOf = async ({ kubectl }: Namespace) =>
    (await kubectl('get', 'pods', '--field-selector=status.phase=Running', '-o', 'name'))
      .trim()
      .replace('pod/', '')

  it('answers, refuses, and tells its time', async () => {
    await using namespace = await bed().namespace()
    await using cluster = await openClusterWith(bed(), namespace.kubeconfig)
    expect(cluster).toMatchObject({
      name: `context bed, namespace ${namespace.name}`,
      namespace: namespace.name,
    })
    expect(cluster.requests).toBe(0)
    await namespace.apply(service({ name: 'web', selector: { app: 'web', color: 'blue' } }))

    const path = pathOf(namespace, 'services/web')
    const before = await cluster.ask({ method: 'GET', path })
    expect(before).toMatchObject({ kind: 'answered', body: { spec: { selector: { color: 'blue' } } } })
    expect(Math.abs(before.serverTime - Date.now())).toBeLessThan(5_000)
    const moving = (from: string) => [
      { op: 'test', path: '/spec/selector/color', value: from },
      { op: 'replace', path: '/spec/selector/color', value: 'green' },
    ]
    expect(await cluster.ask({ method: 'PATCH', path, body: moving('blue') })).toMatchObject({
      kind: 'answered',
      body: { spec: { selector: { color: 'green' } } },
    })
    expect(await cluster.ask({ method: 'PATCH', path, body: moving('blue') })).toMatchObject({
      kind: 'refused',
      status: 422,
      reason: 'Invalid',
    })
    expect(await cluster.ask({ method: 'GET', path: pathOf(namespace, 'services/none') })).toMatchObject({
      kind: 'refused',
      status: 404,
      reason: 'NotFound',
      message: 'services "none" not found',
    })
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { it: `it's é` } }
    expect(
      await cluster.ask({
        method: 'PATCH',
        patch: 'apply',
        path: pathOf(namespace, 'configmaps/a?fieldManager=blue-green-action'),
        body: applied,
      }),
    ).toMatchObject({ kind: 'answered', body: { data: { it: `it's é` } } })
    expect(cluster.requests).toBe(5)
  })

  it('says what an account may not do', async () => {
    await using namespace = await bed().namespace()
    const kubeconfig = await namespace.grant([{ apiGroups: [''], resources: ['services'], verbs: ['get'] }])
    await using cluster = await openClusterWith(bed(), kubeconfig)
    expect(await cluster.ask({ method: 'GET', path: pathOf(namespace, 'services') })).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'Forbidden',
      message: expect.stringMatching(/cannot list resource "services"/),
    })
    const events: WatchEvent[] = []
    for await (const event of cluster.watch({ method: 'GET', path: pathOf(namespace, 'pods') }, forever))
      events.push(event)
    expect(events).toMatchObject([{ type: 'ERROR', object: { code: 403 } }])
    await expect(cluster.forward('web', 8080, forever)).rejects.toThrow(ChangeFailed)
    await expect(cluster.forward('web', 8080, forever)).rejects.toThrow('pods/portforward')
  })

  it('shows each change at once', async () => {
    await using namespace = await bed().namespace()
    await using cluster = await openClusterWith(bed(), namespace.kubeconfig)
    const path = pathOf(namespace, 'services')
    const listed = await cluster.ask({ method: 'GET', path })
    if (listed.kind !== 'answered') throw new Error('no list')
    const { resourceVersion } = (listed.body as { metadata: { resourceVersion: string } }).metadata
    const controller = new AbortController()
    const seen: string[] = []
    const watched = (async () => {
      const request = { method: 'GET', path: `${path}?resourceVersion=${resourceVersion}` } as const
      for await (const event of cluster.watch(request, controller.signal))
        seen.push(`${event.type} ${nameOf(event)}`)
    })()
    await namespace.apply(service({ name: 'a', selector: { app: 'a' } }))
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['ADDED a'])
    await namespace.kubectl('delete', 'service', 'a')
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['ADDED a', 'DELETED a'])
    controller.abort()
    await watched
    expect(cluster.requests).toBe(2)
    const ending = cluster.watch({ method: 'GET', path: `${path}?timeoutSeconds=1` }, forever)
    for await (const _ of ending) expect.unreachable()
  })

  it('that does not answer is unreachable, and is asked again when it is back', async () => {
    await using namespace = await bed().namespace()
    await using cluster = await openClusterWith(bed(), namespace.kubeconfig)
    const path = pathOf(namespace, 'configmaps/a')
    await namespace.kubectl('create', 'configmap', 'a')
    const get = { method: 'GET', path } as const
    expect(await cluster.ask(get)).toMatchObject({ kind: 'answered' })
    const watched = (async () => {
      for await (const _ of cluster.watch({ method: 'GET', path: pathOf(namespace, 'secrets') }, forever));
    })()
    watched.catch(() => {})
    await sleep(300)
    await bed().apiServer.kill()
    await expect(watched).rejects.toThrow(TargetUnreachable)
    const reading = cluster.ask(get)
    await expect(reading).rejects.toThrow(TargetUnreachable)
    await expect(reading).rejects.toThrow('connection refused')
    const changing = cluster.ask({ ...get, method: 'PATCH', body: [{ op: 'add', path: '/data', value: {} }] })
    await expect(changing).rejects.toThrow('Whether it was done there is unknown')
    await bed().apiServer.start()
    await expect
      .poll(() => cluster.ask(get).catch(() => null), { timeout: 30_000 })
      .toMatchObject({ kind: 'answered' })
  })

  it('goes on when its proxy is killed, and leaves nothing', async () => {
    await using namespace = await bed().namespace()
    const cluster = await openClusterWith(bed(), namespace.kubeconfig)
    const get = { method: 'GET', path: pathOf(namespace, 'services') } as const
    await cluster.ask(get)
    const [first = 0] = kubectls(namespace.kubeconfig, 'proxy')
    const socket =
      readFileSync(`/proc/${first}/cmdline`, 'utf8').split('\0').at(-2)?.replace('--unix-socket=', '') ?? ''
    expect(existsSync(socket)).toBe(true)
    process.kill(first, 'SIGKILL')
    expect(await cluster.ask(get)).toMatchObject({ kind: 'answered' })
    const [second = 0] = kubectls(namespace.kubeconfig, 'proxy')
    expect(second).not.toBe(first)
    await cluster.close()
    expect([isRunning(first), isRunning(second), existsSync(socket)]).toEqual([false, false, false])
    await expect(cluster.ask(get)).rejects.toThrow('closed')
  })

  it('leads to a pod at one address, however often the way breaks', async () => {
    await using namespace = await bed().namespace()
    await openWeb(namespace, bed())
    await using cluster = await openClusterWith(bed(), namespace.kubeconfig)
    const pod = await podOf(namespace)
    const forward = await cluster.forward(pod, 8080, forever)
    expect(forward.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const ask = () => versionAt(forward.url)
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['v1', 'v1', 'v1'])
    const [way = 0] = kubectls(namespace.kubeconfig, 'port-forward')
    process.kill(way, 'SIGKILL')
    await expect.poll(() => ask().catch(String), { timeout: 10_000 }).toBe('v1')

    await namespace.kubectl('delete', 'pod', pod, '--grace-period=1')
    await namespace.kubectl('rollout', 'status', 'deployment/web')
    await expect(ask()).rejects.toThrow()
    await forward.close()
    await expect(fetch(forward.url)).rejects.toThrow()
    await using another = await bed().namespace()
    await using elsewhere = await openClusterWith(bed(), another.kubeconfig)
    await expect(elsewhere.forward(pod, 8080, forever)).rejects.toThrow(/not found[\s\S]*kubectl get pods/)
    const next = await cluster.forward(await podOf(namespace), 8080, forever)
    expect(await versionAt(next.url)).toBe('v1')
    await cluster.close()
    expect(kubectls(namespace.kubeconfig, 'port-forward')).toEqual([])
  })
})
