/** What a shop on ECS has become by deployments, for other shops to begin with. */
import { DescribeTaskDefinitionCommand, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { openAws } from '../../src/aws/open-aws.ts'
import { systemClock } from '../../src/clock.ts'
import { formatDocument } from '../../src/deployment/document.ts'
import { ecsLedger } from '../../src/targets/ecs/ledger/ledger.ts'
import { successorOf } from '../../src/targets/ecs/runtime/task-definition.ts'
import { type Color, otherColor } from '../../src/targets/target.ts'
import { isSteady, type Shop } from '../bed/aws/shop.ts'
import type { EcsShop } from '../ecs/place.ts'

export interface State {
  readonly name: string
  readonly live: Color
  readonly document: string
  /** By color. */
  readonly services: Readonly<Record<Color, { readonly definition: object; readonly count: number }>>
}

export async function stateOf({ shop, document }: EcsShop, live: Color): Promise<State> {
  const { clients, name } = shop
  const serviceOf = async (color: Color) => {
    const { taskDefinition, desiredCount: count = 0 } = await shop.describe(color)
    const described = await clients.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }))
    // No container is called that: all keep their images and labels.
    const mark = { release: '', version: '' }
    return { definition: successorOf(described, { container: '', image: '', mark }), count }
  }
  return {
    name,
    live,
    document: formatDocument(await document()),
    services: { blue: await serviceOf('blue'), green: await serviceOf('green') },
  }
}

export async function restore(shop: Shop, { name, live, document, services }: State): Promise<void> {
  const own = (text: string): string => text.replaceAll(name, shop.name)
  for (const color of [live, otherColor(live)]) {
    const { definition, count } = services[color]
    const { taskDefinition } = await shop.clients.ecs.send(
      new RegisterTaskDefinitionCommand(JSON.parse(own(JSON.stringify(definition)))),
    )
    await shop.update(color, {
      taskDefinition: taskDefinition?.taskDefinitionArn ?? '',
      desiredCount: count,
    })
    await shop.until(color, isSteady)
  }
  await writeDocument(shop, own(document))
}

async function writeDocument(shop: Shop, document: string): Promise<void> {
  const { signal } = new AbortController()
  const environment = { ...shop.environment, AWS_ACCESS_KEY_ID: `${shop.name}-operator` }
  const aws = openAws({ region: null, environment, clock: systemClock, signal })
  try {
    const ledger = ecsLedger({
      aws,
      path: lockOf(shop),
      cluster: shop.cluster,
      leaseTtl: 60_000,
      clock: systemClock,
      signal,
    })
    const owner = { nonce: 'bed', run: '1', attempt: '1', job: 'bed', step: '', url: '', actor: 'bed' }
    const acquired = await ledger.acquire(owner, { claim: 'open', unchangedMark: null })
    if (acquired.kind === 'held') throw new Error('Somebody has the lease of a new shop.')
    await ledger.write(acquired.lease, document)
    await ledger.free(acquired.lease)
  } finally {
    aws.close()
  }
}

export const lockOf = ({ name }: Shop): string => `/blue-green/${name}`
