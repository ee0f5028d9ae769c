/** The page on ECS: its quick start in the lab, and what it shows of other files. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { manualLines } from '../../src/targets/ecs/router/manual.ts'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import type { Shop } from '../bed/aws/shop.ts'
import { temporaryFolder } from '../bed/folder.ts'
import { startLoad } from '../bed/load.ts'
import { notPermitted } from '../ecs/permitted.ts'
import { typed } from '../ecs/typing.ts'
import { toldAt } from '../process/jobs.ts'
import { findProgram, lacks } from '../programs.ts'
import { settingsOf } from '../settings/reading.ts'
import { openAccount } from './account.ts'

const root = join(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(join(root, name), 'utf8')
const page = read('docs/targets/ecs.md')
const blockOf = (language: string, holding: string): string =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))]
    .map(([, text = '']) => text)
    .find((text) => text.includes(holding)) ?? ''

interface Step {
  readonly uses: string
  readonly with: Readonly<Record<string, unknown>>
}
/** What the step of ours is given. */
const stepIn = (text: string): Readonly<Record<string, string>> => {
  const given = (parse(text) as readonly Step[]).find(({ uses }) => uses.startsWith('org/'))?.with ?? {}
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, `${value}`]))
}
const step = stepIn(blockOf('yaml', 'uses: org/'))

describe.skipIf(lacks(...labPrograms))('the quick start for ECS', { timeout: 300_000 }, () => {
  it('deploys twice with no more permissions than its policy, and users lose nothing', async () => {
    const named = { listener: step['listener-arn'] ?? '', image: step.image ?? '' }
    await using account = await openAccount({ counts: { blue: 2, green: 0 } }, named)
    const { shop, desired } = account
    for (const version of ['v2', 'v3']) await shop.publish(version)
    await using users = startLoad({ url: shop.url, keepAlive: 2, fresh: 1, think: { min: 10, max: 30 } })
    for (const [version, color, tasks] of [
      ['v2', 'green', [0, 2]],
      ['v3', 'blue', [2, 0]],
    ] as const) {
      const { main, log } = await account.runJob({ version, inputs: step })
      expect(main.outputs, log).toMatchObject({ result: 'deployed', 'active-color': color })
      expect(await desired()).toEqual(tasks)
      expect(main.log).toContain('confirmed by configuration')
    }
    expect((await users.stop()).lost).toEqual([])
    expect(notPermitted(await shop.calls(), JSON.parse(blockOf('json', '"Statement"')))).toEqual([])
  })
})

describe.skipIf(lacks(...labPrograms))('an app that has one service', { timeout: 300_000 }, () => {
  it('is given a second one as the page says, is deployed to, and users notice nothing', async () => {
    const named = { listener: step['listener-arn'] ?? '', image: step.image ?? '' }
    await using account = await openAccount({ counts: { blue: 2, green: 0 } }, named)
    const { shop } = account
    await shop.publish('v2')
    await using users = startLoad({ url: shop.url, keepAlive: 2, fresh: 1, think: { min: 10, max: 30 } })
    const second = `${shop.name}-two`
    const text = blockOf('sh', 'create-service')
      .replaceAll('eu-central-1', shop.environment.AWS_REGION ?? '')
      .replace(/^listener=.*$/m, `listener=${shop.listenerArn}`)
      .replaceAll('--cluster shop ', `--cluster ${shop.cluster} `)
      .replaceAll('--services shop ', `--services ${shop.services.blue} `)
      .replaceAll('name shop-green', `name ${second}`)
    await typed(shop, text)
    const { main, log } = await account.runJob({
      version: 'v2',
      inputs: { ...step, 'ecs-attach': 'false' },
      instead: { 'ecs-service': JSON.stringify({ blue: shop.services.blue, green: second }) },
    })
    expect(main.outputs, log).toMatchObject({ result: 'deployed', 'active-color': 'green' })
    expect((await fetch(shop.url)).status).toBe(200)
    expect((await shop.describe('green', second)).runningCount).toBe(2)
    expect((await users.stop()).lost).toEqual([])
  })
})

/** `migrate`, for another shop and to do something else. */
const migrateOf = ({ cluster, name }: Shop, command: readonly string[]): string =>
  JSON.stringify(
    parse(
      blockOf('yaml', 'run-task')
        .replaceAll('--cluster shop ', `--cluster ${cluster} `)
        .replaceAll('"shop-$', `"${name}-$`)
        .replace('"name":"shop"', '"name":"app"')
        .replace('`shop`', '`app`')
        .replace('["npm","run","migrate"]', JSON.stringify(command)),
    ).migrate,
  )

describe.skipIf(lacks(...labPrograms))('a migration by a task of its own', { timeout: 300_000 }, () => {
  it('is done before the switch, and one that fails keeps users where they are', async () => {
    const named = { listener: step['listener-arn'] ?? '', image: step.image ?? '' }
    await using account = await openAccount({ counts: { blue: 1, green: 0 } }, named)
    const { shop } = account
    for (const version of ['v2', 'v3']) await shop.publish(version)
    await using folder = await temporaryFolder()
    const done = join(folder.path, 'done')
    const deploy = (version: string, command: string) =>
      account.runJob({ version, inputs: { ...step, migrate: migrateOf(shop, ['sh', '-c', command]) } })

    const good = await deploy('v2', `echo $COLOR $VERSION >> ${done}`)
    expect(good.main.outputs, good.log).toMatchObject({ result: 'deployed', 'active-color': 'green' })
    expect(readFileSync(done, 'utf8')).toMatch(/v2/)
    const bad = await deploy('v3', `echo $COLOR $VERSION >> ${done}; exit 3`)
    expect(bad.main.outputs, bad.log).toMatchObject({ result: 'failed', 'active-color': 'green' })
    expect(await toldAt(shop.url)).toBe('green v2')
    expect(readFileSync(done, 'utf8').trim().split('\n')).toHaveLength(2)
    const { Statement } = JSON.parse(blockOf('json', '"Statement"'))
    const withTask = { Statement: [...Statement, { Action: 'RunTask' }] }
    expect(notPermitted(await shop.calls(), withTask)).toEqual([])
  })
})

it('the README has the same quick start', () => {
  const [, block = ''] =
    /### Quick start on ECS[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(read('README.md')) ?? []
  expect(stepIn(block)).toEqual(step)
})

it.skipIf(lacks('hcl2json'))('the page leaves to the action what the example leaves to it', () => {
  const ignored = (input: string) => {
    const text = execFileSync(findProgram('hcl2json') ?? '', { input, encoding: 'utf8' })
    const { resource } = JSON.parse(text)
    return ['aws_ecs_service', 'aws_lb_listener'].map(
      (type) => Object.values<readonly { lifecycle: unknown }[]>(resource[type])[0]?.[0]?.lifecycle,
    )
  }
  expect(ignored(blockOf('hcl', 'ignore_changes'))).toEqual(ignored(read('examples/ecs/main.tf')))
})

it('the page goes back by hand as a summary does', () => {
  const settings = settingsOf({ ...step, image: 'shop:2' })
  if (settings.target !== 'ecs') throw new Error('The quick start is for another target.')
  const lines = manualLines(settings.ecs, { seen: null, services: null }, 'blue')
  const shown = blockOf('sh', 'services-stable').trim().split('\n')
  const alike = (line: string) => line.replace(/--desired-count \d+/, '').replace(/(--listener-arn) .*/, '$1')
  expect(shown.map(alike)).toEqual(lines.map(alike))
})
