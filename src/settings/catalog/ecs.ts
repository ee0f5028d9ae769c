import { boolean } from '../forms/boolean.ts'
import { perColorForm } from '../forms/per-color.ts'
import { anything, count, line } from '../forms/text.ts'
import { planned, type Setting } from './setting.ts'

const plannedForEcs = { ...planned, sections: ['ecs'] } as const

export const ecsSettings = {
  'aws-region': {
    ...plannedForEcs,
    form: line,
    defaultNote: 'that of the environment',
    description: 'AWS region of the cluster',
  },
  cluster: { ...plannedForEcs, form: line, default: 'default', description: 'ECS cluster of the app' },
  'ecs-service': {
    ...plannedForEcs,
    form: perColorForm('a name'),
    default: '{app}-{color}',
    description: 'ECS service of each color',
  },
  'ecs-container': {
    ...plannedForEcs,
    form: line,
    defaultNote: 'the only essential one',
    description: 'Container whose image is replaced',
  },
  'listener-arn': {
    ...plannedForEcs,
    form: anything,
    defaultNote: 'this or `rule-arn` is required',
    description: 'Listener or listeners whose forward actions are moved, together',
  },
  'rule-arn': {
    ...plannedForEcs,
    form: anything,
    defaultNote: 'this or `listener-arn` is required',
    description: 'Listener rule or rules whose forward actions are moved, together',
  },
  'test-headers': {
    ...plannedForEcs,
    form: anything,
    description: 'Headers sent with requests to `color-url`, as a map',
  },
  'ecs-attach': {
    ...plannedForEcs,
    form: boolean,
    default: 'false',
    description: 'Attach an idle target group with weight 0, so that AWS checks its health',
  },
  'desired-count': {
    ...plannedForEcs,
    form: count,
    defaultNote: 'as the live color',
    description: 'Number of tasks of the new color',
  },
  'lock-parameter': {
    ...plannedForEcs,
    form: line,
    default: '/blue-green/{app}',
    description: 'SSM path of the lock and the history',
  },
} satisfies Record<string, Setting>
