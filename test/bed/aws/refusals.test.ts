import {
  DescribeListenersCommand,
  DescribeRulesCommand,
  ModifyListenerCommand,
  ModifyRuleCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { DeleteParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacks } from '../../programs.ts'
import { type AwsLab, labPrograms, startAwsLab } from './aws-lab.ts'

describe.skipIf(lacks(...labPrograms))('the AWS lab refuses what AWS refuses:', () => {
  let lab: AwsLab
  beforeAll(async () => {
    lab = await startAwsLab()
  })
  afterAll(async () => lab[Symbol.asyncDispose]())

  test('target groups that are not there, two that differ, OIDC without its secret', async () => {
    await using shop = await lab.makeShop({ rule: [{ Field: 'path-pattern', Values: ['/*'] }] })
    const gone = `${shop.targetGroups.blue.slice(0, -1)}x`
    const modify = (...DefaultActions: NonNullable<ModifyListenerCommand['input']['DefaultActions']>) =>
      shop.clients.elb.send(new ModifyListenerCommand({ ListenerArn: shop.listenerArn, DefaultActions }))
    const blue = { Type: 'forward' as const, TargetGroupArn: shop.targetGroups.blue }
    const oidc = {
      Issuer: 'https://example.com',
      AuthorizationEndpoint: 'https://example.com/authorize',
      TokenEndpoint: 'https://example.com/token',
      UserInfoEndpoint: 'https://example.com/user',
      ClientId: 'us',
    }
    const signIn = (more: object) => ({
      Type: 'authenticate-oidc' as const,
      Order: 1,
      AuthenticateOidcConfig: { ...oidc, ...more },
    })
    await expect(modify({ ...blue, TargetGroupArn: gone })).rejects.toThrow(/not found/)
    await expect(
      shop.clients.elb.send(
        new ModifyRuleCommand({
          RuleArn: shop.ruleArn ?? '',
          Actions: [{ Type: 'forward', TargetGroupArn: gone }],
        }),
      ),
    ).rejects.toThrow(/not found/)
    const green = { TargetGroups: [{ TargetGroupArn: shop.targetGroups.green }] }
    await expect(modify({ ...blue, ForwardConfig: green })).rejects.toThrow(/same target group/)
    await expect(modify(signIn({}), { ...blue, Order: 2 })).rejects.toThrow(/client secret/)
    await modify(signIn({ ClientSecret: 'known' }), { ...blue, Order: 2 })
    await modify(signIn({ UseExistingClientSecret: true }), { ...blue, Order: 2 })
    const { Listeners: [listener] = [] } = await shop.clients.elb.send(
      new DescribeListenersCommand({ ListenerArns: [shop.listenerArn] }),
    )
    expect(JSON.stringify(listener)).not.toContain('known')
    expect(listener?.DefaultActions?.[1]).toMatchObject({
      TargetGroupArn: shop.targetGroups.blue,
      ForwardConfig: { TargetGroups: [{ TargetGroupArn: shop.targetGroups.blue, Weight: 1 }] },
    })
  })

  test('another action for a default rule', async () => {
    await using shop = await lab.makeShop()
    const { Rules: [rule] = [] } = await shop.clients.elb.send(
      new DescribeRulesCommand({ ListenerArn: shop.listenerArn }),
    )
    const Actions = [{ Type: 'forward' as const, TargetGroupArn: shop.targetGroups.green }]
    await expect(
      shop.clients.elb.send(new ModifyRuleCommand({ RuleArn: rule?.RuleArn ?? '', Actions })),
    ).rejects.toMatchObject({ name: 'OperationNotPermittedException' })
  })

  test('a task definition for a service that CodeDeploy looks after', async () => {
    await using shop = await lab.makeShop({ controller: 'CODE_DEPLOY' })
    const { image } = await shop.publish('v2')
    const taskDefinition = await shop.register(image)
    await expect(shop.update('green', { taskDefinition })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
  })

  test('a parameter that is there, or was a moment ago', async () => {
    await using shop = await lab.makeShop()
    const { clients, name } = shop
    const put = (Value: string) =>
      clients.ssm.send(
        new PutParameterCommand({ Name: `/${name}/1`, Value, Type: 'String', Overwrite: false }),
      )
    const results = await Promise.allSettled(['a', 'b', 'c'].map(put))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(put('d')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' })
    await clients.ssm.send(new DeleteParameterCommand({ Name: `/${name}/1` }))
    await expect(put('e')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' })
  })
})
