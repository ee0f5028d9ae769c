/** Which color a release goes to, and what it would leave behind. */
import type { Color, ColorState, Traffic } from '../targets/target.ts'
import { otherColor } from '../targets/target.ts'

export interface ColorChoice {
  /** null on a first deployment. */
  readonly from: Color | null
  readonly observed: Color | 'nobody'
  readonly to: Color
}

export type ColorChoosing =
  | { readonly kind: 'chosen'; readonly choice: ColorChoice }
  | { readonly kind: 'refused'; readonly why: string; readonly repair: readonly string[] }

interface Scene {
  readonly traffic: Traffic
  readonly colors: Readonly<Record<Color, ColorState>>
  readonly wanted: 'auto' | Color
}

/** The router is the truth; what it does not say plainly is refused with the command that repairs it, never guessed. */
export function chooseColor({ traffic, colors, wanted }: Scene): ColorChoosing {
  switch (traffic.kind) {
    case 'mixed':
    case 'unknown':
      return {
        kind: 'refused',
        why: `The router is ${traffic.kind}: ${traffic.detail}`,
        repair: traffic.repair,
      }
    case 'nobody': {
      const to = wanted === 'auto' ? 'blue' : wanted
      return { kind: 'chosen', choice: { from: null, observed: 'nobody', to } }
    }
    case 'color': {
      const live = traffic.color
      if (wanted === live) {
        const why = `\`target-color: ${wanted}\` names the live color; a release goes to the other one.`
        return { kind: 'refused', why, repair: ['Leave `target-color` out, or name the other color.'] }
      }
      const from = colors[live].presence === 'absent' ? null : live
      return { kind: 'chosen', choice: { from, observed: live, to: otherColor(live) } }
    }
  }
}

export const describeTraffic = (traffic: Traffic): string => {
  switch (traffic.kind) {
    case 'color':
      return traffic.color
    case 'nobody':
      return 'nobody'
    default:
      return `${traffic.kind} (${traffic.detail})`
  }
}
