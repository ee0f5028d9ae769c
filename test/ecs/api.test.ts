import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import type { Fault } from '../bed/aws/control.ts'
import { expectDeployed } from '../process/expect-deployed.ts'
import { gated, openGate } from '../process/gate.ts'
import { errorsOf } from '../process/shop.ts'
import { expectUnhurt, fewUsers } from '../process/unhurt.ts'
import { lacks } from '../programs.ts'
import { foundMall, type Mall } from './place.ts'

describe.skipIf(lacks(...labPrograms)).concurrent('an AWS that', { timeout: 180_000 }, () => {
  let mall: Mall
  beforeAll(async () => {
    mall = await foundMall()
  })
  afterAll(() => mall?.[Symbol.asyncDispose]())

  test.each<readonly [string, readonly Fault[]]>([
    ['throttles every third call', everyThird('throttling')],
    ['answers every third call with an error of its own', everyThird('internal-error')],
    [
      'answers every call a second late',
      [{ kind: 'slow', milliseconds: 1_000, times: Number.POSITIVE_INFINITY }],
    ],
    ['cuts every third connection before it hears', everyThird('reset')],
    ['cuts every third connection before it answers', everyThird('answer-lost')],
  ])('%s is deployed to all the same', async (_, faults) => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const release = await at.release('v2')
    for (const fault of faults) await at.shop.orderFault(fault)
    await expectDeployed(at, { color: 'green', ...release })
    expect((await users.stop()).lost).toEqual([])
    expect(await at.lease()).toBe('free')
    expect([await at.desired('blue'), await at.desired('green')]).toEqual([0, 1])
  })

  test.each<readonly [string, string]>([
    ['RegisterTaskDefinition', 'ecs:RegisterTaskDefinition'],
    ['UpdateService', 'ecs:UpdateService'],
    ['ModifyListener', 'elasticloadbalancing:ModifyListener'],
    ['PutParameter', 'ssm:PutParameter'],
  ])('allows no %s says what to allow, and traffic stays', async (operation, action) => {
    await using at = await mall.found({ weights: true })
    await using users = fewUsers(at)
    const release = await at.release('v2')
    const times = Number.POSITIVE_INFINITY
    await at.shop.orderFault({ kind: 'denied', operations: [operation], times })
    const main = at.step(release)
    const finished = await main.main()
    await at.shop.endFaults()
    const post = await main.post('failure')
    const said = [`AWS refused ${action}`, `"Effect":"Allow","Action":"${action}"`]
    await expectUnhurt(at, { deployed: { main: finished, post }, users, said })
    expect(await at.desired('green')).toBe(0)
  })

  test('has carried out a switch without a word of it is asked where traffic is', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const release = await at.release('v2')
    const step = at.step({ ...release, ...gated(at, 'before-switch') })
    await step.until('gated')
    await at.shop.orderFault({ kind: 'answer-lost', operations: ['ModifyListener'], times: 5 })
    openGate(at)
    const main = await step.main()
    await at.shop.endFaults()
    const post = await step.post(main.code === 0 ? 'success' : 'failure')
    expect(post.code, main.log + post.log).toBe(0)
    const [color, other] = main.code === 0 ? (['green', 'blue'] as const) : (['blue', 'green'] as const)
    expect(await at.answers()).toMatch(color)
    expect(await at.desired(other)).toBe(0)
    expect((await users.stop()).lost).toEqual([])
    expect(await at.lease()).toBe('free')
  })

  test('no longer knows the credentials while a release is watched is gone back on by post, with others', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const step = at.step({ ...(await at.release('v2')), ...gated(at, 'after-switch') })
    await step.until('gated')
    await at.shop.orderFault({ kind: 'expired', times: Number.POSITIVE_INFINITY })
    openGate(at)
    const main = await step.main()
    expect(main.code, main.log).toBe(1)
    await at.shop.endFaults()
    const post = await step.post('failure')
    expect(post.code, post.log).toBe(0)
    expect(await at.answers()).toBe('blue v1')
    expect((await users.stop()).lost).toEqual([])
    expect(await at.lease()).toBe('free')
  })

  test('no longer knows the credentials in post says so, and the next run goes on', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const step = at.step(await at.release('v2'))
    const main = await step.main()
    expect(main.code, main.log).toBe(0)
    await at.shop.orderFault({ kind: 'expired', times: Number.POSITIVE_INFINITY })
    const post = await step.post('success')
    expect(post.log).toMatch(/credentials of this job have expired[\s\S]*role-duration-seconds/)
    expect(await at.answers()).toBe('green v2')
    expect(await at.desired('blue')).toBe(1)
    await at.shop.endFaults()
    await expectDeployed(at, { color: 'blue', ...(await at.release('v3')) })
    expect((await users.stop()).lost).toEqual([])
  })

  test('has no word of the lock any more is gone back on all the same, on what the runner has recorded', async () => {
    await using at = await mall.found()
    await using users = fewUsers(at)
    const step = at.step({ ...(await at.release('v2')), ...gated(at, 'after-switch') })
    await step.until('gated')
    await step.kill()
    const operations = ['GetParameters', 'GetParametersByPath', 'PutParameter', 'DeleteParameters']
    await at.shop.orderFault({ kind: 'internal-error', operations, times: Number.POSITIVE_INFINITY })
    const post = await step.post('failure')
    expect(post.log).toMatch(/without the ledger|Traffic is back on blue/)
    expect(await at.answers()).toBe('blue v1')
    await at.shop.endFaults()
    expect((await users.stop()).lost).toEqual([])
  })

  test('is away for a while in the middle of a deployment', async () => {
    await using at = await mall.found()
    const release = await at.release('v2')
    const step = at.step({ ...release, ...gated(at, 'before-switch') })
    await step.until('gated')
    await at.shop.orderFault({ kind: 'reset', times: 12 })
    openGate(at)
    const main = await step.main()
    await at.shop.endFaults()
    const post = await step.post(main.code === 0 ? 'success' : 'failure')
    expect(post.code, main.log + post.log).toBe(0)
    expect(await at.answers()).toBe(main.code === 0 ? 'green v2' : 'blue v1')
    expect(await at.lease()).toBe('free')
    if (main.code !== 0) expect(errorsOf(main).join()).toMatch(/AWS did not answer/)
  })
})

/** For as many calls as a deployment makes. */
function everyThird(kind: Fault['kind']): readonly Fault[] {
  return Array.from({ length: 60 }, (_, index) => ({ kind, skip: 2 * index + 2, times: 1 }))
}
