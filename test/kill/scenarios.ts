/** What is going on when a run is stopped. */
import type { Color } from '../../src/targets/target.ts'
import type { JobStatus } from '../runner/runner.ts'
import type { Closer, RunWanted } from './settings.ts'

export type Start = 'v1 on blue' | 'v2 on green'

export interface Scenario {
  readonly name: string
  readonly start: Start
  readonly run: RunWanted
  /** Which of the two bundles is stopped. */
  readonly stage: 'main' | 'post'
  /** How the job stands when post comes. */
  readonly job: JobStatus
  /** Where traffic is when nobody stops anything. */
  readonly ends: { readonly color: Color; readonly version: string }
  /** Users get errors until the way back is gone. */
  readonly breaksInPublic: boolean
}

const deploy: Scenario = {
  name: 'deploy',
  start: 'v1 on blue',
  run: { mode: 'deploy', version: 'v2', hooks: 'all', oldColor: 'warm', healthTimeout: 'patient' },
  stage: 'main',
  job: 'success',
  ends: { color: 'green', version: 'v2' },
  breaksInPublic: false,
}

const back = { color: 'blue', version: 'v1' } as const

export const scenarios: readonly Scenario[] = [
  deploy,
  {
    ...deploy,
    name: 'broken',
    run: { ...deploy.run, version: 'v2-broken', healthTimeout: '3s' },
    job: 'failure',
    ends: back,
    breaksInPublic: true,
  },
  { ...deploy, name: 'rollback', start: 'v2 on green', run: { ...deploy.run, mode: 'rollback' }, ends: back },
  { ...deploy, name: 'retire', stage: 'post' },
  { ...deploy, name: 'return', stage: 'post', job: 'failure', ends: back },
]

/** A good release, deployed by the next run; and by one more at the end of every case. */
export const nextRelease: RunWanted = {
  mode: 'deploy',
  version: 'v3',
  hooks: 'on-rollback',
  oldColor: 'retired by main',
  healthTimeout: 'patient',
}
export const lastRelease: RunWanted = { ...nextRelease, version: 'v4' }

export const closerRun = (mode: Closer): RunWanted => ({ ...nextRelease, mode, version: '' })
