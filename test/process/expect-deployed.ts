import { expect } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import type { Jobs } from './jobs.ts'
import type { Inputs } from './shop.ts'
import type { Watched } from './unhurt.ts'

type App = Pick<Jobs, 'deploy'> & Pick<Watched, 'answers'>

export async function expectDeployed(
  app: App,
  { color, ...changes }: Inputs & { readonly color: Color },
): Promise<void> {
  const { main, post } = await app.deploy(changes)
  expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
  expect((await app.answers()).split(' ')[0]).toBe(color)
}
