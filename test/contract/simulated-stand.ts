/** The place that the engine's own tests deploy to, held to the promises of the real ones. */
import type { Color, Target } from '../../src/targets/target.ts'
import { inMemoryTarget } from '../deployment/in-memory-target.ts'
import { aRelease } from '../deployment/intents.ts'
import { mixed, named, type Place } from '../deployment/place.ts'
import { Process } from '../deployment/process.ts'
import { Simulation } from '../deployment/simulation.ts'
import type { Held, Stand } from './stand.ts'

export async function openSimulated(): Promise<Stand> {
  const simulation = new Simulation()
  const { place } = simulation
  const gate = new Gate()
  let opened = 0
  const open = (leaseTtl = 60_000) => {
    const process = new Process(`run-${++opened}`, place.clock, [])
    return paced(inMemoryTarget(place, process, leaseTtl), simulation, gate)
  }
  return {
    target: open(),
    service: 'web',
    documentLimit: Number.POSITIVE_INFINITY,
    briefLease: 2_000,
    release: aRelease,
    another: async (options) => open(options?.leaseTtl),
    answers: async () =>
      place.live !== null && place.colors[place.live].presence === 'running' ? place.live : 'nobody',
    running: async (color) => versionOf(place, color),
    humanMoves: async (color) => {
      place.traffic = named(color)
    },
    elapse: (time) => place.clock.advance(time),
    snapshot: async () => place.snapshot() + JSON.stringify(place.ledger.view()),
    breakObserve: async () => {
      place.traffic = mixed
    },
    breakSwitch: async () => {
      place.switchBehavior = 'fails'
    },
    hold: async () => gate.close(),
    doomed: aRelease('dead-2'),
    [Symbol.asyncDispose]: async () => {},
  }
}

const versionOf = ({ colors }: Place, color: Color) =>
  colors[color].presence === 'running' ? (colors[color].release?.version ?? null) : null

/** A deployment takes simulated time: it passes until the deployment is over. A change may be held up on its way to the place. */
const paced = (target: Target, simulation: Simulation, gate: Gate): Target => ({
  ...target,
  runtime: {
    ...target.runtime,
    deploy: async (...given) => {
      await gate.pass()
      return simulation.finish(target.runtime.deploy(...given))
    },
  },
  router: {
    ...target.router,
    switch: async (...given) => {
      await gate.pass()
      return target.router.switch(...given)
    },
  },
})

/** Holds up the next one that passes. */
class Gate {
  #closed: PromiseWithResolvers<void> | null = null
  #arrived = Promise.withResolvers<void>()

  close(): Held {
    const closed = Promise.withResolvers<void>()
    this.#closed = closed
    this.#arrived = Promise.withResolvers()
    return { begun: () => this.#arrived.promise, go: async () => closed.resolve() }
  }

  async pass(): Promise<void> {
    const closed = this.#closed
    this.#closed = null
    this.#arrived.resolve()
    await closed?.promise
  }
}
