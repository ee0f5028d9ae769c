import type { Environment, Guard, Hook } from '../targets/target.ts'
import { type ChangePlace, runChange } from './change.ts'
import type { Observation } from './guarded-change.ts'
import { allowedBy, type Refusal, refusal } from './guarding.ts'

export interface TargetHook extends Pick<Refusal, 'observer'> {
  readonly hook: Hook
  readonly env: Environment
  readonly guard: Guard
  readonly observing: Observation
}

/** A user's command on the host, under the same locks and fence as a change. */
export async function runTargetHook(
  place: ChangePlace,
  { hook, env, guard, observing, observer }: TargetHook,
): Promise<void> {
  const color = env.BLUE_GREEN_COLOR === 'green' ? 'green' : 'blue'
  const result = await runChange(place, 'hook', {
    lease: guard.lease,
    commands: [{ run: hook.run, env: { ...hook.env, ...env } }],
    limit: hook.timeout,
    observe: observing,
    allowed: allowedBy(guard, color),
    confirm: false,
    onClientDeath: 'end',
    lenient: true,
    record: null,
    forget: [],
  })
  if (result.kind === 'refused-color')
    throw refusal({ name: 'hook', color, observed: result.observed, observer })
}
