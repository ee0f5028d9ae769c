import { ChangeRefused, type Color, type Guard, type Traffic } from './target.ts'

export interface Order {
  readonly from: Traffic
  readonly to: Color
  readonly guard: Guard
}

/** Then the color that was left has failed: what it is left for needs no second thought. */
export const isWayBack = ({ guard }: Order): boolean => guard.unreadableLedger === 'ignore'

export const refusal = ({ to }: Order, why: string): ChangeRefused =>
  new ChangeRefused(`The switch to ${to} was not run: ${why}. ${unmoved}`)

export const unmoved = 'Traffic was not moved by us.'
