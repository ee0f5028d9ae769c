/** The policy, held to what whole jobs ask of AWS. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { policyFor } from '../../src/targets/ecs/preflight/policy.ts'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import { lacks } from '../programs.ts'
import { plainService, plainSettings } from '../targets/ecs/plain-settings.ts'
import { notPermitted } from './permitted.ts'
import { type EcsShop, foundMall, type Mall } from './place.ts'

const header = { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'Host', Values: ['*'] } }

const policyOf = ({ shop }: EcsShop) =>
  policyFor(
    {
      ...plainSettings,
      cluster: shop.cluster,
      routes: [
        shop.ruleArn === null
          ? { kind: 'listener', arn: shop.listenerArn }
          : { kind: 'rule', arn: shop.ruleArn },
      ],
      lockParameter: `/blue-green/${shop.name}`,
      services: [{ ...plainService, ecsService: shop.services }],
    },
    { families: [shop.name], roles: [], images: [shop.image], alarms: false },
  )

describe.skipIf(lacks(...labPrograms))(
  'jobs on ECS ask for nothing that the policy lacks',
  {
    timeout: 180_000,
  },
  () => {
    let mall: Mall
    beforeAll(async () => {
      mall = await foundMall()
    })
    afterAll(() => mall?.[Symbol.asyncDispose]())

    test.each([
      ['a listener', {}],
      ['a rule', { rule: [header] }],
    ])(
      'by %s: attached, deployed, crashed, cancelled, rolled back, looked at, cleaned up',
      async (_, order) => {
        await using at = await mall.found(order)
        const crashing = await at.release('v3', { CRASH: '1' })
        const slow = await at.release('v4')
        expect((await at.deploy(await at.release('v2'))).main.outputs).toMatchObject({ result: 'deployed' })
        const failed = await at.deploy(crashing)
        expect(failed.main.outputs, failed.main.log).toMatchObject({ result: 'failed' })
        const cut = at.step({ ...slow, bake: '30s' })
        await cut.until('answers in public')
        await cut.cancel()
        expect((await cut.post('cancelled')).code).toBe(0)
        for (const mode of ['status', 'rollback', 'cleanup', 'unlock']) {
          const { main } = await at.deploy({ mode, version: '', image: '' })
          expect(main.code, `${mode}: ${main.log}`).toBe(0)
        }
        expect(notPermitted(await at.shop.calls(), policyOf(at))).toEqual([])
      },
    )
  },
)
