/** Everything that would stop a deployment later, found before anything is touched. */
import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import { Refusal } from '../../../aws/aws.ts'
import { shell } from '../../../host/script.ts'
import { type Problem, TargetUnreachable } from '../../target.ts'
import { pairsIn } from '../pairs.ts'
import type { Place } from '../place.ts'
import { survey } from '../router/survey.ts'
import type { ColorUrls } from '../runtime/runtime.ts'
import type { Described } from '../runtime/task-definition.ts'
import type { ServiceReader, Services } from '../services.ts'
import { imageProblems } from './images.ts'
import { judge } from './judge.ts'
import { readOtherRoutes } from './other-routes.ts'

export interface Preflight {
  readonly place: Place
  readonly reader: ServiceReader
  readonly images: readonly string[]
  readonly colorUrls: ColorUrls
  /** Milliseconds from a switch to the end of a way back. */
  readonly undoTime: number
  /** Then nobody meets a color that has ended. */
  readonly keepsOldColor: boolean
}

/** What stops nothing is said as output. */
export async function findProblems(preflight: Preflight): Promise<readonly Problem[]> {
  const { place, reader, images, keepsOldColor } = preflight
  const { aws, settings, surroundings } = place
  const region = await aws.region()
  await introduce(place, region)
  const [services, seen, defaults, missingImages] = await Promise.all([
    allowed(reader.read()),
    allowed(survey(place, reader, settings.routes)),
    allowed(readDefaultRules(place)),
    imageProblems(aws, region, images),
  ])
  const refused = [services, seen, defaults].flatMap((read) => (read.kind === 'refused' ? [read.error] : []))
  const credentials = await credentialProblems(preflight)
  if (services.kind === 'refused' || seen.kind === 'refused' || defaults.kind === 'refused')
    return [...refusedProblems(place, refused), ...missingImages, ...credentials]
  const groups = await allowed(readGroups(place, services.found))
  const found = groups.kind === 'read' ? groups.found : []
  const balancers = new Set(found.flatMap(({ LoadBalancerArns = [] }) => LoadBalancerArns))
  const [definitions, others] = await Promise.all([
    allowed(readDefinitions(reader, services.found)),
    keepsOldColor ? [] : readOtherRoutes(place, [...balancers]).catch(unwarned),
  ])
  const { problems, remarks } = judge({
    settings,
    services: services.found,
    seen: seen.found,
    defaultRules: defaults.found,
    groups: found,
    otherRoutes: others,
    definitions: definitions.kind === 'read' ? definitions.found : new Map(),
  })
  for (const remark of [...remarks, ...blindRemarks(preflight)])
    surroundings.output('preflight', `${remark}\n`)
  const later = [groups, definitions].flatMap((read) => (read.kind === 'refused' ? [read.error] : []))
  return [...refusedProblems(place, later), ...problems, ...missingImages, ...credentials]
}

type Allowed<T> =
  | { readonly kind: 'read'; readonly found: T }
  | { readonly kind: 'refused'; readonly error: Refusal }

async function allowed<T>(reading: Promise<T>): Promise<Allowed<T>> {
  try {
    return { kind: 'read', found: await reading }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', error }
    throw error
  }
}

/** What could only warn stops nothing: a permission that is missing, or no answer. */
function unwarned(error: unknown): readonly [] {
  if (error instanceof Refusal || error instanceof TargetUnreachable) return []
  throw error
}

/** Two accounts with the same names in both are found out late. */
async function introduce({ aws, settings, surroundings }: Place, region: string): Promise<void> {
  const who = await allowed(aws.ask('sts:GetCallerIdentity', {}))
  const { Account, Arn } = who.kind === 'read' ? who.found : {}
  surroundings.output(
    'preflight',
    `AWS account ${Account ?? 'unknown'}, region ${region}, cluster ${settings.cluster}, as ${Arn ?? 'nobody knows whom'}\n`,
  )
}

/** By the code of AWS, without its ending. */
const settingOfCode: Readonly<Record<string, readonly [setting: string, fix: string]>> = {
  ClusterNotFound: [
    'cluster',
    `Correct \`cluster\`, or \`aws-region\`. Those there are: ${shell('aws', 'ecs', 'list-clusters')}`,
  ],
  ListenerNotFound: [
    'listener-arn',
    'Correct `listener-arn`. Those there are: aws elbv2 describe-listeners --load-balancer-arn ARN',
  ],
  RuleNotFound: [
    'rule-arn',
    'Correct `rule-arn`. Those there are: aws elbv2 describe-rules --listener-arn ARN',
  ],
}

/** The message of what a policy does not give holds what to add to it. */
function refusedProblems({ settings }: Place, errors: readonly Refusal[]): readonly Problem[] {
  const byText = new Map(errors.map((error) => [error.message, error]))
  return [...byText.values()].map((error) => {
    const known = settingOfCode[error.code.replace(/Exception$/, '')]
    const [setting, fix] = known ?? ['credentials', 'Then run again.']
    const where = setting === 'cluster' ? ` (${settings.cluster})` : ''
    return { setting, what: `${error.message}${where}`, fix }
  })
}

async function readDefaultRules({ aws, settings }: Place): Promise<readonly string[]> {
  const arns = settings.routes.flatMap(({ kind, arn }) => (kind === 'rule' ? [arn] : []))
  if (arns.length === 0) return []
  const { Rules = [] } = await aws.ask('elasticloadbalancing:DescribeRules', { RuleArns: arns })
  return Rules.flatMap(({ IsDefault, RuleArn }) => (IsDefault && RuleArn !== undefined ? [RuleArn] : []))
}

async function readGroups({ aws, settings }: Place, services: Services): Promise<readonly TargetGroup[]> {
  const arns = pairsIn(settings.services, services).flatMap(({ blue, green }) => [blue, green])
  if (arns.length === 0) return []
  const { TargetGroups = [] } = await aws.ask('elasticloadbalancing:DescribeTargetGroups', {
    TargetGroupArns: [...new Set(arns)],
  })
  return TargetGroups
}

async function readDefinitions(
  reader: ServiceReader,
  services: Services,
): Promise<ReadonlyMap<string, Described>> {
  const arns = new Set([...services.values()].flatMap(({ taskDefinition }) => taskDefinition ?? []))
  return new Map(
    await Promise.all([...arns].map(async (arn) => [arn, await reader.definition(arn)] as const)),
  )
}

/** Whoever has nothing to ask says so before the switch, and not after it. */
function blindRemarks({ place, colorUrls }: Preflight): readonly string[] {
  const blind = place.settings.services.filter(({ name }) => (colorUrls[name] ?? null) === null)
  if (blind.length === 0) return []
  const names = blind.map(({ name }) => name).join(', ')
  return [
    `There is no \`color-url\` for ${names}: before the switch the health of its targets is all that is asked, and no request of ours.`,
  ]
}

async function credentialProblems({ place, undoTime }: Preflight): Promise<readonly Problem[]> {
  const ends = await place.aws.expiration()
  if (ends === null) return []
  const left = ends - place.aws.now()
  if (left >= undoTime) return []
  const [minutes, needed] = [Math.max(0, Math.floor(left / 60_000)), Math.ceil(undoTime / 60_000)]
  return [
    {
      setting: 'credentials',
      what: `The AWS credentials of this job end in ${minutes} min, and a switch needs them for ${needed} min, to be undone.`,
      fix: 'Let them live as long as the job may take: `role-duration-seconds` of `aws-actions/configure-aws-credentials`, right before this step.',
    },
  ]
}
