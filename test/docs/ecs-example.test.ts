/** examples/ecs as it stands. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import { startLoad } from '../bed/load.ts'
import { notPermitted } from '../ecs/permitted.ts'
import { toldAt } from '../process/jobs.ts'
import { findProgram, lacks } from '../programs.ts'
import { openAccount } from './account.ts'
import { inputsIn } from './job.ts'

const folder = join(import.meta.dirname, '../../examples/ecs')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const config = parse(read('blue-green.yml'))
const policy = JSON.parse(read('policy.json'))
const deploy = inputsIn(parse(read('deploy.yml')))
const [header = ''] = Object.keys(config['test-headers'])

/** A repository whose smoke test asks as the workflow tells it to, and knows whom it wants to hear. */
const smokeTest = {
  'package.json': JSON.stringify({ type: 'module', scripts: { 'test:smoke': 'node smoke-test.js' } }),
  'smoke-test.js': `const [, color, , url] = process.argv.slice(2)
const answer = await fetch(url, { headers: { '${header}': color } })
process.exit(answer.headers.get('x-color') === color ? 0 : 1)
`,
}

describe.skipIf(lacks(...labPrograms, 'npm'))('the example for ECS', { timeout: 300_000 }, () => {
  it('deploys twice and rolls back with no more permissions than its policy, and users lose nothing', async () => {
    await using account = await openAccount(
      { counts: { blue: 2, green: 0 }, weights: true, colorRules: true },
      { listener: config['listener-arn'], image: `${deploy.image}`, header },
    )
    const { shop, desired } = account
    for (const version of ['v2', 'v3']) await shop.publish(version)
    const run = (workflow: string, version: string) =>
      account.runJob({
        version,
        inputs: inputsIn(parse(read(workflow))),
        expressions: { 'inputs.reason': 'a drill', 'inputs.version': '', 'inputs.mode': 'rollback' },
        files: { '.github/blue-green.yml': read('blue-green.yml'), ...smokeTest },
      })
    await using users = startLoad({ url: shop.url, keepAlive: 2, fresh: 1, think: { min: 10, max: 30 } })

    for (const [version, color, tasks] of [
      ['v2', 'green', [0, 2]],
      ['v3', 'blue', [2, 0]],
    ] as const) {
      const { main, log } = await run('deploy.yml', version)
      expect(main.outputs, log).toMatchObject({ result: 'deployed', 'active-color': color })
      expect([await toldAt(shop.url), await desired()]).toEqual([`${color} ${version}`, tasks])
      expect(main.summary).toMatch(/answered by <code>(blue|green)<\/code>/)
    }
    const back = await run('rollback.yml', 'v3')
    expect(back.main.outputs, back.log).toMatchObject({ result: 'rolled-back', version: 'v2' })
    expect([await toldAt(shop.url), await desired()]).toEqual(['green v2', [0, 2]])
    const { lost, answers } = await users.stop()
    expect(lost).toEqual([])
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['v1', 'v2', 'v3']))
    expect(notPermitted(await shop.calls(), policy)).toEqual([])
  })
})

/** An expression of one name is that name, and the key of what there is for each color is the color. */
const named = (_: string, value: unknown): unknown =>
  typeof value === 'string'
    ? value.replaceAll(/\$\{each\.key\}/g, '{color}').replace(/^\$\{([\w.]+)\}$/, '$1')
    : value

async function terraformIn(name: string) {
  const program = findProgram('hcl2json')
  if (program === null) return {}
  const { stdout } = await promisify(execFile)(program, [join(folder, name)])
  return JSON.parse(stdout, named)
}

describe.skipIf(lacks('hcl2json'))('main.tf', async () => {
  const { resource, output, provider, module } = await terraformIn('main.tf')
  const one = (type: string, name: string) => resource[type][name][0]
  const [, , , region, account] = config['listener-arn'].split(':')

  it('names what the settings name', () => {
    expect(one('aws_ecs_cluster', 'shop').name).toBe(config.cluster)
    expect(one('aws_ecs_service', 'shop').name).toBe(`${config.app}-{color}`)
    expect(one('aws_lb', 'shop').name).toBe(config['listener-arn'].split('/')[2])
    expect(provider.aws[0].region).toBe(region)
    expect(output.listener_arn[0].value).toBe('aws_lb_listener.https.arn')
  })

  it('leads whoever sends the header of the settings to the color it names', () => {
    const [{ http_header: headers }] = one('aws_lb_listener_rule', 'color').condition
    expect(headers).toEqual([{ http_header_name: header, values: [config['test-headers'][header]] }])
  })

  it('leaves to the action what the action changes', () => {
    const ignored = (type: string, name: string) => one(type, name).lifecycle[0].ignore_changes
    expect(ignored('aws_ecs_service', 'shop')).toEqual(['task_definition', 'desired_count'])
    expect(ignored('aws_lb_listener', 'https')).toEqual(['default_action'])
  })

  it('has the roles that the workflows take, and all that the policy names', () => {
    const role = (name: string) => `:role/${one('aws_iam_role', name).name}`
    const taken = ['deploy.yml', 'rollback.yml'].flatMap((name) => read(name).match(/role-to-assume: .*/g))
    expect(new Set(taken)).toEqual(
      new Set(['build', 'deploy'].map((name) => `role-to-assume: arn:aws:iam::${account}${role(name)}`)),
    )
    const resources = JSON.stringify(policy)
    const family = one('aws_ecs_task_definition', 'shop').family
    for (const name of [
      role('task'),
      role('execution'),
      `:repository/${one('aws_ecr_repository', 'shop').name}`,
      ...['blue', 'green'].map((color) => `:task-definition/${family.replace('{color}', color)}:*`),
    ])
      expect(resources).toContain(`${name}"`)
  })

  it('gives the module of the alarms what it asks for', async () => {
    const [{ source, ...given }] = module.alarms
    const { variable } = await terraformIn(join(source, 'main.tf'))
    const asked = Object.entries<readonly object[]>(variable).filter(
      ([, [one]]) => !('default' in (one ?? {})),
    )
    expect(asked.map(([name]) => name).toSorted()).toEqual(Object.keys(given).toSorted())
  })

  it('lets in the environment that the workflows run in', () => {
    const jobs = Object.values({ ...parse(read('deploy.yml')).jobs, ...parse(read('rollback.yml')).jobs })
    const environments = jobs.flatMap((job) => {
      const { environment } = job as { readonly environment?: { readonly name: string } }
      return environment?.name ?? []
    })
    const [{ Condition, Principal }] = JSON.parse(read('trust-policy.json')).Statement
    const subject = Condition.StringEquals['token.actions.githubusercontent.com:sub']
    expect(new Set(environments.map((name) => `repo:acme/shop:environment:${name}`))).toEqual(
      new Set([subject]),
    )
    expect(Principal.Federated).toContain(`:${account}:`)
    expect(one('aws_iam_role', 'deploy').assume_role_policy).toContain('trust-policy.json')
    expect(one('aws_iam_role', 'build').assume_role_policy).toContain('"environment:production"')
  })
})
