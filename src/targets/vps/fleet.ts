import type { Target } from '../target.ts'
import { fleetLeases, type Leases } from './fleet/leases.ts'
import { fleetLedger } from './fleet/ledger.ts'
import { type Member, naming, onAll } from './fleet/members.ts'
import { fleetRouter } from './fleet/router.ts'
import { fleetRuntime } from './fleet/runtime.ts'

/** One target of several hosts, which run the same colors and are switched together. There must be at least one. */
export function fleetOf(members: readonly Member[]): Target {
  const [first] = members
  if (first === undefined) throw new TypeError('A fleet has no host.')
  if (members.length === 1) return first.target
  return openFleet(members, fleetLeases(members))
}

function openFleet(members: readonly Member[], leases: Leases): Target {
  const restOf = (reached: readonly Member[]) => openFleet(reached, leases.among(reached))
  const fleet = { members, leases, restOf }
  const router = fleetRouter(fleet)
  const runHook = members[0]?.target.runHook ?? null
  return {
    runtime: fleetRuntime(fleet, router),
    router,
    ledger: fleetLedger(fleet),
    preflight: async () => {
      const found = await onAll(fleet, async ({ host, target }) =>
        (await target.preflight()).map((problem) => ({ ...problem, what: naming(host, problem.what) })),
      )
      return found.flat()
    },
    // On the first host alone: a migration must run once.
    runHook:
      runHook &&
      (async (hook, env, guard) => {
        const [ours = guard] = await leases.guards(guard)
        await runHook(hook, env, ours)
      }),
    close: async () => {
      await onAll(fleet, ({ target }) => target.close())
    },
  }
}
