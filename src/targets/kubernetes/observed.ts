/**
 * Whether its controller has looked at a Deployment as it is. Our fence on it is a new generation by which nothing else is new, so
 * that what was true of the one before is true of it, even while the controller is away:
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/registry/apps/deployment/strategy.go
 */
import type { Metadata } from './objects.ts'

interface Observable {
  readonly metadata: Metadata
  readonly status: { readonly observedGeneration: number }
}

export const isObserved = ({ metadata, status }: Observable): boolean =>
  status.observedGeneration >= (metadata.generation ?? 0)

export interface Stamped {
  /** `after`: as the API server answered when nothing but the fence was changed. */
  learn(before: Observable, after: { readonly metadata: Metadata }): void
  isObserved(deployment: Observable): boolean
}

export function stampedDeployments(): Stamped {
  /** By name: a generation, and the one of which the same is true. */
  const known = new Map<string, { readonly generation: number; readonly same: number }>()
  const sameAs = ({ name, generation = 0 }: Metadata): number => {
    const there = known.get(name)
    return there?.generation === generation ? there.same : generation
  }
  return {
    learn: (before, { metadata }) => {
      const { name, generation = 0 } = metadata
      // Others may have written in between.
      if (generation === (before.metadata.generation ?? 0) + 1) {
        known.set(name, { generation, same: sameAs(before.metadata) })
      }
    },
    isObserved: ({ metadata, status }) => status.observedGeneration >= sameAs(metadata),
  }
}
