import { execFileSync } from 'node:child_process'
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import { describe, expect, it } from 'vitest'
import { type GroupPair, readActions } from '../../../../src/targets/ecs/router/forward.ts'
import {
  commandFor,
  pairsBehind,
  requestFor,
  see,
  trafficOf,
} from '../../../../src/targets/ecs/router/traffic.ts'
import type { Route } from '../../../../src/targets/ecs/settings.ts'
import { listenerArn, ruleArn } from '../../../settings/reading.ts'
import { plainService } from '../plain-settings.ts'
import { alone, api, foreign, oidc, web, weighted } from './actions.ts'

const listener: Route = { kind: 'listener', arn: listenerArn }
const rule: Route = { kind: 'rule', arn: ruleArn }
const seen = (route: Route, action: Action, pairs: readonly GroupPair[] = [web]) =>
  see(route, [action], pairs)

/** The words as a shell hands them on, with a program in place of `aws`. */
const wordsOf = (command: string): readonly string[] =>
  execFileSync('sh', ['-c', `aws() { printf '%s\\0' "$@"; }; ${command}`])
    .toString()
    .split('\0')
    .slice(0, -1)

describe('traffic', () => {
  it('is of one color where all listeners and rules agree', () => {
    const all = [
      seen(listener, alone(web.green)),
      seen(rule, weighted({ [api.blue]: 0, [api.green]: 1 }), [api]),
    ]
    expect(trafficOf(all)).toEqual({ kind: 'color', color: 'green' })
  })

  it('is mixed where they do not, with the commands for each choice', () => {
    const traffic = trafficOf([seen(listener, alone(web.green)), seen(rule, alone(api.blue), [api])])
    expect(traffic).toMatchObject({
      kind: 'mixed',
      detail: `listener ${listenerArn} forwards to green, rule ${ruleArn} forwards to blue`,
    })
    const repair = traffic.kind === 'mixed' ? traffic.repair : []
    expect(repair.map((line) => line.split(' ').slice(0, 6).join(' '))).toEqual([
      '# to put traffic on blue:',
      'aws elbv2 modify-listener --region eu-central-1 --listener-arn',
      '# to put traffic on green:',
      'aws elbv2 modify-rule --region eu-central-1 --rule-arn',
    ])
  })

  it('is mixed where one forwards to both colors', () => {
    const traffic = trafficOf([seen(listener, weighted({ [web.blue]: 90, [web.green]: 10 }))])
    expect(traffic).toMatchObject({
      kind: 'mixed',
      detail: expect.stringContaining('blue with weight 90 and green with weight 10'),
    })
  })

  it.each<[string, Action, RegExp]>([
    [
      'a group of neither color',
      alone(foreign),
      /forwards to \S+maintenance\S+, and not to the target group/,
    ],
    [
      'no group with a weight',
      weighted({ [web.blue]: 0 }),
      /forwards to no target group with a weight above 0/,
    ],
  ])('is unknown with %s, and can be put on either color', (_, action, detail) => {
    const traffic = trafficOf([seen(listener, action)])
    expect(traffic).toMatchObject({ kind: 'unknown', detail: expect.stringMatching(detail) })
    const repair = traffic.kind === 'unknown' ? traffic.repair : []
    expect(repair.filter((line) => line.includes('modify-listener'))).toHaveLength(2)
  })

  it('is unknown where nothing is forwarded, and no command is thought up', () => {
    const action: Action = { Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301' } }
    expect(trafficOf([seen(listener, alone(web.blue)), seen(rule, action)])).toEqual({
      kind: 'unknown',
      detail: `rule ${ruleArn} forwards to no target group: its action is redirect`,
      repair: [`aws elbv2 describe-rules --region eu-central-1 --rule-arns ${ruleArn}`],
    })
  })

  it('is put on a color by the commands it names', () => {
    for (const action of [weighted({ [web.blue]: 50, [web.green]: 50 }), alone(foreign)]) {
      const traffic = trafficOf([see(listener, [oidc, { ...action, Order: 2 }], [web])])
      const repair = traffic.kind === 'mixed' || traffic.kind === 'unknown' ? traffic.repair : []
      const [toBlue, toGreen] = repair
        .filter((line) => !line.startsWith('#'))
        .map((line) => readActions(JSON.parse(wordsOf(line).at(-1) ?? ''), [web]))
      expect([toBlue, toGreen]).toMatchObject([{ color: 'blue' }, { color: 'green' }])
    }
  })
})

describe('a command', () => {
  it('says what the request says', () => {
    const actions = [oidc, weighted({ [web.blue]: 0, [web.green]: 1 }, 2)]
    for (const route of [listener, rule]) {
      const [service, command, ...words] = wordsOf(commandFor(requestFor(route, actions)))
      expect([service, command]).toEqual(['elbv2', `modify-${route.kind}`])
      expect(words.slice(0, -1)).toEqual([
        '--region',
        'eu-central-1',
        `--${route.kind}-arn`,
        route.arn,
        route.kind === 'listener' ? '--default-actions' : '--actions',
      ])
      expect(JSON.parse(words.at(-1) ?? '')).toEqual(actions)
    }
  })
})

describe('the target groups behind a listener', () => {
  const service = (name: string, routes: readonly Route[] = []) => ({ ...plainService, name, routes })

  it('are those of the services that name it', () => {
    const services = [service('web'), service('api', [rule])]
    expect(pairsBehind(rule, services, [web, api])).toEqual([api])
    expect(pairsBehind(listener, services, [web, api])).toEqual([web])
  })

  it('are all where none is named', () => {
    expect(pairsBehind(listener, [service('web'), service('api')], [web, api])).toEqual([web, api])
  })
})
