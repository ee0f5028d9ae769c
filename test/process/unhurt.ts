/** What a deployment that failed must leave of an app and its users. */
import { expect } from 'vitest'
import { type Load, startLoad } from '../bed/load.ts'
import { type Deployed, errorsOf } from './shop.ts'

export interface Watched {
  readonly url: string
  /** What users are told: color and version. */
  answers(): Promise<string>
  /** Who holds the lease; `free` when nobody does, null when nobody ever did. */
  lease(): Promise<string | null>
}

export const fewUsers = ({ url }: Pick<Watched, 'url'>): Load =>
  startLoad({ url, keepAlive: 2, fresh: 1, think: { min: 20, max: 60 } })

export interface Unhurt {
  readonly deployed: Deployed
  readonly users: Load
  /** What the annotation tells a person. */
  readonly said: readonly (string | RegExp)[]
}

/** Nobody lost a request, everybody is on blue, and the next deployment may begin. */
export async function expectUnhurt(app: Watched, { deployed, users, said }: Unhurt): Promise<void> {
  const { main, post } = deployed
  expect([main.code, post.code], main.log + post.log).toEqual([1, 0])
  const [annotation = '', ...more] = [...errorsOf(main), ...errorsOf(post)]
  expect(more).toEqual([])
  for (const text of said) expect(annotation).toMatch(text)
  expect(annotation).toMatch(/Where traffic is now: \S[\s\S]*What to do next: \S/)
  expect((await users.stop()).lost).toEqual([])
  expect(await app.answers()).toBe('blue v1')
  expect([null, 'free']).toContain(await app.lease())
}
