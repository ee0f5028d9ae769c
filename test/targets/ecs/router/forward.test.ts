import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attachIdle,
  forwardIn,
  forwardTo,
  groupsOf,
  type Reading,
  readActions,
} from '../../../../src/targets/ecs/router/forward.ts'
import { alone, api, foreign, oidc, web, weighted } from './actions.ts'

const color = (name: 'blue' | 'green', pair = web): Reading => ({ kind: 'color', color: name, pair })
const stranger = (...groups: string[]): Reading => ({ kind: 'stranger', groups, pair: web })

describe('the actions of a listener or rule', () => {
  it.each<[string, readonly Action[], Reading]>([
    ['one group alone', [alone(web.green)], color('green')],
    ['a group without a configuration', [{ Type: 'forward', TargetGroupArn: web.blue }], color('blue')],
    [
      'a group without a weight',
      [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn: web.blue }] } }],
      color('blue'),
    ],
    ['all of the weight on one', [weighted({ [web.blue]: 100, [web.green]: 0 })], color('blue')],
    ['any weight on one', [weighted({ [web.blue]: 0, [web.green]: 1 })], color('green')],
    ['weights without the other color', [weighted({ [web.green]: 100 })], color('green')],
    ['a group of others that gets nothing', [weighted({ [web.green]: 100, [foreign]: 0 })], color('green')],
    ['somebody to log in with before it', [alone(web.green, 2), oidc], color('green')],
    [
      'weights on both',
      [weighted({ [web.blue]: 90, [web.green]: 10 })],
      { kind: 'weighted', weights: { blue: 90, green: 10 }, pair: web },
    ],
    ['a group of neither color', [alone(foreign)], stranger(foreign)],
    [
      'a group of neither color besides',
      [weighted({ [web.blue]: 99, [foreign]: 1 })],
      stranger(web.blue, foreign),
    ],
    ['no weight at all', [weighted({ [web.blue]: 0, [web.green]: 0 })], stranger()],
    [
      'an answer of the load balancer',
      [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503' } }],
      { kind: 'no-forward', type: 'fixed-response' },
    ],
    ['nothing', [], { kind: 'no-forward', type: null }],
  ])('are read with %s', (_, actions, reading) => {
    expect(readActions(actions, [web])).toEqual(reading)
  })

  it('tell the service by its groups, and two of them at once are none', () => {
    expect(readActions([alone(api.green)], [web, api])).toEqual(color('green', api))
    expect(readActions([weighted({ [web.blue]: 1, [api.blue]: 1 })], [web, api])).toEqual({
      kind: 'stranger',
      groups: [web.blue, api.blue],
      pair: null,
    })
  })
})

const groupsAfter = (actions: readonly Action[]) => {
  const forward = forwardIn(actions)
  return forward && groupsOf(forward).map(({ arn, weight }) => [arn, weight])
}

describe('the actions that send all requests to green', () => {
  it.each<[string, Action, readonly (readonly [string, number])[]]>([
    [
      'one group alone',
      alone(web.blue),
      [
        [web.blue, 0],
        [web.green, 1],
      ],
    ],
    [
      'weights',
      weighted({ [web.blue]: 100, [web.green]: 0 }),
      [
        [web.blue, 0],
        [web.green, 100],
      ],
    ],
    [
      'weights of both',
      weighted({ [web.green]: 10, [web.blue]: 90 }),
      [
        [web.green, 90],
        [web.blue, 0],
      ],
    ],
    [
      'weights without the other color',
      weighted({ [foreign]: 0, [web.blue]: 50 }),
      [
        [foreign, 0],
        [web.blue, 0],
        [web.green, 50],
      ],
    ],
    [
      'what nobody can read a color from',
      weighted({ [foreign]: 100, [web.blue]: 0 }),
      [
        [foreign, 0],
        [web.blue, 0],
        [web.green, 100],
      ],
    ],
    [
      'a group of neither color',
      alone(foreign),
      [
        [foreign, 0],
        [web.green, 1],
      ],
    ],
    [
      'no weight at all',
      weighted({ [web.blue]: 0, [web.green]: 0 }),
      [
        [web.blue, 0],
        [web.green, 1],
      ],
    ],
  ])('leave those of %s at weight 0', (_, action, groups) => {
    const after = forwardTo([action], web, 'green')
    expect(groupsAfter(after)).toEqual(groups)
    expect(readActions(after, [web])).toEqual(color('green'))
    // Both at once are refused by AWS where they differ.
    expect(after[0]).not.toHaveProperty('TargetGroupArn')
  })

  it('keep the secret of a client, which AWS does not tell', () => {
    const [login] = forwardTo([oidc, alone(web.blue, 2)], web, 'green')
    expect(login).toEqual({
      ...oidc,
      AuthenticateOidcConfig: { ...oidc.AuthenticateOidcConfig, UseExistingClientSecret: true },
    })
  })

  it('are as they were with the idle group attached, but for its name', () => {
    const attached = attachIdle([alone(web.blue)], web, 'green')
    expect(groupsAfter(attached)).toEqual([
      [web.blue, 1],
      [web.green, 0],
    ])
    expect(readActions(attached, [web])).toEqual(color('blue'))
    expect(attachIdle(attached, web, 'green')).toEqual(attached)
  })
})

const arn = fc.constantFrom(web.blue, web.green, foreign)
const stickiness = fc.record(
  { Enabled: fc.boolean(), DurationSeconds: fc.integer({ min: 1, max: 604_800 }) },
  { requiredKeys: [] },
)
const forward = fc.record({
  Type: fc.constant('forward' as const),
  Order: fc.constant(9),
  ForwardConfig: fc.record(
    {
      TargetGroups: fc.uniqueArray(
        fc.record({ TargetGroupArn: arn, Weight: fc.integer({ min: 0, max: 999 }) }),
        { minLength: 1, selector: ({ TargetGroupArn }) => TargetGroupArn },
      ),
      TargetGroupStickinessConfig: stickiness,
    },
    { requiredKeys: ['TargetGroups'] },
  ),
})
const before = fc.constantFrom<readonly Action[]>(
  [],
  [oidc],
  [
    {
      Type: 'authenticate-cognito',
      Order: 2,
      AuthenticateCognitoConfig: { UserPoolArn: 'a', UserPoolClientId: 'b', UserPoolDomain: 'c' },
    },
  ],
)

/** Everything that is neither a weight nor a target group, nor what a request must say where an answer does not. */
const restOf = (actions: readonly Action[]) =>
  actions.map(({ TargetGroupArn: _, ForwardConfig, AuthenticateOidcConfig, ...rest }) => ({
    ...rest,
    stickiness: ForwardConfig?.TargetGroupStickinessConfig,
    oidc: AuthenticateOidcConfig && { ...AuthenticateOidcConfig, UseExistingClientSecret: true },
  }))

it('a move carries over all that is no weight and no target group, and ends on its color', () => {
  fc.assert(
    fc.property(before, forward, fc.constantFrom('blue', 'green'), (first, action, to) => {
      const actions = [...first, action]
      const after = forwardTo(actions, web, to)
      expect(restOf(after)).toEqual(restOf(actions))
      expect(readActions(after, [web])).toEqual(color(to))
      expect(forwardTo(after, web, to)).toEqual(after)
    }),
  )
})
