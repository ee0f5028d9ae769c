/** Services that were switched before another one failed. */

import type { Returned } from '../../mending.ts'
import { messageOf } from '../../message.ts'
import type { Order } from '../../order.ts'
import { ChangeRefused, type Color } from '../../target.ts'
import { change } from '../guarding.ts'
import { type Service, serviceSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { textOf } from './advice.ts'
import type { Part } from './parts.ts'
import { selecting } from './selecting.ts'
import { serviceName } from './survey.ts'

export interface Journey {
  readonly place: Place
  readonly order: Order
  /** As they are since. */
  readonly moved: Map<Part, Service>
}

interface Returning {
  readonly part: Part
  readonly service: Service
  readonly back: Color
}

/** Whoever has moved it on since is left alone. */
export async function putBack(
  { place, order }: Journey,
  { part, service, back }: Returning,
): Promise<Returned> {
  const { name, colorKey } = part
  const left = textOf(service.spec.selector ?? {})
  try {
    await change(place.cluster, {
      object: serviceName(name),
      shape: serviceSchema,
      lease: order.guard.lease,
      name: `Putting Service ${name} back on ${back}`,
      read: service,
      edit: (now) => {
        const selected = textOf(now.spec.selector ?? {})
        if (selected !== left) throw new ChangeRefused(`it selects ${selected} now, and was left as it is.`)
        return selecting(now, colorKey.key, colorKey.values[back])
      },
    })
    return { said: `Service ${name} was put back on ${back}.`, isBack: true }
  } catch (error) {
    return { said: `Service ${name} could not be put back on ${back}: ${messageOf(error)}`, isBack: false }
  }
}
