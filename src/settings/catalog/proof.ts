/** How a release is proved, before the switch and after it. */
import { boolean } from '../forms/boolean.ts'
import { check } from '../forms/check.ts'
import { duration, someDuration } from '../forms/duration.ts'
import { gates } from '../forms/gates.ts'
import { maxP99 } from '../forms/max-p99.ts'
import { percent } from '../forms/percent.ts'
import { rate } from '../forms/rate.ts'
import { anything, count, headerName } from '../forms/text.ts'
import { versionCheck } from '../forms/version-check.ts'
import { inChangingModes, inModes, type Setting } from './setting.ts'

const sections = ['all'] as const

export const proofSettings = {
  'health-path': {
    ...inChangingModes,
    sections,
    form: check,
    default: '/health',
    description:
      'Check of the inactive color: a path, or a map with `path`, `status`, `body`, `json` and more',
  },
  'health-successes': {
    ...inChangingModes,
    sections,
    form: count,
    default: '3',
    description: 'Health checks that must pass in a row',
  },
  'health-interval': {
    ...inChangingModes,
    sections,
    form: someDuration,
    default: '2s',
    description: 'Pause between two health checks, as a duration',
  },
  'health-timeout': {
    ...inChangingModes,
    sections,
    form: someDuration,
    default: '5m',
    description: 'How long the inactive color may take to become healthy once it is deployed, as a duration',
  },
  'request-timeout': {
    ...inChangingModes,
    sections,
    form: someDuration,
    default: '5s',
    description: 'How long one request of a check may take, as a duration',
  },
  'skip-health-check': {
    ...inModes('deploy', 'stage', 'promote'),
    sections,
    form: boolean,
    default: 'false',
    description: 'Switch without health checks, which every report then says loudly',
  },
  'verify-path': {
    ...inChangingModes,
    sections,
    form: check,
    defaultNote: 'as `health-path`',
    description: 'Check through the public URL after the switch',
  },
  'version-check': {
    ...inChangingModes,
    sections,
    form: versionCheck,
    description:
      'Where the running version shows, such as `{ path: /version, json: /version }`: it must equal `version`, on the idle color before the switch and in public after it',
  },
  'identity-header': {
    ...inModes('deploy', 'promote', 'rollback'),
    sections,
    form: headerName,
    description: 'Response header that names the color which answered',
  },
  bake: {
    ...inModes('deploy', 'promote'),
    sections,
    form: duration,
    default: '30s',
    description: 'Watched time after the switch, as a duration',
  },
  'sample-rate': {
    ...inModes('deploy', 'promote'),
    sections,
    form: rate,
    default: '5/s',
    description: 'Requests a second to each public URL while traffic is watched; `0` turns them off',
  },
  'max-error-rate': {
    ...inModes('deploy', 'promote'),
    sections,
    form: percent,
    default: '5%',
    description: 'Share of failed samples after the switch above which traffic goes back',
  },
  'max-p99': {
    ...inModes('deploy', 'promote'),
    sections,
    form: maxP99,
    description:
      'Latency of the slowest hundredth of samples above which traffic goes back: a duration such as `300ms`, or `x1.5` of what it was before the switch',
  },
  gates: {
    ...inModes('deploy', 'stage', 'promote'),
    sections,
    form: gates,
    description:
      'Alarms that must hold, a list of `{ cloudwatch-alarm: NAME, during: bake }`, where `during` is `bake` (also when left out) or `health`; asked in `aws-region` for `ecs`, for other targets in the region of the environment',
  },
  traffic: {
    ...inModes('deploy', 'promote'),
    built: false,
    sections,
    form: anything,
    description: 'Gradual steps of the switch, such as `[10% 2m, 50% 5m, 100%]`',
  },
} satisfies Record<string, Setting>
