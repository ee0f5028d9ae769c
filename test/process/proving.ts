/** How long it takes from a healthy color to one that is proven to be the users'. */
import { expect } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import type { Load } from '../bed/load.ts'
import { now } from '../bed/load-book.ts'
import type { Jobs } from './jobs.ts'
import type { Inputs } from './shop.ts'

export interface Deployment {
  readonly color: Color
  readonly release: Inputs
  readonly load: Load
}

/** Answers the milliseconds from a color that is healthy to one that is proven to be the users'. */
export async function timeToProof(app: Jobs, { color, release, load }: Deployment): Promise<number> {
  const step = app.step(release)
  await step.until(`${color} is healthy.`)
  const healthy = now()
  await step.until(`Traffic is on ${color}`)
  const proven = now()
  const main = await step.main()
  expect(main.code, main.log).toBe(0)
  const post = await step.post('success')
  expect(post.code, post.log).toBe(0)
  // Instances that were told to go have said so to whoever kept a connection to them.
  await expect.poll(() => colorsSince(load, now() - 200), { timeout: 20_000 }).toEqual([color])
  return proven - healthy
}

const colorsSince = (load: Load, moment: number): readonly string[] =>
  load
    .report()
    .since(moment)
    .map((answer) => answer.color)
