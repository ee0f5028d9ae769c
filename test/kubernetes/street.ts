/** People and gates around shops in a cluster. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Color } from '../../src/targets/target.ts'
import type { Inputs } from '../process/shop.ts'
import type { KubernetesShop } from './place.ts'

/** As a person does who knows nothing of us. */
export const select = ({ namespace }: KubernetesShop, color: Color) =>
  namespace.kubectl('patch', 'service', 'shop', '-p', JSON.stringify({ spec: { selector: { color } } }))

const gateOf = ({ namespace }: KubernetesShop) => join(tmpdir(), `gate-${namespace.name}`)

/** The deployment waits in this hook until its gate is opened. */
export const gated = (shop: KubernetesShop, hook: string): Inputs => ({
  [hook]: `echo gated; until [ -e '${gateOf(shop)}' ]; do sleep 0.05; done; rm '${gateOf(shop)}'`,
})
export const openGate = (shop: KubernetesShop): void => writeFileSync(gateOf(shop), '')
