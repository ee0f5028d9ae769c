import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { calls } from '../../../../src/aws/calls.ts'
import { policyFor, policyText, type Uses } from '../../../../src/targets/ecs/preflight/policy.ts'
import type { EcsSettings } from '../../../../src/targets/ecs/settings.ts'
import { listenerArn, ruleArn } from '../../../settings/reading.ts'
import { plainService, plainSettings } from '../plain-settings.ts'

const [, , , region, account] = listenerArn.split(':')
const role = `arn:aws:iam::${account}:role/shop-task`
const image = `${account}.dkr.ecr.${region}.amazonaws.com/team/shop:2`
const uses: Uses = { families: ['shop'], roles: [role], images: [image], alarms: true }
const rule = { kind: 'rule', arn: ruleArn } as const
const all = policyFor({ ...plainSettings, routes: [...plainSettings.routes, rule] }, uses)

const resourcesOf = (action: string, settings: EcsSettings = plainSettings, given: Uses = uses) =>
  policyFor(settings, given).Statement.flatMap(({ Action, Resource }) =>
    Action.some((one) => one === action) ? Resource : [],
  )
const ecs = (name: string) => `arn:aws:ecs:${region}:${account}:${name}`

/** Whose text is in the folders that ask AWS for ECS, and for alarms, which any target may name. */
const asked = (() => {
  const folder = join(import.meta.dirname, '../../../../src/targets/ecs')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const text = files
    .filter((name) => name.endsWith('.ts') && !name.endsWith('policy.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
  return [...Object.keys(calls).filter((action) => text.includes(`'${action}'`)), 'cloudwatch:DescribeAlarms']
})()

describe('the policy', () => {
  it('has every action that is asked for, and no other', () => {
    // Nobody can be denied to learn who he is.
    const needed = asked.filter((action) => action !== 'sts:GetCallerIdentity')
    const allowed = all.Statement.flatMap(({ Action }) => Action)
    expect(allowed.toSorted()).toEqual([...needed, 'iam:PassRole', 'ecs:TagResource'].toSorted())
  })

  it('changes nothing but what is named', () => {
    const lock = `arn:aws:ssm:${region}:${account}:parameter/blue-green/shop`
    expect(resourcesOf('ecs:UpdateService')).toEqual([
      ecs('service/default/shop-blue'),
      ecs('service/default/shop-green'),
    ])
    expect(resourcesOf('ecs:RegisterTaskDefinition')).toEqual([ecs('task-definition/shop:*')])
    expect(resourcesOf('elasticloadbalancing:ModifyListener')).toEqual([listenerArn])
    expect(resourcesOf('elasticloadbalancing:ModifyRule')).toEqual([])
    expect(resourcesOf('ssm:PutParameter')).toEqual([`${lock}/*`])
    expect(resourcesOf('ssm:DeleteParameters')).toEqual([`${lock}/*`])
    expect(resourcesOf('ssm:GetParametersByPath')).toEqual([lock])
    expect(resourcesOf('iam:PassRole')).toEqual([role])
  })

  it('gives roles to tasks alone, and tags to revisions alone', () => {
    const conditions = all.Statement.flatMap(({ Action, Condition }) =>
      Action.map((action) => [action, Condition] as const),
    )
    expect(Object.fromEntries(conditions)).toMatchObject({
      'iam:PassRole': { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      'ecs:TagResource': { StringEquals: { 'ecs:CreateAction': 'RegisterTaskDefinition' } },
      'ecs:ListTasks': { ArnEquals: { 'ecs:cluster': ecs('cluster/default') } },
    })
  })

  it.each<[string, Partial<EcsSettings>, Partial<Uses>, string, readonly string[]]>([
    ['a rule', { routes: [rule] }, {}, 'elasticloadbalancing:ModifyRule', [ruleArn]],
    ['no alarms', {}, { alarms: false }, 'cloudwatch:DescribeAlarms', []],
    ['no role', {}, { roles: [] }, 'iam:PassRole', []],
    [
      'an image in ECR',
      {},
      {},
      'ecr:DescribeImages',
      [`arn:aws:ecr:${region}:${account}:repository/team/shop`],
    ],
    ['an image elsewhere', {}, { images: ['ghcr.io/acme/shop:2'] }, 'ecr:DescribeImages', []],
    ['the ARN of a cluster', { cluster: ecs('cluster/live') }, {}, 'ecs:DescribeTasks', [ecs('task/live/*')]],
    [
      'several services',
      { services: [plainService, { ...plainService, ecsService: { blue: 'a', green: 'b' } }] },
      {},
      'ecs:DescribeServices',
      ['shop-blue', 'shop-green', 'a', 'b'].map((name) => ecs(`service/default/${name}`)),
    ],
  ])('%s', (_, settings, given, action, resources) => {
    expect(resourcesOf(action, { ...plainSettings, ...settings }, { ...uses, ...given })).toEqual(resources)
  })

  it('is JSON as IAM takes it', () => {
    const { Version, Statement } = JSON.parse(policyText(all))
    expect(Version).toBe('2012-10-17')
    expect(new Set(Statement.map(({ Sid }: { Sid: string }) => Sid)).size).toBe(Statement.length)
    for (const { Sid, Action, Resource } of Statement) {
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/)
      expect(Action.length * Resource.length).toBeGreaterThan(0)
    }
  })
})
