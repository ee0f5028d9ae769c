/** The inputs of the runs of a case: everything short, so that a case is over in seconds. */
import { hookNames } from '../../src/targets/intent.ts'
import { hookText } from './commands.ts'
import { frozenTime, type Route, type Site } from './site.ts'

/** Modes that begin nothing of their own. */
export type Closer = 'unlock' | 'cleanup'

export interface RunWanted {
  readonly mode: 'deploy' | 'rollback' | Closer
  readonly version: string
  /** `all`: a hook at every point there is. */
  readonly hooks: 'all' | 'on-rollback'
  /** `warm`: the old color is left to post. */
  readonly oldColor: 'warm' | 'retired by main'
  /** Also how long a release that breaks in public is borne. */
  readonly healthTimeout: '3s' | 'patient'
}

/** Where a target runs commands. */
export const onTarget: readonly string[] = ['migrate', 'before-switch', 'after-cleanup']

export function inputsOf(site: Site, run: RunWanted, route: Route): Record<string, string> {
  const hooks = hookNames
    .filter((name) => run.hooks === 'all' || name === run.hooks)
    .map((name) => [
      name,
      JSON.stringify({
        run: hookText(site, name),
        where: site.hooksOnTarget.includes(name) ? 'target' : 'runner',
      }),
    ])
  // Whoever stands still still finds time to look when it goes on.
  const patience = `${20 + frozenTime(site) / 1000}s`
  return {
    url: site.url,
    ...site.inputs(run, route),
    mode: run.mode,
    app: site.app,
    ...(run.mode === 'deploy'
      ? { version: run.version, ...Object.fromEntries(hooks) }
      : onlyForRollback(hooks)),
    'health-successes': '2',
    'health-interval': '20ms',
    'health-timeout': run.healthTimeout === 'patient' ? patience : run.healthTimeout,
    'request-timeout': '5s',
    'rollback-timeout': patience,
    drain: '0s',
    'lock-wait': `${60 + site.leaseTime / 1000}s`,
    'lease-ttl': `${site.leaseTime / 1000}s`,
    ...(run.mode === 'deploy' ? courseOf(run) : {}),
  }
}

const courseOf = ({ oldColor }: RunWanted) => ({
  bake: '0s',
  'sample-rate': '0',
  'migrate-rerun': 'true',
  'rollback-on-job-failure': oldColor === 'warm' ? 'true' : 'false',
})

const onlyForRollback = (hooks: readonly (readonly string[])[]) =>
  Object.fromEntries(hooks.filter(([name]) => name !== 'migrate'))
