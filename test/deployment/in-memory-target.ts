import type { Target } from '../../src/targets/target.ts'
import type { Place } from './place.ts'
import type { Process } from './process.ts'

/** How long a deployment takes, in milliseconds; other calls take no time. */
const deployTime = 3_000

/** The target as one process sees it: every call may be its last. */
export function inMemoryTarget(place: Place, process: Process, leaseTtl: number): Target {
  const by = process.name
  const { ledger } = place
  const change = <T>(name: string, step: () => T, time = 0): Promise<T> => {
    const alone = () => {
      place.endLate()
      return step()
    }
    return process.call(name, alone, { time, later: (late) => place.doLater(late) })
  }
  return {
    runtime: {
      observe: (color) =>
        process.call(`observe ${color}`, () => {
          const { presence, release } = place.colors[color]
          return { presence, version: release?.version ?? null, detail: null }
        }),
      deploy: (color, order, guard) =>
        change(`deploy ${color}`, () => place.deploy(by, color, order, guard), deployTime),
      ready: (color, services) => process.call(`ready ${color}`, () => place.ready(color, services)),
      reach: (color, service) => process.call(`reach ${color} ${service}`, () => []),
      stop: (color, guard) => change(`stop ${color}`, () => place.stop(by, color, guard)),
      remove: (color, guard) => change(`remove ${color}`, () => place.remove(by, color, guard)),
      quiet: (color) => process.call(`quiet ${color}`, () => place.connections(color)),
      diagnose: (color) => process.call(`diagnose ${color}`, () => place.diagnose(color)),
    },
    router: {
      observe: () => process.call('observe router', () => place.traffic),
      switch: (from, to, guard) =>
        change(`switch to ${to}`, () => {
          place.switch(by, from, to, guard)
          return { detail: 'it answers' }
        }),
      manual: (to) => [`route ${to}`],
    },
    ledger: {
      read: () => process.call('read', ledger.read),
      acquire: (owner, options) =>
        process.call('acquire', () => {
          place.endLate()
          return ledger.acquire(owner, leaseTtl, options)
        }),
      renew: (lease) => process.call('renew', () => ledger.renew(lease)),
      write: (lease, document) => process.call('write', () => place.write(by, lease, document)),
      park: (lease) => process.call('park', () => ledger.park(lease)),
      free: (lease) => process.call('free', () => ledger.free(lease)),
    },
    preflight: () => process.call('preflight', () => place.problems),
    runHook: ({ run }, _environment, guard) => change(`hook ${run}`, () => place.runHook(by, run, guard)),
    close: async () => {},
  }
}
