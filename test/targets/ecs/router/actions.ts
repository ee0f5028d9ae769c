import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { GroupPair } from '../../../../src/targets/ecs/router/forward.ts'

const group = (name: string) =>
  `arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/${name}/73e2d6bc24d8a067`

export const pairOf = (service: string): GroupPair => ({
  service,
  blue: group(`${service}-blue`),
  green: group(`${service}-green`),
})

export const web = pairOf('web')
export const api = pairOf('api')
export const foreign = group('maintenance')

type Weights = Readonly<Record<string, number>>

const tuples = (weights: Weights) =>
  Object.entries(weights).map(([arn, weight]) => ({ TargetGroupArn: arn, Weight: weight }))

/** As AWS describes a forward action with weights. */
export const weighted = (weights: Weights, order = 1): Action => ({
  Type: 'forward',
  Order: order,
  ForwardConfig: { TargetGroups: tuples(weights), TargetGroupStickinessConfig: { Enabled: false } },
})

/** As AWS describes one that names a group alone: twice. */
export const alone = (arn: string, order = 1): Action => ({
  Type: 'forward',
  TargetGroupArn: arn,
  Order: order,
  ForwardConfig: {
    TargetGroups: [{ TargetGroupArn: arn, Weight: 1 }],
    TargetGroupStickinessConfig: { Enabled: false },
  },
})

/** As AWS describes one: without the secret of the client. */
export const oidc = {
  Type: 'authenticate-oidc',
  Order: 1,
  AuthenticateOidcConfig: {
    Issuer: 'https://id.example.com',
    AuthorizationEndpoint: 'https://id.example.com/authorize',
    TokenEndpoint: 'https://id.example.com/token',
    UserInfoEndpoint: 'https://id.example.com/me',
    ClientId: 'shop',
    SessionCookieName: 'session',
    OnUnauthenticatedRequest: 'authenticate',
  },
} as const satisfies Action
