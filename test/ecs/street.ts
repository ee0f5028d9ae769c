/** People and gates around shops in the AWS lab. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Color } from '../../src/targets/target.ts'
import type { Inputs } from '../process/shop.ts'
import type { EcsShop } from './place.ts'

export async function expectDeployed(
  at: EcsShop,
  { color, ...changes }: Inputs & { readonly color: Color },
): Promise<void> {
  const { main, post } = await at.deploy(changes)
  expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
  expect((await at.answers()).split(' ')[0]).toBe(color)
}

const gateOf = ({ shop }: EcsShop) => join(tmpdir(), `gate-${shop.name}`)

/** The deployment waits in this hook until its gate is opened. */
export const gated = (at: EcsShop, hook: string): Inputs => ({
  [hook]: `echo gated; until [ -e '${gateOf(at)}' ]; do sleep 0.05; done; rm '${gateOf(at)}'`,
})
export const openGate = (at: EcsShop): void => writeFileSync(gateOf(at), '')
