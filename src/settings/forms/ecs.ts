/** Names and ARNs as ECS, load balancers and the parameter store take them. */
import { type Form, namedMap, textForm } from './form.ts'
import { listForm, parseEach, piecesOf } from './list.ts'
import { accept, type Parsed, refuse } from './parsed.ts'
import { parsePlaceholders, perColorForm } from './per-color.ts'
import { headerPattern, line } from './text.ts'

/** https://docs.aws.amazon.com/general/latest/gr/rande.html */
export function parseRegion(text: string): Parsed<string> {
  if (/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(text)) return accept(text)
  const [, region] = /^([a-z]{2,}(?:-[a-z]+)+-\d+)[a-z]$/.exec(text) ?? []
  if (region !== undefined) return refuse('is an availability zone', region)
  return refuse('is not a region, such as `eu-central-1`')
}

const nameRule = 'up to 255 letters, digits, `-` and `_`'
const namePattern = /^[A-Za-z0-9_-]{1,255}$/

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html */
export function parseEcsName(text: string): Parsed<string> {
  if (namePattern.test(text)) return accept(text)
  const tidy = text.replaceAll(/[^A-Za-z0-9_-]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return refuse(`is not a name in ECS: ${nameRule}`, namePattern.test(tidy) ? tidy : null)
}

const clusterArn = /^arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:cluster\/[A-Za-z0-9_-]{1,255}$/

export function parseCluster(text: string): Parsed<string> {
  if (clusterArn.test(text)) return accept(text)
  return text.startsWith('arn:') ? refuse('is not the ARN of a cluster') : parseEcsName(text)
}

const arnPattern =
  /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:(?<kind>listener|listener-rule)\/(?<type>app|net|gwy)\/[^/]+(?:\/[0-9a-f]+)+$/

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html */
const parseRouteArn =
  (wanted: 'listener' | 'listener-rule') =>
  (text: string): Parsed<string> => {
    const { kind, type } = arnPattern.exec(text)?.groups ?? {}
    if (kind === undefined) return refuse(`is not the ARN of a ${words[wanted]}`)
    if (kind !== wanted)
      return refuse(`is the ARN of a ${words[kind] ?? kind}: name it as \`${settings[wanted]}\``)
    // Its listeners have no rules, and connections outlive a switch of theirs for as long as they are used.
    if (type !== 'app') return refuse('is not of an Application Load Balancer, and no other can be switched')
    return accept(text)
  }

const words: Readonly<Record<string, string>> = { listener: 'listener', 'listener-rule': 'listener rule' }
const settings = { listener: 'rule-arn', 'listener-rule': 'listener-arn' } as const

const arns = (wanted: 'listener' | 'listener-rule') =>
  listForm(`the ARN of a ${words[wanted]}, or a list of them`, (text) =>
    parseEach(piecesOf(text, /[\s,]+/), parseRouteArn(wanted)),
  )

/** Names get a number each, and a part's number behind that: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html */
export function parseParameterPath(text: string): Parsed<string> {
  const known = parsePlaceholders(text, ['app'])
  if (known.kind === 'refused') return known
  const filled = text.replaceAll('{app}', 'app')
  if (!filled.startsWith('/')) return refuse('is not a path', `/${text}`)
  if (/^\/(aws|ssm)/i.test(filled)) return refuse('begins with `/aws` or `/ssm`, which AWS keeps for itself')
  if (!/^(\/[A-Za-z0-9_.-]+)+$/.test(filled)) return refuse('is not a path in the parameter store')
  if (filled.split('/').length > 14) return refuse('has more than 13 parts')
  return filled.length > 800 ? refuse('is longer than 800 characters') : accept(text)
}

const nameEditor = { type: ['string', 'number'] } as const

export const region = textForm('a region, such as `eu-central-1`', parseRegion, { type: 'string' })
export const cluster = textForm(`a name of ${nameRule}, or the ARN of a cluster`, parseCluster, nameEditor)
export const ecsName = textForm(`a name of ${nameRule}`, parseEcsName, nameEditor)
export const ecsServiceNames = perColorForm('a name', { parse: parseEcsName })
export const listenerArns = arns('listener')
export const ruleArns = arns('listener-rule')
export const parameterPath = textForm(
  'a path in the parameter store, which may hold `{app}`',
  parseParameterPath,
  { type: 'string' },
)

const headersAccepted = 'a map: header → value'

export const testHeaders: Form<Readonly<Record<string, string>>> = {
  accepted: headersAccepted,
  schema: namedMap(
    headersAccepted,
    { pattern: headerPattern, why: 'is not the name of a header' },
    line.schema,
  ),
  input: 'yaml',
}
