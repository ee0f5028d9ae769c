/** A fleet of three simulated hosts. */

import { setImmediate } from 'node:timers/promises'
import type { Color, Target } from '../../src/targets/target.ts'
import { fleetOf } from '../../src/targets/vps/fleet.ts'
import { openSimulated } from '../contract/simulated-stand.ts'
import type { Stand } from '../contract/stand.ts'

const hosts = ['one', 'two', 'three'] as const

export async function openFleet(): Promise<Stand> {
  const stands = await Promise.all(hosts.map(() => openSimulated()))
  const [first, second] = stands as [Stand, Stand]
  const together = (targets: readonly Target[]): Target =>
    fleetOf(targets.map((target, index) => ({ host: hosts[index] ?? '', target })))
  const all = <T>(ask: (stand: Stand) => Promise<T>) => Promise.all(stands.map(ask))
  const same = async <T>(ask: (stand: Stand) => Promise<T>, otherwise: T): Promise<T> => {
    const [answer = otherwise, ...others] = await all(ask)
    return others.every((other) => other === answer) ? answer : otherwise
  }
  return {
    ...first,
    target: together(stands.map(({ target }) => target)),
    another: async (options) => together(await all((stand) => stand.another(options))),
    answers: () => same<Color | 'nobody'>((stand) => stand.answers(), 'nobody'),
    running: (color) => same((stand) => stand.running(color), null),
    humanMoves: async (to) => void (await all((stand) => stand.humanMoves(to))),
    elapse: async (time) => void (await all((stand) => stand.elapse(time))),
    snapshot: async () => (await all((stand) => stand.snapshot())).join('\n'),
    breakObserve: async () => second.breakObserve?.(),
    breakSwitch: async () => second.breakSwitch?.(),
    hold: async () => {
      const held = await all((stand) => stand.hold?.() ?? Promise.reject(new Error('it cannot be held')))
      return {
        begun: async () => void (await Promise.all(held.map((one) => one.begun()))),
        // Whoever asks for the lease meanwhile has it everywhere by then.
        go: async () => {
          await setImmediate()
          await Promise.all(held.map((one) => one.go()))
        },
      }
    },
  }
}
