import { boolean } from '../forms/boolean.ts'
import {
  cluster,
  ecsName,
  ecsServiceNames,
  listenerArns,
  parameterPath,
  region,
  ruleArns,
  testHeaders,
} from '../forms/ecs.ts'
import { count } from '../forms/text.ts'
import { inAnyMode, type Setting } from './setting.ts'

const onEcs = { ...inAnyMode, sections: ['ecs'] } as const

export const ecsSettings = {
  'aws-region': {
    ...onEcs,
    form: region,
    defaultNote: 'that of the environment',
    description: 'AWS region of the cluster',
  },
  cluster: {
    ...onEcs,
    form: cluster,
    default: 'default',
    description: 'ECS cluster of the app, by its name or ARN',
  },
  'ecs-service': {
    ...onEcs,
    form: ecsServiceNames,
    default: '{app}-{color}',
    description: 'ECS service of each color, such as `{service}-{color}` with several `services`',
  },
  'ecs-container': {
    ...onEcs,
    form: ecsName,
    defaultNote: 'the only essential one',
    description: 'Container whose image is replaced; the others stay as they are',
  },
  'listener-arn': {
    ...onEcs,
    form: listenerArns,
    defaultNote: 'this or `rule-arn` is required',
    description: 'Listener, or a list of them, whose default forward actions are moved, together',
  },
  'rule-arn': {
    ...onEcs,
    form: ruleArns,
    defaultNote: 'this or `listener-arn` is required',
    description: 'Listener rule, or a list of them, whose forward actions are moved, together',
  },
  'test-headers': {
    ...onEcs,
    form: testHeaders,
    description: 'Headers sent with requests to `color-url`, as a map',
  },
  'ecs-attach': {
    ...onEcs,
    form: boolean,
    default: 'false',
    description: 'Attach an idle target group with weight 0, so that AWS checks its health',
  },
  'desired-count': {
    ...onEcs,
    form: count,
    defaultNote: 'as on the live color',
    description: 'Number of tasks of each service of the new color',
  },
  'lock-parameter': {
    ...onEcs,
    form: parameterPath,
    default: '/blue-green/{app}',
    description: 'Path in the SSM parameter store under which the lock and the history are kept',
  },
} satisfies Record<string, Setting>
