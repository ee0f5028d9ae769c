import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs'
import {
  DescribeListenersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacks } from '../../programs.ts'
import { type AwsLab, labPrograms, startAwsLab } from './aws-lab.ts'
import type { Shop } from './shop.ts'

describe.skipIf(lacks(...labPrograms))('the AWS lab gives faults', () => {
  let lab: AwsLab
  beforeAll(async () => {
    lab = await startAwsLab()
  })
  afterAll(async () => lab[Symbol.asyncDispose]())

  test.each([
    ['throttling', 'ThrottlingException', 'Throttling'],
    ['expired', 'ExpiredTokenException', 'ExpiredToken'],
    ['denied', 'AccessDeniedException', 'AccessDenied'],
    ['internal-error', 'InternalFailure', 'InternalFailure'],
  ] as const)(
    '%s, in the words of each service, for the calls and the times asked for',
    async (kind, ecs, elb) => {
      await using shop = await lab.makeShop()
      const user = usersOf(shop)
      await shop.orderFault({ kind, operations: ['DescribeServices'], skip: 1, times: 2 })
      await shop.orderFault({ kind, operations: ['DescribeListeners'] })
      await user.describeServices()
      await expect(user.describeServices()).rejects.toMatchObject({ name: ecs })
      await expect(user.describeListeners()).rejects.toMatchObject({ name: elb })
      await shop.describe('blue')
      await expect(user.describeServices()).rejects.toMatchObject({ name: ecs })
      await user.describeServices()
      expect((await shop.calls()).map(({ operation, fault }) => [operation, fault])).toEqual([
        ['DescribeServices', null],
        ['DescribeServices', kind],
        ['DescribeListeners', kind],
        ['DescribeServices', kind],
        ['DescribeServices', null],
      ])
    },
  )

  test('for ever, until they are ended, and to one shop alone', async () => {
    await using shop = await lab.makeShop()
    await using other = await lab.makeShop()
    await shop.orderFault({ kind: 'throttling', times: Number.POSITIVE_INFINITY })
    for (let turn = 0; turn < 5; turn++) await expect(usersOf(shop).describeServices()).rejects.toThrow()
    await usersOf(other).describeServices()
    await shop.endFaults()
    await usersOf(shop).describeServices()
  })

  test('slow answers', async () => {
    await using shop = await lab.makeShop()
    await shop.orderFault({ kind: 'slow', milliseconds: 400 })
    const asked = Date.now()
    await usersOf(shop).describeServices()
    expect(Date.now() - asked).toBeGreaterThan(390)
  })

  test('connections that are cut before a call, and after it', async () => {
    await using shop = await lab.makeShop()
    const count = async () => (await shop.describe('green')).desiredCount
    await shop.orderFault({ kind: 'reset', operations: ['UpdateService'] })
    await expect(usersOf(shop).scaleGreen(1)).rejects.toThrow()
    expect(await count()).toBe(0)
    await shop.orderFault({ kind: 'answer-lost', operations: ['UpdateService'] })
    await expect(usersOf(shop).scaleGreen(1)).rejects.toThrow()
    expect(await count()).toBe(1)
  })

  test('connections that are refused', async () => {
    await using shop = await lab.makeShop()
    const refused = lab.refuseConnections(500)
    await expect
      .poll(() =>
        usersOf(shop)
          .describeServices()
          .catch(({ code }) => code),
      )
      .toBe('ECONNREFUSED')
    await refused
    await usersOf(shop).describeServices()
  })
})

/** Without retries. */
function usersOf({ environment, cluster, services, listenerArn }: Shop) {
  const settings = {
    endpoint: environment.AWS_ENDPOINT_URL ?? '',
    region: environment.AWS_REGION ?? '',
    credentials: { accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: 'secret' },
    maxAttempts: 1,
  }
  const [ecs, elb] = [new ECSClient(settings), new ElasticLoadBalancingV2Client(settings)]
  return {
    describeServices: () => ecs.send(new DescribeServicesCommand({ cluster, services: [services.blue] })),
    scaleGreen: (desiredCount: number) =>
      ecs.send(new UpdateServiceCommand({ cluster, service: services.green, desiredCount })),
    describeListeners: () => elb.send(new DescribeListenersCommand({ ListenerArns: [listenerArn] })),
  }
}
