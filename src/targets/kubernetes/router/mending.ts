/** What becomes of Services that were switched before another one failed. */
import { ChangeFailed, ChangeRefused, type Color, LeaseLost, TargetUnreachable } from '../../target.ts'
import { change } from '../guarding.ts'
import { type Service, serviceSchema } from '../objects.ts'
import type { Place } from '../place.ts'
import { textOf } from './advice.ts'
import { isWayBack, type Order, unmoved } from './order.ts'
import type { Part } from './parts.ts'
import { selecting } from './selecting.ts'
import { serviceName } from './survey.ts'

export interface Journey {
  readonly place: Place
  readonly order: Order
  /** As they are since. */
  readonly moved: Map<Part, Service>
}

/**
 * The error to throw, after what was switched is back. Not on a way back: the color that was left has not passed its checks. Not
 * after the lease was lost, the run was interrupted or the cluster was silent: others decide, or everything is read first.
 */
export async function mend(journey: Journey, error: unknown): Promise<unknown> {
  const { place, order, moved } = journey
  const { from, to } = order
  const isOver = place.surroundings.signal.aborted || error instanceof LeaseLost
  if (moved.size === 0 || isOver || error instanceof TargetUnreachable) return error
  const what = messageOf(error).replace(unmoved, '').trimEnd()
  if (from.kind !== 'color' || isWayBack(order)) {
    const names = [...moved.keys()].map(({ name }) => name).join(', ')
    return new ChangeFailed(`${what} On ${to} now: ${names}.`, { cause: error })
  }
  const ends: Returned[] = []
  for (const [part, service] of [...moved].reverse())
    ends.push(await putBack(journey, { part, service, back: from.color }))
  const said = [what, ...ends.map((end) => end.said)].join(' ')
  // Refused is what moved nothing.
  const isRefused = error instanceof ChangeRefused && ends.every(({ isBack }) => isBack)
  return isRefused ? new ChangeRefused(said, { cause: error }) : new ChangeFailed(said, { cause: error })
}

interface Returning {
  readonly part: Part
  readonly service: Service
  readonly back: Color
}

interface Returned {
  readonly said: string
  readonly isBack: boolean
}

async function putBack({ place, order }: Journey, { part, service, back }: Returning): Promise<Returned> {
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

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
