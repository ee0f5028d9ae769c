import {
  DescribeListenersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { GetParametersByPathCommand, PutParameterCommand } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacks } from '../../programs.ts'
import { type AwsLab, labPrograms, startAwsLab } from './aws-lab.ts'
import { poll } from './poll.ts'

describe.skipIf(lacks(...labPrograms))('the AWS lab', () => {
  let lab: AwsLab
  beforeAll(async () => {
    lab = await startAwsLab()
  })
  afterAll(async () => lab[Symbol.asyncDispose]())

  test('keeps a journal of what was done to a shop, and to whom users were sent then', async () => {
    await using other = await lab.makeShop()
    await using shop = await lab.makeShop({ weights: true })
    const { blue, green } = shop.services
    const begin = (await lab.control.journal(shop.name)).length
    await shop.forward({ blue: 0, green: 100 })
    await shop.forward({ blue: 100, green: 0 })
    await shop.update('green', { desiredCount: 1 })
    await expect
      .poll(async () => (await shop.health('green'))[0]?.TargetHealth?.State, { timeout: 10_000 })
      .toBe('healthy')
    await shop.forward({ blue: 0, green: 100 })
    await shop.update('blue', { desiredCount: 0 })
    await other.update('green', { desiredCount: 1 })
    const entries = await poll(async () => {
      const found = (await lab.control.journal(shop.name)).slice(begin)
      return found.some(({ operation }) => operation === 'StopTask') ? found : null
    })
    const ofShop = (names: readonly string[] | null) => names?.filter((name) => name.startsWith(shop.name))
    expect(
      entries.map((one) => [
        one.operation,
        one.service,
        ofShop(one.served),
        ofShop(one.after),
        ofShop(one.ready),
      ]),
    ).toEqual([
      ['Move', null, [blue], [green], [blue]],
      ['Move', null, [green], [blue], [blue]],
      ['UpdateService', green, [blue], undefined, undefined],
      ['Move', null, [blue], [green], [blue, green]],
      ['UpdateService', blue, [green], undefined, undefined],
      ['StopTask', blue, [green], undefined, undefined],
    ])
    expect(entries.map(({ caller }) => caller?.user)).toEqual([
      ...Array.from({ length: 5 }, () => `${shop.name}-operator`),
      undefined,
    ])
  })

  test('notes what a client says of itself', async () => {
    await using shop = await lab.makeShop()
    const client = new ElasticLoadBalancingV2Client({
      endpoint: lab.endpoint,
      region: lab.region,
      credentials: { accessKeyId: shop.name, secretAccessKey: 'secret' },
    })
    client.middlewareStack.add(
      (next) => (given) => {
        const { headers } = given.request as { readonly headers: Record<string, string> }
        headers['x-client'] = 'me'
        return next(given)
      },
      { step: 'build' },
    )
    await client.send(new DescribeListenersCommand({ ListenerArns: [shop.listenerArn] }))
    expect((await shop.calls()).map(({ client }) => client)).toEqual(['me'])
  })

  test('makes parameters older than they are, under one path alone', async () => {
    await using shop = await lab.makeShop()
    const { ssm } = shop.clients
    const ageOf = async (path: string) => {
      const { Parameters = [] } = await ssm.send(new GetParametersByPathCommand({ Path: path }))
      return Date.now() - (Parameters[0]?.LastModifiedDate?.getTime() ?? 0)
    }
    for (const path of ['one', 'another'])
      await ssm.send(new PutParameterCommand({ Name: `/${shop.name}/${path}/1`, Value: 'x', Type: 'String' }))
    await lab.control.age(`/${shop.name}/one`, 600_000)
    expect(await ageOf(`/${shop.name}/one`)).toBeGreaterThan(599_000)
    expect(await ageOf(`/${shop.name}/another`)).toBeLessThan(300_000)
  })
})
