import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ChangeFailed, ChangeRefused, LeaseLost } from '../../../../src/targets/target.ts'
import { temporaryFolder } from '../../../bed/folder.ts'
import { lacksKubernetes } from '../../../bed/kubernetes/lacks-kubernetes.ts'
import { deployment, service } from '../../../bed/kubernetes/manifests.ts'
import { bedForFile } from '../cluster-place.ts'
import { altered, guardWith, openStand, orderOf, type Stand, serviceOf } from './stand.ts'

const labels = { app: 'shop', color: 'blue' }
const greens = { app: 'shop', color: 'green' }

const readyBy = async ({ runtime }: Stand, color: 'blue' | 'green') => {
  await expect
    .poll(() => runtime.ready(color, ['web']), { timeout: 60_000, interval: 200 })
    .toMatchObject({ kind: 'ready' })
}

const answerOf = async ({ runtime }: Stand, color: 'blue' | 'green') => {
  const [reach] = await runtime.reach(color, 'web')
  const response = await fetch(`${reach?.url}/version`)
  return { ...((await response.json()) as { version: string }), url: reach?.url }
}

describe.skipIf(lacksKubernetes())('colors on a real cluster', { timeout: 180_000 }, () => {
  const bed = bedForFile()

  it('makes a color from the live one, starts it, leads to it, stops it and starts it again', async ({
    annotate,
  }) => {
    await using namespace = await bed().namespace()
    const { registry } = bed()
    const [v1, v2] = [await registry.push('v1'), await registry.push('v2')]
    await namespace.apply(
      deployment({ name: 'shop-blue', image: v1.pinned, labels, replicas: 2 }),
      service({ name: 'shop', selector: labels }),
    )
    await using stand = await openStand(bed(), namespace)
    const { runtime, cluster } = stand
    expect(await runtime.observe('green')).toEqual({ presence: 'absent', version: null, detail: null })
    await readyBy(stand, 'blue')

    const before = cluster.requests
    const began = Date.now()
    const order = orderOf(v2.reference, { size: { web: 2 } })
    expect(await runtime.deploy('green', order, guardWith(3))).toEqual({ web: v2.pinned })
    const started = Date.now()
    await readyBy(stand, 'green')
    await annotate(
      `created: started after ${started - began} ms, ready after ${Date.now() - began} ms, ${cluster.requests - before} requests`,
    )
    expect(await runtime.observe('green')).toEqual({
      presence: 'running',
      version: 'v2',
      detail: null,
      size: { web: 2 },
    })
    expect(await namespace.kubectl('get', 'pods', '--selector=color=green', '-o', 'name')).toMatch(
      /^(pod\/shop-green-\S+\n){2}$/,
    )

    const first = await answerOf(stand, 'green')
    expect(first.version).toBe('v2')
    expect(await answerOf(stand, 'green')).toEqual(first)
    await namespace.kubectl('delete', 'pods', '--selector=color=green')
    await expect
      .poll(() => answerOf(stand, 'green').catch(String), { timeout: 30_000 })
      .toMatchObject({ version: 'v2' })

    await runtime.stop('green', guardWith(3))
    await expect
      .poll(() => runtime.observe('green'), { timeout: 30_000 })
      .toMatchObject({ presence: 'stopped', version: 'v2' })
    const restarting = cluster.requests
    await runtime.deploy('green', { ...order, size: { web: 1 } }, guardWith(4))
    await readyBy(stand, 'green')
    await annotate(`started again: ${cluster.requests - restarting} requests`)
    expect(await runtime.observe('green')).toMatchObject({ presence: 'running', size: { web: 1 } })
    expect(
      JSON.parse(await namespace.kubectl('get', 'replicasets', '--selector=color=green', '-o', 'json')),
    ).toMatchObject({ items: [{}] })

    await expect(runtime.stop('green', guardWith(3))).rejects.toThrow(LeaseLost)
    stand.traffic = { kind: 'color', color: 'green' }
    await expect(runtime.stop('green', guardWith(4))).rejects.toThrow(ChangeRefused)
    await expect(runtime.deploy('green', order, guardWith(4))).rejects.toThrow('traffic is on green now')
    stand.traffic = { kind: 'color', color: 'blue' }
    await runtime.remove('green', guardWith(4))
    expect(await runtime.observe('green')).toMatchObject({ presence: 'absent' })
    expect(await runtime.observe('blue')).toMatchObject({ presence: 'running' })
  })

  const faults: Record<
    string,
    {
      readonly deployment?: object
      readonly image?: string
      readonly env?: Record<string, string>
      readonly reason: RegExp
    }
  > = {
    'an image that is not there': { image: 'GONE', reason: /ErrImagePull|ImagePullBackOff.*container web/ },
    'an image that may not be pulled': {
      image: 'localhost/none:v1',
      deployment: { container: { imagePullPolicy: 'Never' } },
      reason: /ErrImageNeverPull/,
    },
    'no name of an image': { image: 'Shop:v1', reason: /InvalidImageName/ },
    'an app that ends': { env: { CRASH: 'yes', CRASH_MS: '200' }, reason: /CrashLoopBackOff.* exit code 3/ },
    'a ConfigMap that is missing': {
      deployment: { container: { envFrom: [{ configMapRef: { name: 'none' } }] } },
      reason: /CreateContainerConfigError.*configmap "none" not found/,
    },
    'too little memory': { env: { EAT_MB: '200' }, reason: /OOMKilled/ },
    'a program that is not there': {
      deployment: { container: { command: ['/none'] } },
      reason: /could not be started|RunContainerError/,
    },
    'no node that is big enough': {
      deployment: { container: { resources: { requests: { cpu: '64' } } } },
      reason: /no node takes it: .*Insufficient cpu/,
    },
    'a deadline': {
      env: { HEALTH: 'bad' },
      deployment: { spec: { progressDeadlineSeconds: 4 } },
      reason: /ProgressDeadlineExceeded/,
    },
  }

  it('ends at once what waiting cannot cure, and tells why', async ({ annotate }) => {
    await using namespace = await bed().namespace()
    const { host, push } = bed().registry
    const { pinned } = await push('v1')
    const cases = Object.entries(faults).map(([title, fault], index) => ({
      title,
      fault,
      name: `fault-${index}`,
    }))
    await namespace.apply(
      ...cases.map(({ name, fault }) =>
        altered(
          deployment({
            name,
            image: pinned,
            labels: { fault: name },
            replicas: 0,
            environment: fault.env ?? {},
          }),
          fault.deployment ?? {},
        ),
      ),
    )
    const ends = cases.map(async ({ name, title, fault }) => {
      const services = [serviceOf({ deployment: { blue: 'shop-blue', green: name } })]
      await using stand = await openStand(bed(), namespace, { services })
      const { runtime } = stand
      const image = fault.image === 'GONE' ? `${host}/none:v1` : (fault.image ?? pinned)
      const began = Date.now()
      const early = await runtime
        .deploy('green', orderOf(image), guardWith(1))
        .catch((error: unknown) => error)
      if (!(early instanceof ChangeFailed)) {
        expect(early).toEqual({ web: pinned })
        await expect
          .poll(() => runtime.ready('green', ['web']), { timeout: 60_000, interval: 200 })
          .toMatchObject({ kind: 'fatal' })
      }
      const time = Date.now() - began
      const readiness = await runtime.ready('green', ['web'])
      const { cause, sections } = await runtime.diagnose('green')
      await annotate(
        `${title}: ${time} ms${early instanceof ChangeFailed ? ' (while deploying)' : ''}: ${cause}`,
      )
      return { title, fault, early, readiness, cause, sections }
    })
    for (const { title, fault, early, cause, sections } of await Promise.all(ends)) {
      if (early instanceof ChangeFailed) expect(early.message, title).toMatch(fault.reason)
      expect(cause, title).toMatch(fault.reason)
      expect(
        sections.map((each) => each.title),
        title,
      ).toContain('events')
    }
  })

  it('says which quota is in the way', async () => {
    await using namespace = await bed().namespace()
    const { pinned } = await bed().registry.push('v1')
    await namespace.apply(
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few' }, spec: { hard: { pods: '1' } } },
      deployment({ name: 'shop-green', image: pinned, labels: greens, replicas: 0 }),
    )
    await using stand = await openStand(bed(), namespace)
    await stand.runtime.deploy('green', orderOf(pinned, { size: { web: 2 } }), guardWith(1)).catch(() => {})
    await expect
      .poll(() => stand.runtime.ready('green', ['web']), { timeout: 30_000 })
      .toMatchObject({
        kind: 'fatal',
        reason: expect.stringMatching(/FailedCreate.*exceeded quota: few/),
      })
  })

  it('applies manifests again and again, and takes nothing from others', async () => {
    await using namespace = await bed().namespace()
    await using folder = await temporaryFolder()
    const { pinned } = await bed().registry.push('v1')
    const green = deployment({
      name: 'shop-{color}',
      image: '{image}',
      labels: { app: 'shop', color: '{color}' },
      replicas: 1,
    })
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shop-{color}' },
      data: { version: '{version}' },
    }
    await writeFile(
      join(folder.path, 'app.yaml'),
      [green, config].map((each) => JSON.stringify(each)).join('\n---\n'),
    )
    await using stand = await openStand(bed(), namespace, { manifests: [folder.path] })
    const { runtime } = stand
    await runtime.deploy('green', orderOf(pinned), guardWith(1))
    await readyBy(stand, 'green')
    expect(await namespace.kubectl('get', 'configmap', 'shop-green', '-o', 'jsonpath={.data.version}')).toBe(
      'v2',
    )
    await runtime.stop('green', guardWith(1))
    const v3 = await bed().registry.push('v3')
    await runtime.deploy('green', orderOf(v3.pinned, { size: { web: 2 } }), guardWith(2))
    await readyBy(stand, 'green')
    expect(await runtime.observe('green')).toMatchObject({ presence: 'running', size: { web: 2 } })

    await namespace.kubectl('set', 'image', 'deployment/shop-green', `web=${pinned}`)
    await expect(runtime.deploy('green', orderOf(v3.pinned), guardWith(3))).rejects.toThrow(
      'These fields belong to kubectl-set.',
    )
    await expect(runtime.deploy('green', orderOf(v3.pinned), guardWith(1))).rejects.toThrow(LeaseLost)
  })

  it('does not take an API server that is away for a color that is broken', async () => {
    await using namespace = await bed().namespace()
    const { pinned } = await bed().registry.push('v1')
    await namespace.apply(deployment({ name: 'shop-blue', image: pinned, labels, replicas: 1 }))
    await using stand = await openStand(bed(), namespace)
    await readyBy(stand, 'blue')
    const before = stand.cluster.requests
    for (let asked = 0; asked < 20; asked++) await stand.runtime.ready('blue', ['web'])
    expect(stand.cluster.requests - before).toBeLessThan(5)
    await bed().apiServer.kill()
    await expect
      .poll(() => stand.runtime.ready('blue', ['web']), { timeout: 60_000 })
      .toMatchObject({ kind: 'silent', reason: expect.stringContaining('did not answer') })
    await bed().apiServer.start()
    await readyBy(stand, 'blue')
  })
})
