/** What we must be allowed to do in the account of the app, and no more. */
import type { Action } from '../../../aws/calls.ts'
import { clusterName, type EcsSettings } from '../settings.ts'
import { ecrImage } from './images.ts'

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface Policy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly Statement[]
}

export interface Statement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly Permitted[]
  readonly Resource: readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** Calls, and what registering a task definition needs besides. */
export type Permitted = Action | 'iam:PassRole' | 'ecs:TagResource'

/** What the settings of ECS do not say. */
export interface Uses {
  /** Of the task definitions of both colors. */
  readonly families: readonly string[]
  /** ARNs of what these task definitions name as roles. */
  readonly roles: readonly string[]
  readonly images: readonly string[]
  /** Whether alarms of CloudWatch are asked for. */
  readonly alarms: boolean
}

/** Which action can be allowed on what: https://docs.aws.amazon.com/service-authorization/latest/reference/ */
export function policyFor(settings: EcsSettings, uses: Uses): Policy {
  const { routes, services, lockParameter } = settings
  const account = accountOf(settings)
  const cluster = clusterName(settings.cluster)
  const ofCluster = { ArnEquals: { 'ecs:cluster': account('ecs', `cluster/${cluster}`) } }
  const names = services.flatMap(({ ecsService: { blue, green } }) => [blue, green])
  const families = uses.families.map((family) => account('ecs', `task-definition/${family}:*`))
  const lock = account('ssm', `parameter${lockParameter}`)
  const arns = (kind: 'listener' | 'rule') =>
    routes.flatMap((route) => (route.kind === kind ? [route.arn] : []))
  const statements = [
    statement(
      'Services',
      ['ecs:DescribeServices', 'ecs:UpdateService'],
      names.map((name) => account('ecs', `service/${cluster}/${name}`)),
    ),
    statement('Revisions', ['ecs:RegisterTaskDefinition'], families),
    statement('Tags', ['ecs:TagResource'], families, {
      StringEquals: { 'ecs:CreateAction': 'RegisterTaskDefinition' },
    }),
    statement('Roles', ['iam:PassRole'], uses.roles, {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    }),
    statement('TaskList', ['ecs:ListTasks'], ['*'], ofCluster),
    statement('Tasks', ['ecs:DescribeTasks'], [account('ecs', `task/${cluster}/*`)]),
    statement('Listeners', ['elasticloadbalancing:ModifyListener'], arns('listener')),
    statement('Rules', ['elasticloadbalancing:ModifyRule'], arns('rule')),
    statement('Lock', ['ssm:GetParameters', 'ssm:PutParameter', 'ssm:DeleteParameters'], [`${lock}/*`]),
    statement('LockList', ['ssm:GetParametersByPath'], [lock]),
    statement('Images', ['ecr:DescribeImages'], repositoriesOf(settings, uses.images)),
    statement('Looks', looksOf(uses), ['*']),
  ]
  return { Version: '2012-10-17', Statement: statements.filter(({ Resource }) => Resource.length > 0) }
}

const statement = (
  Sid: string,
  actions: readonly Permitted[],
  resources: readonly string[],
  condition?: Statement['Condition'],
): Statement => ({
  Sid,
  Effect: 'Allow',
  Action: actions,
  Resource: [...new Set(resources)],
  ...(condition && { Condition: condition }),
})

/** What cannot be allowed for some objects alone; of an alarm, not where it is made of others. */
function looksOf({ alarms }: Uses): readonly Permitted[] {
  return [
    'ecs:DescribeTaskDefinition',
    'elasticloadbalancing:DescribeListeners',
    'elasticloadbalancing:DescribeRules',
    'elasticloadbalancing:DescribeTargetGroups',
    'elasticloadbalancing:DescribeTargetHealth',
    'application-autoscaling:DescribeScalableTargets',
    ...(alarms ? (['cloudwatch:DescribeAlarms'] as const) : []),
  ]
}

/** Names in the account and the region of the load balancer, which every service has. */
function accountOf({ routes }: EcsSettings): (service: string, name: string) => string {
  const [, partition = 'aws', , region = '*', account = '*'] = routes[0]?.arn.split(':') ?? []
  return (service, name) => `arn:${partition}:${service}:${region}:${account}:${name}`
}

/** Only those that are asked about. */
function repositoriesOf({ routes }: EcsSettings, images: readonly string[]): readonly string[] {
  const [, partition, , here] = routes[0]?.arn.split(':') ?? []
  return images.flatMap((image) => {
    const { account, region, repository } = ecrImage(image) ?? {}
    return region === here ? [`arn:${partition}:ecr:${region}:${account}:repository/${repository}`] : []
  })
}

/** Ready to be put into a role. */
export function policyText({ Version, Statement }: Policy): string {
  const plain = (list: readonly string[]) => (list.length === 1 ? list[0] : list)
  const statements = Statement.map(({ Action, Resource, Condition, ...named }) => ({
    ...named,
    Action: plain(Action),
    Resource: plain(Resource),
    ...(Condition && { Condition }),
  }))
  return `${withShortLists(JSON.stringify({ Version, Statement: statements }, null, 2))}\n`
}

const lineWidth = 110

/** A list that fits is on one line. */
const withShortLists = (text: string): string =>
  text.replaceAll(/^( *"\w+": )\[\n([^\]{]+)\n *\](,?)$/gm, (list, key, items, comma) => {
    const line = `${key}[${items.trim().replaceAll(/\n */g, ' ')}]${comma}`
    return line.length > lineWidth ? list : line
  })
