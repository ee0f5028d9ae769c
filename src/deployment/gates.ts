import { GateWatch } from '../checks/gate-watch.ts'
import { say, type World } from './world.ts'

export const watchGates = (world: World): GateWatch => {
  const { gates, clock, signal, random } = world
  return new GateWatch({ gates, clock, signal, random, progress: (text) => say(world, text) })
}
