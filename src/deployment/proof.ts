/** Asking a color, or the public, whether all is well. */
import { type TrialResult, tryColor, verifyPublic } from '../checks/trial.ts'
import type { Color } from '../targets/target.ts'
import { say, type World } from './world.ts'

/** In public every failed second is felt: the switch is taken back long before `health-timeout`. */
const longestPublicWait = 30_000

/** A color that failed its checks, before the switch or after it. */
export class ChecksFailed extends Error {
  override readonly name = 'ChecksFailed'
}

export type Verdict = { readonly passed: true } | { readonly passed: false; readonly reason: string }

interface ColorQuestion {
  /** What a version check must show; null: not known. */
  readonly version: string | null
  /** The whole wait, in milliseconds. */
  readonly time: number
}

/** The health checks of all services, several times in a row. Passes unasked with `skip-health-check`. */
export const passesChecks = (world: World, color: Color, question: ColorQuestion): Promise<Verdict> =>
  askColor(world, color, { ...question, successes: world.intent.health.successes })

/** One good answer of each service: for the moment right before a switch, and for a live color before we begin. */
export async function passesOnce(
  world: World,
  color: Color,
  { version }: { version: string | null },
): Promise<Verdict> {
  const { requestTimeout, interval } = world.intent.health
  const time = 2 * requestTimeout + interval
  return askColor(world, color, { version, time, successes: 1 })
}

async function askColor(
  world: World,
  color: Color,
  { version, time, successes }: ColorQuestion & { successes: number },
): Promise<Verdict> {
  const { intent, target, clock, signal } = world
  if (intent.health.skip) return { passed: true }
  const services = intent.services.map(({ name }) => name)
  const result = await tryColor({
    color,
    services: intent.services,
    reachOf: ({ name }) => target.runtime.reach(color, name),
    ready: () => target.runtime.ready(color, services),
    version,
    rule: { ...intent.health, successes },
    deadline: clock.monotonic() + time,
    clock,
    signal,
    progress: (text) => say(world, text),
  })
  return verdictOf(result)
}

export type PublicProof = Verdict & { readonly measured: boolean }

/** The public URLs, through the router. Without one nothing is proven, and that is said. */
export async function provePublicly(
  world: World,
  { version }: { version: string | null },
): Promise<PublicProof> {
  const { intent, clock, signal } = world
  const result = await verifyPublic({
    services: intent.services,
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
