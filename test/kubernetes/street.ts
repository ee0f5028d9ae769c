import type { Color } from '../../src/targets/target.ts'
import type { KubernetesShop } from './place.ts'

/** As a person does who knows nothing of us. */
export const select = ({ namespace }: KubernetesShop, color: Color) =>
  namespace.kubectl('patch', 'service', 'shop', '-p', JSON.stringify({ spec: { selector: { color } } }))
