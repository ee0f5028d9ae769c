/** AWS checks the health of no target group that nothing names. */
import type { Color, Guard } from '../../target.ts'
import { attachIdle, forwardIn, groupsOf } from './forward.ts'
import type { Moving } from './moving.ts'
import { survey } from './survey.ts'
import { isOn, requestFor, type Seen, sendRequest } from './traffic.ts'

/** Names the groups of an idle color at weight 0, where they are not named yet: no request goes there. */
export async function attachIdleGroups(moving: Moving, idle: Color, guard: Guard): Promise<void> {
  const { place, reader, demand } = moving
  const lacking = (await survey(place, reader, place.settings.routes)).filter((seen) => lacks(seen, idle))
  for (const { route } of lacking) {
    const [[now], terms] = await Promise.all([
      survey(place, reader, [route]),
      demand(guard, `Attaching the target group of ${idle}`),
    ])
    if (now?.reading.kind !== 'color' || !lacks(now, idle)) continue
    await sendRequest(place.aws, requestFor(route, attachIdle(now.actions, now.reading.pair, idle)), terms)
    place.surroundings.output('attach', `The target group of ${idle} is named by ${route.arn} at weight 0.\n`)
  }
}

/** Of what leads to the other color. */
export function lacks(seen: Seen, idle: Color): boolean {
  const { actions, reading } = seen
  const forward = forwardIn(actions)
  if (reading.kind !== 'color' || isOn(seen, idle) || forward === null) return false
  return groupsOf(forward).every(({ arn }) => arn !== reading.pair[idle])
}
