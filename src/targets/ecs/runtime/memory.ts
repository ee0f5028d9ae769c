/** What a run knows of an ECS service from its looks so far. */
import type { Service } from '@aws-sdk/client-ecs'
import type { Began } from './judge.ts'

export interface Memory {
  readonly began: Began | null
  readonly reached: number | null
  /** Targets that were healthy: one that is gone was replaced. */
  readonly serving: readonly string[]
  readonly restarts: number
  readonly desired: number
  /** Tasks that are no longer to be, and whose targets were not seen to go yet. */
  readonly leaving: number
}

export const nothing: Memory = {
  began: null,
  reached: null,
  serving: [],
  restarts: 0,
  desired: 0,
  leaving: 0,
}

/** Whoever scales in ends tasks on purpose. */
export function remember(
  memory: Memory,
  { desiredCount: desired = 0, runningCount: running = 0 }: Service,
  serving: readonly string[],
): Memory {
  const gone = memory.serving.filter((place) => !serving.includes(place)).length
  const wanted = Math.max(0, memory.desired - desired) + memory.leaving
  return {
    ...memory,
    reached: Math.min(desired, Math.max(memory.reached ?? 0, running)),
    serving,
    restarts: memory.restarts + Math.max(0, gone - wanted),
    desired,
    // The load balancer lets go of them later than ECS counts them no more.
    leaving: Math.max(0, wanted - gone - Math.max(0, desired - memory.desired)),
  }
}
