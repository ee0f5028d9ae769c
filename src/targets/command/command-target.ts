import { fileLedger } from '../../host/file-ledger.ts'
import type { Color, Environment, Guard, Hook, Target } from '../target.ts'
import { allowedBy, observing, refused } from './guarding.ts'
import { findProblems } from './preflight.ts'
import { commandRouter } from './router.ts'
import { commandRuntime } from './runtime.ts'
import { change, type Workplace, withEnvironment } from './workplace.ts'

export function openCommandTarget(workplace: Workplace): Target {
  const { settings, connection, surroundings } = workplace
  const { leaseTtl, signal, clock } = surroundings
  const manual = new Map<Color, readonly string[]>()
  const router = commandRouter(workplace, manual)
  return {
    runtime: commandRuntime(workplace),
    router,
    ledger: fileLedger({ connection, directory: settings.stateDirectory, leaseTtl, signal, clock }),
    preflight: () => findProblems(workplace, router, manual),
    runHook: (hook, env, guard) => runHook(workplace, hook, env, guard),
    close: () => connection.close(),
  }
}

async function runHook(workplace: Workplace, hook: Hook, env: Environment, guard: Guard): Promise<void> {
  const color = env.BLUE_GREEN_COLOR === 'green' ? 'green' : 'blue'
  const result = await change(workplace, 'hook', {
    lease: guard.lease,
    commands: withEnvironment([hook], env),
    limit: hook.timeout,
    observe: observing(workplace),
    allowed: allowedBy(guard, color),
    confirm: false,
    onClientDeath: 'end',
    lenient: true,
    record: null,
    forget: [],
  })
  if (result.kind === 'refused-color') throw refused('hook', color, result.observed)
}
