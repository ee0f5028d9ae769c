import type { Service, Task } from '@aws-sdk/client-ecs'
import { expect, it } from 'vitest'
import type { Place } from '../../../../src/targets/ecs/place.ts'
import { failureReader } from '../../../../src/targets/ecs/runtime/listing.ts'

const ended = (id: string, startedBy: string, createdAt: number): Task => ({
  taskArn: id,
  startedBy,
  createdAt: new Date(createdAt),
  stopCode: 'EssentialContainerExited',
})
const service = (failedTasks: number): Service => ({
  serviceName: 'shop-green',
  deployments: [{ id: 'ours', status: 'PRIMARY', failedTasks }],
})

function reader(...tasks: readonly Task[]) {
  const asked: string[] = []
  const ask = async (action: string) => {
    asked.push(action)
    return action === 'ecs:ListTasks' ? { taskArns: tasks.map(({ taskArn }) => taskArn) } : { tasks }
  }
  const place = { aws: { ask }, settings: { cluster: 'prod' } } as unknown as Place
  const read = failureReader(place)
  return {
    asked,
    failures: async (count: number, at: number | null) =>
      (await read(service(count), at === null ? null : { deployment: 'ours', at })).map(
        ({ taskArn }) => taskArn,
      ),
  }
}

const [early, late, theirs] = [
  ended('early', 'ours', 1_000),
  ended('late', 'ours', 3_000),
  ended('theirs', 'former', 3_000),
]

it('counts what has failed since a deployment was begun, and not what had before', async () => {
  const { failures } = reader(early, late, theirs)
  expect(await failures(2, 2_000)).toEqual(['late'])
  expect(await failures(2, null)).toEqual(['early', 'late'])
})

it('asks for them when there are more of them, or they count from another time', async () => {
  const { asked, failures } = reader(early, late)
  expect(await failures(0, null)).toEqual([])
  expect(asked).toEqual([])
  await failures(2, null)
  await failures(2, null)
  expect(asked).toHaveLength(2)
  expect(await failures(2, 2_000)).toEqual(['late'])
  await failures(3, 2_000)
  expect(asked).toHaveLength(6)
})
