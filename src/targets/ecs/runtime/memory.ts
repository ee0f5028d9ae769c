/** What a run knows of an ECS service from its looks so far. */
import type { Service } from '@aws-sdk/client-ecs'
import type { Began } from './judge.ts'

export interface Memory {
  readonly began: Began | null
  readonly reached: number | null
  /** Targets that were healthy, by target group: one that is gone was replaced. */
  readonly serving: readonly (readonly string[])[]
  readonly restarts: number
  readonly desired: number
  /** Tasks that are no longer to be, and whose targets were not seen to go yet. */
  readonly leaving: number
  /** Whether no more tasks ran than are to be, at the last look. */
  readonly isSettled: boolean
}

export const nothing: Memory = {
  began: null,
  reached: null,
  serving: [],
  restarts: 0,
  desired: 0,
  leaving: 0,
  isSettled: false,
}

/** Whoever scales in ends tasks on purpose. */
export function remember(
  memory: Memory,
  { desiredCount: desired = 0, runningCount: running = 0 }: Service,
  serving: readonly (readonly string[])[],
): Memory {
  // A task is in each of them.
  const gone = Math.max(
    0,
    ...memory.serving.map(
      (places, group) => places.filter((place) => !serving[group]?.includes(place)).length,
    ),
  )
  const wanted = Math.max(0, memory.desired - desired) + memory.leaving
  const isSettled = running <= desired
  return {
    ...memory,
    reached: Math.min(desired, Math.max(memory.reached ?? 0, running)),
    serving,
    restarts: memory.restarts + Math.max(0, gone - wanted),
    desired,
    // Services and targets are read one after the other: what is still to go is seen to go a look later at most.
    leaving:
      isSettled && memory.isSettled ? 0 : Math.max(0, wanted - gone - Math.max(0, desired - memory.desired)),
    isSettled,
  }
}
