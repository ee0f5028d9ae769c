import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/aws/aws.ts'
import { type Asked, failureOf, permissionIn } from '../../src/aws/failure.ts'
import { AccessRefused, ChangeFailed, TargetUnreachable } from '../../src/targets/target.ts'

const change: Asked = { action: 'ecs:UpdateService', kind: 'change' }
const read: Asked = { action: 'ecs:DescribeServices', kind: 'read' }

const errorOf = (name: string, message: string, httpStatusCode?: number) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode } })

const who = 'User: arn:aws:sts::123456789012:assumed-role/deploy/ci is not authorized to perform:'
const service = 'arn:aws:ecs:eu-central-1:123456789012:service/prod/shop-blue'
const noPolicy = 'because no identity-based policy allows the ecs:UpdateService action'

describe('an answer of AWS that says no', () => {
  it('is a refusal that can be told by its code', () => {
    const error = failureOf(errorOf('TargetGroupNotFound', "Target groups 'x' not found", 400), change)
    expect(error).toBeInstanceOf(Refusal)
    expect(error).toBeInstanceOf(ChangeFailed)
    expect(error).toMatchObject({ code: 'TargetGroupNotFound', permission: null })
    expect(error.message).toBe("AWS refused ecs:UpdateService: Target groups 'x' not found.")
  })

  it.each<[string, string, string]>([
    [
      'the permission that its policy lacks',
      `${who} ecs:UpdateService on resource: ${service} ${noPolicy}`,
      `Add to the policy of the role: {"Effect":"Allow","Action":"ecs:UpdateService","Resource":"${service}"}`,
    ],
    [
      'another one that it needs besides',
      `${who} iam:PassRole on resource: arn:aws:iam::123456789012:role/shop-task because no identity-based policy allows it`,
      '{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/shop-task"}',
    ],
    [
      'that of the call where AWS names none',
      'Access denied',
      '{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"*"}',
    ],
    [
      'a deny, which no permission outweighs',
      `${who} ecs:UpdateService on resource: ${service} with an explicit deny in a service control policy`,
      'What denies it has to go.',
    ],
  ])('names %s', (_, said, advice) => {
    for (const name of ['AccessDeniedException', 'AccessDenied']) {
      const error = failureOf(errorOf(name, said, 400), change)
      expect(error).toBeInstanceOf(Refusal)
      expect(error.message).toContain(said)
      expect(error.message.endsWith(advice)).toBe(true)
    }
  })

  it('leaves the resource out where it is not named', () => {
    expect(permissionIn(`${who} ecr:DescribeImages`)).toEqual({ action: 'ecr:DescribeImages', resource: '*' })
    expect(permissionIn('No way')).toBeNull()
  })
})

describe('no answer of AWS', () => {
  it.each([
    ['an error of the server', errorOf('InternalError', 'We are sorry', 500)],
    ['a gateway', errorOf('Unknown', 'UnknownError', 503)],
    ['throttling, as some services say it', errorOf('ThrottlingException', 'Rate exceeded', 400)],
    ['throttling, as others do', errorOf('Throttling', 'Rate exceeded', 400)],
    ['throttling by its status', errorOf('Slow', 'Rate exceeded', 429)],
    ['changes of one parameter at a time', errorOf('TooManyUpdates', 'Wait', 400)],
    ['nobody who listens', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['what no client can read', new SyntaxError("Unexpected token '<'")],
    ['what is no error', 'strange'],
  ])('is %s', (_, cause) => {
    const changed = failureOf(cause, change)
    expect(changed).toBeInstanceOf(TargetUnreachable)
    expect(changed).not.toBeInstanceOf(AccessRefused)
    expect(changed.message).toMatch(
      /^AWS did not answer ecs:UpdateService\. Whether it was done there is unknown\./,
    )
    expect(failureOf(cause, read).message).toContain('Nothing is known of what is there.')
  })
})

describe('credentials', () => {
  it.each([
    ['ExpiredTokenException', 'The security token included in the request is expired', 400, /have expired/],
    ['ExpiredToken', 'The security token included in the request is expired', 403, /have expired/],
    ['UnrecognizedClientException', 'The security token is invalid', 400, /does not know the credentials/],
    ['InvalidClientTokenId', 'The security token is invalid', 403, /does not know the credentials/],
    ['SignatureDoesNotMatch', 'The request signature does not match', 403, /does not know the credentials/],
    [
      'CredentialsProviderError',
      'Could not load credentials from any providers',
      undefined,
      /no AWS credentials/,
    ],
  ])('that end in %s are told as such', (name, said, status, expected) => {
    const error = failureOf(errorOf(name, said, status), read)
    expect(error).toBeInstanceOf(AccessRefused)
    expect(error).toMatchObject({ setting: 'credentials', what: expect.stringMatching(expected) })
    expect(error.message).toContain(said)
  })

  it('are not all that has to be there', () => {
    const error = failureOf(new Error('Region is missing'), read)
    expect(error).toMatchObject({ setting: 'aws-region', fix: expect.stringContaining('`AWS_REGION`') })
  })
})
