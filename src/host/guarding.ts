/** What a change demands of the router, and how a refusal is told. */
import { ChangeRefused, type Color, type Guard, otherColor, type Traffic } from '../targets/target.ts'
import type { Observed, RouterWord } from './guarded-change.ts'

/** null: any. */
export function allowedBy({ color: demanded }: Guard, color: Color): readonly RouterWord[] | null {
  if (demanded === 'any') return null
  return demanded === 'live' ? [color] : [otherColor(color), 'none']
}

export interface Refusal {
  /** The change, for people. */
  readonly name: string
  readonly color: Color
  readonly observed: Observed
  /** What was asked where traffic is, for people. */
  readonly observer?: string | undefined
}

export const refusal = ({ name, color, observed, observer = 'the router' }: Refusal): ChangeRefused =>
  new ChangeRefused(
    observed === 'unknown'
      ? `"${name}" for ${color} was not run: ${observer} does not say where traffic is.`
      : `"${name}" for ${color} was not run: traffic is on ${observed} now.`,
  )

export interface Demanded extends Omit<Refusal, 'observed'> {
  /** As `allowedBy` has answered. */
  readonly allowed: readonly RouterWord[]
  readonly traffic: Traffic
}

/** Throws ChangeRefused where traffic is not on what the guard allows. */
export function assertAllowed({ allowed, traffic, ...change }: Demanded): void {
  const observed = traffic.kind === 'color' ? traffic.color : traffic.kind === 'nobody' ? 'none' : 'unknown'
  if (observed !== 'unknown' && allowed.includes(observed)) return
  throw refusal({ ...change, observed })
}
