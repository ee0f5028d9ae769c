import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { deployment, service } from '../bed/kubernetes/manifests.ts'
import { until } from '../contract/stand.ts'
import { gated, openGate } from '../process/gate.ts'
import { errorsOf, type Inputs } from '../process/shop.ts'
import { expectUnhurt, fewUsers } from '../process/unhurt.ts'
import { type City, foundCity } from './place.ts'
import { select } from './street.ts'

describe.skipIf(lacksKubernetes()).concurrent('a cluster', { timeout: 600_000 }, () => {
  let city: City
  beforeAll(async () => {
    city = await foundCity()
  }, 300_000)
  afterAll(() => city?.[Symbol.asyncDispose]())

  describe('refuses a release before anything is touched', () => {
    test.each<readonly [string, Inputs, readonly (string | RegExp)[]]>([
      [
        'in a namespace that is not there',
        { namespace: 'nowhere' },
        [
          /There is no namespace nowhere in context bed, namespace nowhere\.[\s\S]*Those there are: .*default/,
        ],
      ],
      [
        'in a context that is not there',
        { 'kube-context': 'nowhere' },
        [/The kubeconfig has no context nowhere\.[\s\S]*Name one of those it has: `bed`/],
      ],
      [
        'in a cluster that nobody named',
        { kubeconfig: '/nowhere' },
        [/The kubeconfig \/nowhere cannot be read/],
      ],
      [
        'of Deployments that are not there',
        { 'kube-deployment': 'stall-{color}' },
        [/neither a Deployment stall-blue nor stall-green [\s\S]*Those there are: shop-blue, shop-green/],
      ],
      [
        'of a Service that is not there',
        { 'kube-service': 'stall' },
        [/no Service stall [\s\S]*Those there are: shop\./],
      ],
      ['whose container is not there', { 'kube-container': 'nginx' }, [/nginx.*`kube-container: web`/s]],
    ])('%s', async (_, changes, said) => {
      await using shop = await city.found()
      await using users = fewUsers(shop)
      const deployed = await shop.deploy({ ...(await city.release('v2')), ...changes })
      await expectUnhurt(shop, { deployed, users, said })
      expect(await shop.replicas('green')).toBe(0)
    })

    test('with a token that is allowed nothing, and says what to apply', async () => {
      await using shop = await city.found()
      await using users = fewUsers(shop)
      const kubeconfig = await shop.namespace.grant([])
      const deployed = await shop.deploy({ ...(await city.release('v2')), kubeconfig })
      await expectUnhurt(shop, { deployed, users, said: ['Missing: get and patch services shop'] })
      expect(deployed.main.log).toMatch(/kind: Role\b[\s\S]*kind: RoleBinding/)
    })

    test('with a token that has expired', async () => {
      await using shop = await city.found()
      await using users = fewUsers(shop)
      const text = await shop.namespace.kubectl('config', 'view', '--minify', '--flatten', '--raw')
      const kubeconfig = text.replace(/token: .*/, 'token: expired')
      const deployed = await shop.deploy({ ...(await city.release('v2')), kubeconfig })
      await expectUnhurt(shop, { deployed, users, said: [/kubeconfig: .*401|Unauthorized/] })
      expect(deployed.main.log).not.toContain('token:')
    })

    test('whose Service knows no color, with the steps that color it', async () => {
      await using shop = await city.found()
      const selector = [{ op: 'replace', path: '/spec/selector', value: { app: 'shop' } }]
      await shop.namespace.kubectl('delete', 'deployment', 'shop-green')
      await shop.namespace.kubectl('patch', 'service', 'shop', '--type=json', '-p', JSON.stringify(selector))
      await using users = fewUsers(shop)
      const deployed = await shop.deploy(await city.release('v2'))
      const said = [/Service shop selects app=shop, which names no color/, 'kubectl -n']
      await expectUnhurt(shop, { deployed, users, said })
    })

    test('for which the quota has no room', async () => {
      await using shop = await city.found()
      await shop.namespace.apply({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'team' },
        spec: { hard: { pods: '3' } },
      })
      const used = () => shop.namespace.kubectl('get', 'quota', 'team', '-o', 'jsonpath={.status.used.pods}')
      await until('pods are counted', async () => (await used()) === '2')
      await using users = fewUsers(shop)
      const deployed = await shop.deploy(await city.release('v2'))
      await expectUnhurt(shop, { deployed, users, said: [/pods 3, of which 2 is used and 2 more is needed/] })
    })
  })

  describe('gives no traffic to a release, and stops it,', () => {
    test.each<readonly [string, Inputs, string | RegExp]>([
      ['whose pods keep ending', { CRASH: '1' }, /CrashLoopBackOff|exit code 3/],
      ['whose pods need too much memory', { EAT_MB: '200' }, /OOMKilled/],
      ['which says itself that it is ill', { HEALTH: 'bad' }, /503|not ready/],
    ])('%s', async (_, environment, said) => {
      await using shop = await city.found()
      await using users = fewUsers(shop)
      const release = await city.release(`v2-${Object.keys(environment).join()}`, environment)
      const deployed = await shop.deploy({ ...release, 'health-timeout': '15s' })
      await expectUnhurt(shop, { deployed, users, said: [said, 'Traffic is on blue'] })
      expect(deployed.main.outputs).toMatchObject({ switched: 'false', 'active-color': 'blue' })
      expect(await shop.replicas('green')).toBe(0)
    })

    test('whose image nobody has', async () => {
      await using shop = await city.found()
      await using users = fewUsers(shop)
      const image = `${city.bed.registry.host}/shop:never-pushed`
      const deployed = await shop.deploy({ version: 'v2', image })
      await expectUnhurt(shop, { deployed, users, said: [/ErrImagePull|ImagePullBackOff/, 'never-pushed'] })
      expect(await shop.replicas('green')).toBe(0)
    })
  })

  test('takes back a release that fails in public', async () => {
    await using shop = await city.found()
    await using users = fewUsers(shop)
    const release = await city.release('v2-broken', { PUBLIC: '/health' })
    const deployed = await shop.deploy({ ...release, 'health-timeout': '10s' })
    await expectUnhurt(shop, { deployed, users, said: ['traffic is back on blue', /500/] })
    expect(deployed.main.outputs).toMatchObject({ 'failed-phase': 'verify', result: 'rolled-back' })
    expect(await shop.replicas('green')).toBe(0)
  })

  describe('and a human who moves the selector', () => {
    test('to the new color before the switch: the switch is refused, and traffic is left to them', async () => {
      await using shop = await city.found()
      await using users = fewUsers(shop)
      const step = shop.step({ ...(await city.release('v2')), ...gated(shop, 'before-switch') })
      await step.until('gated')
      await select(shop, 'green')
      openGate(shop)
      const [main, post] = [await step.main(), await step.post('failure')]
      expect([main.code, post.code, ...errorsOf(post)], main.log + post.log).toEqual([1, 0])
      expect(main.outputs).toMatchObject({ 'active-color': 'green', 'failed-phase': 'switch' })
      for (const text of [
        /The switch to green was not run: Service shop selects app=shop, color=green, and app=shop, color=blue was expected/,
        /somebody else moved traffic to the new color/,
        /Where traffic is now: Traffic is on green\.[\s\S]*What to do next: Find out who moved traffic/,
      ])
        expect(errorsOf(main).join()).toMatch(text)
      expect((await users.stop()).lost).toEqual([])
      expect([await shop.replicas('green'), await shop.replicas('blue')]).toEqual([2, 2])
      expect([await shop.answers(), await shop.lease()]).toEqual(['green v2', 'free'])
    })

    test('there and back before the switch: nobody has missed anything, and it goes on', async () => {
      await using shop = await city.found()
      await using users = fewUsers(shop)
      const step = shop.step({ ...(await city.release('v2')), ...gated(shop, 'before-switch') })
      await step.until('gated')
      await select(shop, 'green')
      await select(shop, 'blue')
      openGate(shop)
      const [main, post] = [await step.main(), await step.post('success')]
      expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
      expect((await users.stop()).lost).toEqual([])
      expect([await shop.answers(), await shop.lease()]).toEqual(['green v2', 'free'])
    })

    test('while the release is watched: traffic is left to them', async () => {
      await using shop = await city.found()
      await using users = fewUsers(shop)
      const step = shop.step({ ...(await city.release('v2')), bake: '4s' })
      await step.until('Watching green')
      await select(shop, 'blue')
      const deployed = { main: await step.main(), post: await step.post('failure') }
      const said = ['The router should name green, and it is blue', 'green is left as it is']
      await expectUnhurt(shop, { deployed, users, said })
      expect(await shop.replicas('green')).toBe(2)
    })
  })

  test('lets one of two deployments through, and names it to the other', async () => {
    await using shop = await city.found()
    await using users = fewUsers(shop)
    const first = shop.step({ ...(await city.release('v2')), ...gated(shop, 'before-switch') })
    await first.until('gated')
    const second = await shop.deploy({ ...(await city.release('v3')), 'lock-wait': '1s' })
    expect([second.main.code, second.main.outputs['active-color']], second.main.log).toEqual([1, 'blue'])
    expect(errorsOf(second.main).join()).toContain('actions/runs/')
    openGate(shop)
    const [main, post] = [await first.main(), await first.post('success')]
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    expect((await users.stop()).lost).toEqual([])
    expect([await shop.answers(), await shop.lease()]).toEqual(['green v2', 'free'])
  })

  test('whose run is canceled after the switch: post takes users back', async () => {
    await using shop = await city.found()
    await using users = fewUsers(shop)
    const step = shop.step({ ...(await city.release('v2')), ...gated(shop, 'after-switch') })
    await step.until('gated')
    const main = await step.cancel()
    const post = await step.post('cancelled')
    expect([main.code, post.code], main.log + post.log).toEqual([130, 0])
    expect((await users.stop()).lost).toEqual([])
    expect([await shop.answers(), await shop.lease()]).toEqual(['blue v1', 'free'])
    expect(await shop.replicas('green')).toBe(0)
  })

  test('moves two Services of an app together, and brings both back', async () => {
    await using shop = await city.found()
    const image = (await city.release('v1')).image ?? ''
    const api = (color: string) => ({ app: 'api', color })
    await shop.namespace.apply(
      ...['blue', 'green'].map((color) =>
        deployment({
          name: `api-${color}`,
          image,
          labels: api(color),
          replicas: color === 'blue' ? 1 : 0,
          environment: { COLOR: color, DRAIN_MS: '5000' },
        }),
      ),
      service({ name: 'api', selector: api('blue') }),
    )
    await shop.namespace.kubectl('rollout', 'status', 'deployment/api-blue')
    await using users = fewUsers(shop)
    const { version = '', image: next = '' } = await city.release('v2')
    const services = [
      `shop: { image: '${next}', url: '${shop.url}', kube-service: shop }`,
      `api: { image: '${next}', kube-service: api }`,
    ].join('\n')
    const changes = { version, image: '', url: '', services, 'kube-deployment': '{service}-{color}' }
    const deployed = await shop.deploy({ ...changes, 'after-switch': 'exit 1' })
    expect([deployed.main.code, deployed.main.outputs.result], deployed.main.log).toEqual([1, 'rolled-back'])
    const apiColor = () =>
      shop.namespace.kubectl('get', 'service', 'api', '-o', 'jsonpath={.spec.selector.color}')
    expect([await shop.answers(), await apiColor()]).toEqual(['blue v1', 'blue'])
    const { main, post } = await shop.deploy(changes)
    expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    expect([await shop.answers(), await apiColor()]).toEqual(['green v2', 'green'])
    expect((await users.stop()).lost).toEqual([])
  })
})
