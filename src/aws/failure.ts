/** What an error of the SDK means to people, and to those who have to go on. */
import { z } from 'zod'
import { AccessRefused, TargetUnreachable } from '../targets/target.ts'
import { type Permission, Refusal } from './aws.ts'
import type { Action } from './calls.ts'

export interface Asked {
  readonly action: Action
  readonly kind: 'read' | 'change'
}

/** What `Terms` hold back. */
export class TimeOver extends Error {
  /** An answer to it may have been lost. */
  readonly sent: boolean

  constructor({ sent }: Pick<TimeOver, 'sent'>) {
    super('the time in which this run may change anything is over')
    this.sent = sent
  }
}

const errorShape = z.object({
  name: z.string().catch('Error'),
  message: z.string().catch(''),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).catch({}),
})

export function failureOf(cause: unknown, asked: Asked): Refusal | AccessRefused | TargetUnreachable {
  if (cause instanceof TimeOver) return new TargetUnreachable(heldBackText(asked, cause), { cause })
  const parsed = errorShape.safeParse(cause)
  const { name, message, $metadata } = parsed.success
    ? parsed.data
    : { name: 'Error', message: String(cause), $metadata: {} }
  const said = message.trim() === '' ? name : message.trim()
  const unknown = strangerOf(name, said, cause)
  if (unknown !== null) return unknown
  const { httpStatusCode: status } = $metadata
  if (status === undefined || !isRefusal(status) || isThrottling(name))
    return new TargetUnreachable(unansweredText(asked, status === undefined ? said : `${name}: ${said}`), {
      cause,
    })
  if (!isDenial(name))
    return new Refusal(`AWS refused ${asked.action}: ${sentence(said)}`, {
      code: name,
      permission: null,
      cause,
    })
  const permission = permissionIn(said)
  return new Refusal(denialText(asked, said, permission), { code: name, permission, cause })
}

const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 429

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html has those that are sent with 400. */
const isThrottling = (name: string): boolean =>
  /^(?:Throttl|RequestLimitExceeded|RequestThrottled|TooManyRequests|TooManyUpdates|SlowDown|PriorRequestNotComplete)/.test(
    name,
  )

const isDenial = (name: string): boolean => /^(?:AccessDenied|UnauthorizedOperation|NotAuthorized)/.test(name)

const credentialsAdvice = 'such as with `aws-actions/configure-aws-credentials` in a step before this one.'

/** AWS does not know us; null where it does. */
function strangerOf(name: string, said: string, cause: unknown): AccessRefused | null {
  const refused = (what: string, fix: string, setting = 'credentials') =>
    new AccessRefused({ setting, what, fix }, { cause })
  if (/^Region is missing/.test(said))
    return refused(
      'No AWS region is known.',
      'Name it, or set `AWS_REGION` in the environment of the step.',
      'aws-region',
    )
  if (/^(?:ExpiredToken|RequestExpired|ExpiredTokenException)/.test(name))
    return refused(
      `The AWS credentials of this job have expired (${said}).`,
      `Let them live as long as the job may take: \`role-duration-seconds\`, ${credentialsAdvice}`,
    )
  if (/^(?:CredentialsProviderError|TokenProviderError)$/.test(name))
    return refused(`There are no AWS credentials (${said}).`, `Bring them into the job, ${credentialsAdvice}`)
  if (
    /^(?:InvalidClientTokenId|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|InvalidAccessKeyId|AuthFailure)/.test(
      name,
    )
  )
    return refused(
      `AWS does not know the credentials of this job (${name}: ${said}).`,
      `Bring others into the job, ${credentialsAdvice}`,
    )
  return null
}

/** `User: ARN is not authorized to perform: ACTION on resource: ARN because …`, the resource left out by some. */
export function permissionIn(message: string): Permission | null {
  const [, action, resource] =
    /not authorized to perform:? ([\w-]+:\w+)(?: on (?:the )?resource:? (\S+))?/i.exec(message) ?? []
  if (action === undefined) return null
  return { action, resource: resource?.replace(/[.,;]$/, '') ?? '*' }
}

function denialText({ action }: Asked, said: string, permission: Permission | null): string {
  const text = `AWS refused ${action}: ${sentence(said)}`
  // No permission outweighs one: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
  if (/explicit deny/i.test(said)) return `${text} What denies it has to go.`
  return `${text} Add to the policy of the role: ${statementOf(permission ?? { action, resource: '*' })}`
}

export const statementOf = ({ action, resource }: Permission): string =>
  JSON.stringify({ Effect: 'Allow', Action: action, Resource: resource })

export function unansweredText({ action, kind }: Asked, why: string): string {
  const unknown =
    kind === 'read' ? 'Nothing is known of what is there.' : 'Whether it was done there is unknown.'
  return `AWS did not answer ${action}. ${unknown} ${sentence(why)} Ask it: aws sts get-caller-identity`
}

const heldBackText = (asked: Asked, { sent, message }: TimeOver): string =>
  sent
    ? unansweredText(asked, `It was not sent again: ${message}`)
    : `${asked.action} was not sent: ${message}.`

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
