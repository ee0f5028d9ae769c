/** How long things may take, what becomes of each color, and who may hold the target. */
import { boolean } from '../forms/boolean.ts'
import { choiceForm } from '../forms/choice.ts'
import { duration, durationForm, someDuration } from '../forms/duration.ts'
import { inAnyMode, inChangingModes, inModes, type Setting } from './setting.ts'

const sections = ['all'] as const

export const courseSettings = {
  'no-rollback': {
    ...inModes('deploy', 'promote'),
    sections,
    form: boolean,
    default: 'false',
    description:
      'Never go back automatically after the switch, because this release has changed data for good',
  },
  'deploy-timeout': {
    ...inAnyMode,
    sections,
    form: someDuration,
    default: '10m',
    description: 'How long one change of what runs may take, as a duration',
  },
  drain: {
    ...inAnyMode,
    sections,
    form: duration,
    default: '30s',
    description: 'How long connections of the old color may take to end, as a duration',
  },
  'rollback-timeout': {
    ...inAnyMode,
    sections,
    form: someDuration,
    default: '2m',
    description: 'How long the way back to a running color may take, as a duration',
  },
  'old-color': {
    ...inChangingModes,
    sections,
    form: choiceForm(['stop', 'keep', 'remove']),
    default: 'stop',
    description: 'What becomes of the old color once the job has succeeded: `stop`, `keep` or `remove`',
  },
  'on-failure': {
    ...inChangingModes,
    sections,
    form: choiceForm(['stop', 'keep']),
    default: 'stop',
    description: 'What becomes of a color that failed: `stop` it, or `keep` it for a look',
  },
  'rollback-on-job-failure': {
    ...inModes('deploy', 'promote'),
    sections,
    form: choiceForm(['true', 'failure-or-cancelled', 'false']),
    default: 'true',
    description:
      'Go back when a later step of the job fails (`true`), also when it is cancelled (`failure-or-cancelled`), or not (`false`)',
  },
  'lock-wait': {
    ...inChangingModes,
    sections,
    form: duration,
    default: '2m',
    description: 'How long to wait for another operation on this app before failing, as a duration',
  },
  'lease-ttl': {
    ...inAnyMode,
    sections,
    form: durationForm({ atLeast: 2000, whole: 'seconds' }),
    default: '60s',
    description:
      'An owner silent for this long has lost the target, as a duration in whole seconds of at least `2s` (`60s` for `ecs`)',
  },
  'staged-max-age': {
    ...inModes('promote'),
    built: false,
    sections,
    form: duration,
    default: '24h',
    description: 'How old a staged release may be when it is promoted, as a duration',
  },
  force: {
    ...inAnyMode,
    sections,
    form: boolean,
    default: 'false',
    description: 'Lift a refusal that names this setting',
  },
} satisfies Record<string, Setting>
