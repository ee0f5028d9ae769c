/** What the contract of a target is tested on: a fresh place, and eyes and hands besides those of the target. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Acquisition,
  type Color,
  type ColorState,
  type DeployOrder,
  type Guard,
  type Lease,
  type Owner,
  otherColor,
  type Release,
  type Target,
  type Traffic,
} from '../../src/targets/target.ts'

/**
 * Neither color was ever deployed. What a place cannot do is left out, and its tests are listed as skipped. Nothing here goes
 * through the target under test.
 */
export interface Stand extends AsyncDisposable {
  readonly target: Target
  /** The only service of the app. */
  readonly service: string
  /** Bytes a document may have. */
  readonly documentLimit: number
  /** The shortest lease time, in milliseconds. */
  readonly briefLease: number
  release(version: string): Release
  /** The same place as another runner opens it. */
  another(options?: { readonly leaseTtl: number }): Promise<Target>
  /** Who answers users. */
  answers(): Promise<Color | 'nobody'>
  /** The version a color answers with when it is asked directly; null when nothing answers there. */
  running(color: Color): Promise<string | null>
  /** Moves traffic as a person does who knows nothing of us. */
  humanMoves(to: Color): Promise<void>
  /** Lets time pass for the target. */
  elapse(time: number): Promise<void>
  /** Everything that is kept or runs at the place, as text that differs when anything does. */
  snapshot(): Promise<string>

  /** Where users send their requests. */
  readonly url?: string
  /**
   * What leads users there follows the router in its own time, and leaves connections that are open where they are: `answers`
   * waits for it.
   */
  readonly follows?: true
  /** What runs a color is not ours to remove: a removed color is one that was stopped. */
  readonly keepsRemoved?: true
  /** What a person types. */
  shell?(text: string): Promise<void>
  /** From now on the router names no color, until traffic is switched. */
  breakObserve?(): Promise<void>
  /** From now on a switch ends as if all were well and moves nobody. */
  breakSwitch?(): Promise<void>
  /** From now on the lease at the place is garbage. */
  breakLedger?(): Promise<void>
  /** The next change waits at its beginning. */
  hold?(): Promise<Held>
  /** A release that can never get ready. */
  readonly doomed?: Release
  /** A place where several things are wrong, and what the problems must speak of. */
  broken?(): Promise<{ readonly target: Target; readonly problems: readonly RegExp[] }>
  /** The run that opened the target is interrupted. */
  interrupt?(): void
  /** Processes that the target has started and that have not ended; those of the app do not count. */
  leftovers?(): readonly string[]
}

export interface Held {
  begun(): Promise<void>
  go(): Promise<void>
}

export type Open = () => Promise<Stand>

/** Texts that would hurt where they were taken for syntax. */
export const owner = (nonce: string): Owner => ({
  nonce,
  run: '1',
  attempt: '1',
  job: `it's "a" job`,
  step: '$(exit 1) `id` \\n',
  url: 'https://example.com/?a=b&c',
  actor: '::error::} ; exit é',
})

export const open = { claim: 'open', unchangedMark: null } as const
export const own = { claim: 'own', unchangedMark: null } as const
export const breaking = { claim: 'break', unchangedMark: null } as const

export function leaseOf(acquisition: Acquisition): Lease {
  if (acquisition.kind !== 'acquired') throw new Error(`not acquired: ${JSON.stringify(acquisition)}`)
  return acquisition.lease
}

export const acquire = async (
  { ledger }: Target,
  nonce: string,
  options: Parameters<Target['ledger']['acquire']>[1] = open,
) => leaseOf(await ledger.acquire(owner(nonce), options))

export const to = (color: Color): Traffic => ({ kind: 'color', color })

export interface Live {
  readonly lease: Lease
  /** `v1` runs here and users are here. */
  readonly live: Color
  readonly idle: Color
  guard(color?: Guard['color']): Guard
}

/** Acquires the lease and brings `v1` to users. */
export async function goLive(stand: Stand): Promise<Live> {
  const { target } = stand
  const lease = await acquire(target, 'first')
  const guard = (color: Guard['color'] = 'not-live'): Guard => ({ lease, color })
  const from = await target.router.observe()
  const live = from.kind === 'color' ? otherColor(from.color) : 'blue'
  await deploy(stand, live, 'v1', guard())
  await target.router.switch(from, live, guard('any'))
  return { lease, live, idle: otherColor(live), guard }
}

export async function deploy(stand: Stand, color: Color, version: string, guard: Guard): Promise<void> {
  await stand.target.runtime.deploy(color, orderOf(stand, version), guard)
  await ready(stand, color)
}

/** The version on all services of the app. */
export const orderOf = ({ release, service }: Stand, version: string): DeployOrder => ({
  release: release(version),
  size: null,
  services: [service],
})

export const ready = ({ target, service }: Stand, color: Color) =>
  until(`${color} is ready`, async () => (await target.runtime.ready(color, [service])).kind === 'ready')

/** What users and people at the platform see. */
export async function look(stand: Stand) {
  const { runtime } = stand.target
  const state = async (color: Color): Promise<readonly [ColorState, string | null]> => [
    await runtime.observe(color),
    await stand.running(color),
  ]
  return { answers: await stand.answers(), blue: await state('blue'), green: await state('green') }
}

/** What a call under way will be rejected with; null when it succeeds. */
export const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  )

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await condition()) return
    await sleep(20)
  }
  throw new Error(`It never came true: ${what}`)
}
