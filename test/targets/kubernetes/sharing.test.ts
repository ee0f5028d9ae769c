import { describe, expect, it } from 'vitest'
import type { ApiAnswer, ApiRequest } from '../../../src/targets/kubernetes/api/cluster.ts'
import { sharing } from '../../../src/targets/kubernetes/sharing.ts'
import { TargetUnreachable } from '../../../src/targets/target.ts'
import { answered, clusterWith } from './fake-cluster.ts'

/** Answers when it is told to, in the order in which it was asked. */
function slow() {
  const waiting: PromiseWithResolvers<ApiAnswer>[] = []
  const asked: string[] = []
  const cluster = sharing(
    clusterWith({
      ask: ({ method, path }) => {
        asked.push(`${method} ${path}`)
        const answer = Promise.withResolvers<ApiAnswer>()
        waiting.push(answer)
        return answer.promise
      },
    }),
  )
  const bodyOf = async (request: ApiRequest) => {
    const answer = await cluster.ask(request)
    return answer.kind === 'answered' ? answer.body : answer.message
  }
  return {
    asked,
    read: (path: string) => bodyOf({ method: 'GET', path }),
    change: (path: string) => bodyOf({ method: 'PATCH', path, body: [] }),
    answer: (index: number, body: unknown) => waiting[index]?.resolve(answered(body)),
    fail: (index: number, error: Error) => waiting[index]?.reject(error),
  }
}

describe('who asks for the same', () => {
  it('while it is on its way gets the same answer', async () => {
    const { read, answer, asked } = slow()
    const reads = [read('/a'), read('/a'), read('/b')]
    answer(0, 'one')
    answer(1, 'two')
    expect(await Promise.all(reads)).toEqual(['one', 'one', 'two'])
    expect(asked).toEqual(['GET /a', 'GET /b'])
  })

  it('afterwards is answered anew', async () => {
    const { read, answer } = slow()
    const first = read('/a')
    answer(0, 'one')
    expect(await first).toBe('one')
    const second = read('/a')
    answer(1, 'two')
    expect(await second).toBe('two')
  })

  it('fails together, and the next one asks again', async () => {
    const { read, answer, fail } = slow()
    const reads = [read('/a'), read('/a')].map((one) => one.catch((error: unknown) => error))
    fail(0, new TargetUnreachable('no answer'))
    expect(await Promise.all(reads)).toEqual([expect.any(TargetUnreachable), expect.any(TargetUnreachable)])
    const again = read('/a')
    answer(1, 'back')
    expect(await again).toBe('back')
  })
})

describe('after a change', () => {
  it('nobody gets an answer to a question from before it', async () => {
    const { read, change, answer } = slow()
    const before = read('/a')
    const changed = change('/a')
    const meanwhile = read('/a')
    answer(1, 'done')
    expect(await changed).toBe('done')
    const after = read('/a')
    answer(0, 'old')
    answer(2, 'new')
    expect(await Promise.all([before, meanwhile, after])).toEqual(['old', 'old', 'new'])
    // What was on its way then has come, and takes nothing away from what is asked for since.
    const [later, too] = [read('/a'), read('/a')]
    answer(3, 'later')
    expect(await Promise.all([later, too])).toEqual(['later', 'later'])
  })

  it('of which nobody knows whether it was made, neither', async () => {
    const { read, change, answer, fail } = slow()
    const before = read('/a')
    const changed = change('/a')
    fail(1, new TargetUnreachable('no answer'))
    await expect(changed).rejects.toThrow(TargetUnreachable)
    const after = read('/a')
    answer(0, 'old')
    answer(2, 'new')
    expect(await Promise.all([before, after])).toEqual(['old', 'new'])
  })

  it('the same change is sent as often as it is asked for', async () => {
    const { change, answer, asked } = slow()
    const changes = [change('/a'), change('/a')]
    answer(0, 'one')
    answer(1, 'two')
    expect(await Promise.all(changes)).toEqual(['one', 'two'])
    expect(asked).toHaveLength(2)
  })
})
