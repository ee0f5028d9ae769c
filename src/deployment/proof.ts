/** Asking a color, or the public, whether all is well. */
import { type TrialResult, tryColor, verifyPublic } from '../checks/trial.ts'
import type { ServiceIntent } from '../targets/intent.ts'
import type { Color } from '../targets/target.ts'
import { namesOf, startedAfter, startedBefore } from './starting.ts'
import { say, type World } from './world.ts'

/** In public every failed second is felt: the switch is taken back long before `health-timeout`. */
const longestPublicWait = 30_000

/** A color that failed its checks, before the switch or after it. */
export class ChecksFailed extends Error {
  override readonly name = 'ChecksFailed'
}

export type Verdict =
  | { readonly passed: true }
  /** `silent`: nobody said no, for nobody answered. */
  | { readonly passed: false; readonly reason: string; readonly silent?: boolean }

interface ColorQuestion {
  /** What a version check must show; null: not known. */
  readonly version: string | null
  /** The whole wait, in milliseconds. */
  readonly time: number
  /** For a color that took traffic before: its own answers count where the platform has none. */
  readonly silence?: 'waits' | 'passes'
  readonly enough?: 'whole' | 'part'
}

/**
 * The health checks of the services that a color takes traffic with, several times in a row. Passes unasked with
 * `skip-health-check`.
 */
export async function passesChecks(world: World, color: Color, question: ColorQuestion): Promise<Verdict> {
  const { intent } = world
  if (intent.health.skip) return { passed: true }
  const services = startedBefore(intent)
  const { successes } = intent.health
  return askColor(world, color, { ...question, successes, checked: services, running: services })
}

/**
 * One good answer of each of them: for the moment right before a switch, and for a live color before we begin, of which a part is
 * enough, as an autoscaler may just have asked for more.
 */
export async function passesOnce(
  world: World,
  color: Color,
  question: Pick<ColorQuestion, 'version' | 'enough'>,
): Promise<Verdict> {
  const { intent } = world
  const { requestTimeout, interval, skip } = intent.health
  if (skip) return { passed: true }
  const services = startedBefore(intent)
  const time = 2 * requestTimeout + interval
  return askColor(world, color, { ...question, time, successes: 1, checked: services, running: services })
}

/** All services run, and those that start after the switch pass their health checks too. */
export function passesWhole(world: World, color: Color, question: ColorQuestion): Promise<Verdict> {
  const { intent } = world
  const { successes, skip } = intent.health
  const checked = skip ? [] : startedAfter(intent)
  return askColor(world, color, { ...question, successes, checked, running: intent.services })
}

interface ColorTask extends ColorQuestion {
  readonly successes: number
  /** What requests are sent to. */
  readonly checked: readonly ServiceIntent[]
  /** What the platform is asked about. */
  readonly running: readonly ServiceIntent[]
}

async function askColor(
  world: World,
  color: Color,
  { version, time, successes, checked, running, silence = 'waits', enough = 'whole' }: ColorTask,
): Promise<Verdict> {
  const { intent, target, clock, signal } = world
  const result = await tryColor({
    color,
    services: checked,
    reachOf: ({ name }) => target.runtime.reach(color, name),
    ready: () => target.runtime.ready(color, namesOf(running)),
    silence,
    enough,
    version,
    rule: { ...intent.health, successes },
    deadline: clock.monotonic() + time,
    clock,
    signal,
    progress: (text) => say(world, text),
  })
  const verdict = verdictOf(result)
  return verdict.passed ? verdict : { ...verdict, silent: result.silent }
}

export type PublicProof = Verdict & { readonly measured: boolean }

interface PublicQuestion {
  readonly version: string | null
  /** Those that a color takes traffic with, unless others are named. */
  readonly services?: readonly ServiceIntent[]
}

/** The public URLs, through the router. Without one nothing is proven, and that is said. */
export async function provePublicly(
  world: World,
  { version, services = startedBefore(world.intent) }: PublicQuestion,
): Promise<PublicProof> {
  const { intent, clock, signal } = world
  const result = await verifyPublic({
    services,
    version,
    rule: intent.health,
    deadline: clock.monotonic() + Math.min(intent.health.timeout, longestPublicWait),
    clock,
    signal,
    progress: (text) => say(world, text),
  })
  if (result.kind === 'not-measured') return { passed: true, measured: false }
  return { ...verdictOf(result), measured: true }
}

function verdictOf(result: TrialResult): Verdict {
  switch (result.kind) {
    case 'passed':
      return { passed: true }
    case 'timed-out':
      return { passed: false, reason: result.lastReason }
    case 'fatal':
      return { passed: false, reason: result.reason }
  }
}
