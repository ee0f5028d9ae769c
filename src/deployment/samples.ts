import { Sampler } from '../checks/sampler.ts'
import type { Operation } from './operation.ts'
import { startedBefore } from './starting.ts'
import type { World } from './world.ts'

/** Samples what users get, from before the switch to the end of the bake. */
export const samplePublic = ({ intent, clock, signal }: World, { release, to }: Operation): Sampler =>
  new Sampler({
    services: startedBefore(intent),
    rate: intent.sampleRate,
    requestTimeout: intent.health.requestTimeout,
    identityHeader: intent.identityHeader,
    rules: { maxErrorRate: intent.maxErrorRate, maxP99: intent.maxP99 },
    newcomer: [release.version, to],
    clock,
    signal,
  })
