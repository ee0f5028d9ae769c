/** The user's own commands at named points. */
import { boolean } from '../forms/boolean.ts'
import { hook } from '../forms/hook.ts'
import { inModes, type Setting } from './setting.ts'

const hooked = {
  ...inModes('deploy', 'stage', 'promote', 'rollback'),
  sections: ['all'],
  form: hook,
} as const

export const hookSettings = {
  'before-deploy': { ...hooked, description: 'Commands before anything is deployed' },
  migrate: {
    ...hooked,
    description: 'Commands that change the database, once the idle color runs and before its health checks',
  },
  'smoke-test': {
    ...hooked,
    description: 'Commands that test the healthy idle color, which `$BLUE_GREEN_URL` leads to',
  },
  'before-switch': { ...hooked, description: 'Commands just before traffic moves' },
  'after-switch': {
    ...hooked,
    description: 'Commands after traffic moved; when one fails, traffic goes back',
  },
  'after-cleanup': {
    ...hooked,
    description: 'Commands after the old color is retired, so at the end of the job by default',
  },
  'on-rollback': { ...hooked, description: 'Commands that run once, when traffic is proven back' },
  'migrate-rerun': {
    ...inModes('deploy', 'stage'),
    sections: ['all'],
    form: boolean,
    default: 'false',
    description: 'Whether `migrate` may run again after it was cut short',
  },
} satisfies Record<string, Setting>
