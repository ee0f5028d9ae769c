/** Every call that is made, by the name that IAM knows it by. */
import {
  ApplicationAutoScaling,
  type DescribeScalableTargetsCommandInput,
} from '@aws-sdk/client-application-auto-scaling'
import {
  CloudWatch,
  type CloudWatchClientConfig,
  type DescribeAlarmsCommandInput,
} from '@aws-sdk/client-cloudwatch'
import { type DescribeImagesCommandInput, ECR } from '@aws-sdk/client-ecr'
import {
  type DescribeServicesCommandInput,
  type DescribeTaskDefinitionCommandInput,
  type DescribeTasksCommandInput,
  ECS,
  type ListTasksCommandInput,
  type RegisterTaskDefinitionCommandInput,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import {
  type DescribeListenersCommandInput,
  type DescribeRulesCommandInput,
  type DescribeTargetGroupsCommandInput,
  type DescribeTargetHealthCommandInput,
  ElasticLoadBalancingV2,
  type ModifyListenerCommandInput,
  type ModifyRuleCommandInput,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import {
  type DeleteParametersCommandInput,
  type GetParametersByPathCommandInput,
  type GetParametersCommandInput,
  type PutParameterCommandInput,
  SSM,
} from '@aws-sdk/client-ssm'
import { STS } from '@aws-sdk/client-sts'

/** What every client takes alike. */
export type ClientOptions = Pick<
  CloudWatchClientConfig,
  'region' | 'retryMode' | 'maxAttempts' | 'requestHandler'
>

export const clientsWith = (options: ClientOptions) => ({
  ecs: new ECS(options),
  balancing: new ElasticLoadBalancingV2(options),
  ssm: new SSM(options),
  sts: new STS(options),
  ecr: new ECR(options),
  cloudwatch: new CloudWatch(options),
  autoscaling: new ApplicationAutoScaling(options),
})

export type Clients = ReturnType<typeof clientsWith>

interface Call<Input, Output> {
  readonly kind: 'read' | 'change'
  send(clients: Clients, input: Input, options: { readonly abortSignal: AbortSignal }): Promise<Output>
}

const read = <Input, Output>(send: Call<Input, Output>['send']) => ({ kind: 'read', send }) as const
const change = <Input, Output>(send: Call<Input, Output>['send']) => ({ kind: 'change', send }) as const

export const calls = {
  'ecs:DescribeServices': read(({ ecs }, input: DescribeServicesCommandInput, options) =>
    ecs.describeServices(input, options),
  ),
  'ecs:DescribeTaskDefinition': read(({ ecs }, input: DescribeTaskDefinitionCommandInput, options) =>
    ecs.describeTaskDefinition(input, options),
  ),
  'ecs:RegisterTaskDefinition': change(({ ecs }, input: RegisterTaskDefinitionCommandInput, options) =>
    ecs.registerTaskDefinition(input, options),
  ),
  'ecs:UpdateService': change(({ ecs }, input: UpdateServiceCommandInput, options) =>
    ecs.updateService(input, options),
  ),
  'ecs:ListTasks': read(({ ecs }, input: ListTasksCommandInput, options) => ecs.listTasks(input, options)),
  'ecs:DescribeTasks': read(({ ecs }, input: DescribeTasksCommandInput, options) =>
    ecs.describeTasks(input, options),
  ),
  'elasticloadbalancing:DescribeListeners': read(
    ({ balancing }, input: DescribeListenersCommandInput, options) =>
      balancing.describeListeners(input, options),
  ),
  'elasticloadbalancing:DescribeRules': read(({ balancing }, input: DescribeRulesCommandInput, options) =>
    balancing.describeRules(input, options),
  ),
  'elasticloadbalancing:ModifyListener': change(({ balancing }, input: ModifyListenerCommandInput, options) =>
    balancing.modifyListener(input, options),
  ),
  'elasticloadbalancing:ModifyRule': change(({ balancing }, input: ModifyRuleCommandInput, options) =>
    balancing.modifyRule(input, options),
  ),
  'elasticloadbalancing:DescribeTargetGroups': read(
    ({ balancing }, input: DescribeTargetGroupsCommandInput, options) =>
      balancing.describeTargetGroups(input, options),
  ),
  'elasticloadbalancing:DescribeTargetHealth': read(
    ({ balancing }, input: DescribeTargetHealthCommandInput, options) =>
      balancing.describeTargetHealth(input, options),
  ),
  'ssm:GetParameters': read(({ ssm }, input: GetParametersCommandInput, options) =>
    ssm.getParameters(input, options),
  ),
  'ssm:GetParametersByPath': read(({ ssm }, input: GetParametersByPathCommandInput, options) =>
    ssm.getParametersByPath(input, options),
  ),
  'ssm:PutParameter': change(({ ssm }, input: PutParameterCommandInput, options) =>
    ssm.putParameter(input, options),
  ),
  'ssm:DeleteParameters': change(({ ssm }, input: DeleteParametersCommandInput, options) =>
    ssm.deleteParameters(input, options),
  ),
  'sts:GetCallerIdentity': read(({ sts }, _: Readonly<Record<never, never>>, options) =>
    sts.getCallerIdentity({}, options),
  ),
  'ecr:DescribeImages': read(({ ecr }, input: DescribeImagesCommandInput, options) =>
    ecr.describeImages(input, options),
  ),
  'application-autoscaling:DescribeScalableTargets': read(
    ({ autoscaling }, input: DescribeScalableTargetsCommandInput, options) =>
      autoscaling.describeScalableTargets(input, options),
  ),
  'cloudwatch:DescribeAlarms': read(({ cloudwatch }, input: DescribeAlarmsCommandInput, options) =>
    cloudwatch.describeAlarms(input, options),
  ),
}

export type Action = keyof typeof calls
export type InputOf<A extends Action> = Parameters<(typeof calls)[A]['send']>[1]
export type OutputOf<A extends Action> = Awaited<ReturnType<(typeof calls)[A]['send']>>
