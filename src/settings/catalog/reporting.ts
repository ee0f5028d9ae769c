/** Who is told what. */
import { choiceForm } from '../forms/choice.ts'
import { anything, line } from '../forms/text.ts'
import { inAnyMode, inModes, planned, type Setting } from './setting.ts'

const sections = ['all'] as const

export const reportingSettings = {
  reason: {
    ...inModes('rollback'),
    sections,
    form: line,
    description: 'Why you roll back, which is recorded and reported',
  },
  diagnostics: {
    ...inAnyMode,
    sections,
    form: choiceForm(['summary', 'log', 'none']),
    defaultNote: '`summary`; `log` in public repositories',
    description: 'Where the last log lines of a failed color are shown: `summary`, `log` or `none`',
  },
  notify: {
    ...planned,
    sections,
    form: anything,
    secret: true,
    description: 'Webhook URLs, or a list of `{ url, format, events }`',
  },
  'github-token': {
    ...inAnyMode,
    sections,
    form: line,
    expression: 'github.token',
    defaultNote: 'the token of the job',
    secret: true,
    description: 'Token for the API of GitHub. Nothing in this version asks it',
  },
  'github-deployment': {
    ...inModes('deploy', 'promote', 'rollback'),
    built: false,
    sections,
    form: line,
    description: 'Name of the environment for which a GitHub deployment is recorded',
  },
  'job-status': {
    ...inAnyMode,
    sections,
    form: line,
    expression: 'job.status',
    defaultNote: 'the status of the job',
    description: 'Not for users: it tells the end of the job how the job went',
  },
} satisfies Record<string, Setting>
