/** For load balancers that lag: users are sent to both colors for a while. */

import { type Order, refusal } from '../../order.ts'
import type { Place } from '../place.ts'
import { readPods } from '../ready-pods.ts'
import type { Part } from './parts.ts'
import type { Expected } from './proof.ts'

/** Without the key of the color. Throws ChangeRefused where others than our two colors would get traffic then. */
export async function widened(place: Place, part: Part, order: Order): Promise<Expected> {
  const { name, service, colorKey } = part
  const { key, values } = colorKey
  const { [key]: _, ...selector } = service.spec.selector ?? {}
  const refuse = (why: string) =>
    refusal(order, `Service ${name} cannot select both colors for \`kube-overlap\`, because ${why}`)
  // A Service without a selector keeps the endpoints that it has.
  if (Object.keys(selector).length === 0) throw refuse(`its selector has nothing but ${key}`)
  const pods = await readPods(place, selector)
  const foreign = pods.filter(({ metadata: { labels = {} } }) => {
    const value = labels[key]
    return value !== values.blue && value !== values.green
  })
  if (foreign.length === 0) return { name, selector, pods }
  const names = foreign.map(({ metadata }) => metadata.name).join(', ')
  throw refuse(`without ${key} it would select ${names} too`)
}
