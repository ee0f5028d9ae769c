/** Users of shops in a cluster, and what a deployment that failed must leave of them. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import { type Load, startLoad } from '../bed/load.ts'
import { type Deployed, errorsOf, type Inputs } from '../process/shop.ts'
import type { KubernetesShop } from './place.ts'

export const fewUsers = ({ url }: KubernetesShop): Load =>
  startLoad({ url, keepAlive: 2, fresh: 1, think: { min: 20, max: 60 } })

export interface Unhurt {
  readonly deployed: Deployed
  readonly users: Load
  /** What the annotation tells a person. */
  readonly said: readonly (string | RegExp)[]
}

/** Nobody lost a request, everybody is on blue, and the next deployment may begin. */
export async function expectUnhurt(shop: KubernetesShop, { deployed, users, said }: Unhurt): Promise<void> {
  const { main, post } = deployed
  expect([main.code, post.code], main.log + post.log).toEqual([1, 0])
  const [annotation = '', ...more] = [...errorsOf(main), ...errorsOf(post)]
  expect(more).toEqual([])
  for (const text of said) expect(annotation).toMatch(text)
  expect(annotation).toMatch(/Where traffic is now: \S[\s\S]*What to do next: \S/)
  expect((await users.stop()).lost).toEqual([])
  expect(await shop.answers()).toBe('blue v1')
  expect([null, 'free']).toContain(await shop.lease())
}

/** As a person does who knows nothing of us. */
export const select = ({ namespace }: KubernetesShop, color: Color) =>
  namespace.kubectl('patch', 'service', 'shop', '-p', JSON.stringify({ spec: { selector: { color } } }))

const gateOf = ({ namespace }: KubernetesShop) => join(tmpdir(), `gate-${namespace.name}`)

/** The deployment waits in this hook until its gate is opened. */
export const gated = (shop: KubernetesShop, hook: string): Inputs => ({
  [hook]: `echo gated; until [ -e '${gateOf(shop)}' ]; do sleep 0.05; done; rm '${gateOf(shop)}'`,
})
export const openGate = (shop: KubernetesShop): void => writeFileSync(gateOf(shop), '')
