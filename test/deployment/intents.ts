import { type HookName, hookNames, type Intent, type ServiceIntent } from '../../src/targets/intent.ts'
import type { Hook, Release } from '../../src/targets/target.ts'
import { aCheck } from '../checks/servers.ts'
import { worker } from './place.ts'

const health = aCheck()

/** Without a URL: what the platform says of it is all there is, and no socket is opened. */
const web: ServiceIntent = {
  name: 'web',
  image: 'shop:latest',
  url: null,
  colorUrl: null,
  health,
  verify: health,
  versionCheck: null,
  start: 'before-switch',
}

/** Besides what serves users, one that starts after the switch. */
export const withWorker: Pick<Intent, 'services'> = {
  services: [web, { ...web, name: worker, image: 'worker:latest', start: 'after-switch' }],
}

const noHooks = Object.fromEntries(hookNames.map((name) => [name, []])) as unknown as Record<HookName, []>

export const anIntent = (changes: Partial<Intent> = {}): Intent => ({
  app: 'shop',
  mode: 'deploy',
  dryRun: false,
  version: 'good-1',
  services: [web],
  targetColor: 'auto',
  health: { successes: 2, interval: 1_000, timeout: 10_000, requestTimeout: 2_000, skip: false },
  identityHeader: null,
  bake: 3_000,
  sampleRate: 0,
  maxErrorRate: 0.05,
  maxP99: null,
  gates: [],
  hooks: noHooks,
  migrateRerun: false,
  noRollback: false,
  deployTimeout: 60_000,
  drain: 2_000,
  rollbackTimeout: 10_000,
  oldColor: 'stop',
  onFailure: 'stop',
  goesBackOn: ['failure', 'cancelled'],
  lockWait: 120_000,
  leaseTtl: 60_000,
  force: false,
  reason: null,
  diagnostics: 'none',
  configuration: 'c0',
  ...changes,
})

export const aHook = (run: string, where: Hook['where'] = 'target'): Hook => ({
  run,
  where,
  timeout: 60_000,
  env: {},
})

export const withHooks = (hooks: Partial<Record<HookName, readonly Hook[]>>): Pick<Intent, 'hooks'> => ({
  hooks: { ...noHooks, ...hooks },
})

export const aRelease = (version: string): Release => ({
  id: `id-${version}`,
  version,
  images: { web: null },
  configuration: 'c0',
})
