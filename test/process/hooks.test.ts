import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTimeOf } from '../../src/github/main-process.ts'
import { hookNames } from '../../src/targets/intent.ts'
import { errorsOf, type Inputs, openStreet, type Shop, type Street, warningsOf } from './shop.ts'

const logOf = ({ app }: Shop) => join(app.folder, 'hooks.log')
const linesOf = (shop: Shop): readonly string[] =>
  existsSync(logOf(shop)) ? readFileSync(logOf(shop), 'utf8').trim().split('\n') : []

const variables = ['APP', 'COLOR', 'PREVIOUS_COLOR', 'VERSION', 'IMAGE', 'PHASE', 'RUN_ID', 'URL']

/** Each hook appends its name, and what it was told, to one file. */
const note = (shop: Shop, name: string): string =>
  `echo "${name} ${variables.map((variable) => `$BLUE_GREEN_${variable}`).join('|')}" >>'${logOf(shop)}'`

const allHooks = (shop: Shop, where: 'runner' | 'target', changes: Inputs = {}): Inputs =>
  Object.fromEntries(
    hookNames.map((name) => [
      name,
      JSON.stringify({ run: `${note(shop, name)}\n${changes[name] ?? ''}`, where }),
    ]),
  )

const namesIn = (shop: Shop) => linesOf(shop).map((line) => line.split(' ')[0])

describe.concurrent("the user's commands at named points", { timeout: 300_000 }, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(30)
  })
  afterAll(() => street[Symbol.asyncDispose]())

  test.each(['runner', 'target'] as const)(
    'they run in order on the %s, and know what goes on',
    async (where) => {
      const shop = await street.open('v1')
      const image = 'registry.example/shop@sha256:0f'
      const { main, post } = await shop.deploy({ ...allHooks(shop, where), image })
      expect([main.code, post.code]).toEqual([0, 0])
      const told = (phase: string) => `app|green|blue|v2|${image}|${phase}|4711|${shop.app.colorUrl.green}`
      expect(linesOf(shop)).toEqual([
        `before-deploy ${told('deploy-inactive')}`,
        `migrate ${told('deploy-inactive')}`,
        `smoke-test ${told('health')}`,
        `before-switch ${told('switch')}`,
        `after-switch ${told('verify')}`,
        `after-cleanup ${told('cleanup')}`,
      ])
    },
  )

  test('a hook has its own environment, several run one after the other, and the first that fails ends them', async () => {
    const shop = await street.open('v1')
    const log = logOf(shop)
    const { main } = await shop.deploy({
      'smoke-test': JSON.stringify([
        { run: `echo "first $WHO" >>'${log}'`, env: { WHO: 'me' } },
        `echo "second \${WHO-nobody}" >>'${log}'; exit 3`,
        `echo third >>'${log}'`,
      ]),
    })
    expect(main).toMatchObject({ code: 1, outputs: { 'failed-phase': 'health' } })
    expect(errorsOf(main).join()).toContain('exit code 3')
    expect(linesOf(shop)).toEqual(['first me', 'second nobody'])
  })

  test.each([
    ['before-deploy', 'deploy-inactive', 'failed'],
    ['migrate', 'deploy-inactive', 'failed'],
    ['smoke-test', 'health', 'failed'],
    ['before-switch', 'switch', 'failed'],
    ['after-switch', 'verify', 'rolled-back'],
  ] as const)('%s that fails: phase %s failed, the run ends as %s', async (name, phase, result) => {
    const shop = await street.open('v1')
    const hooks = allHooks(shop, 'runner', { [name]: 'echo "sorry" >&2; exit 9' })
    const { main, post } = await shop.deploy(hooks)
    expect(main).toMatchObject({
      code: 1,
      outputs: { result, 'failed-phase': phase, 'active-color': 'blue' },
    })
    expect(errorsOf(main).join()).toMatch(/exit code 9[\s\S]*sorry/)
    expect(post.code).toBe(0)
    expect(await shop.answers()).toBe('blue v1')
    const ran = hookNames.slice(0, hookNames.indexOf(name) + 1)
    expect(namesIn(shop)).toEqual(result === 'rolled-back' ? [...ran, 'on-rollback'] : ran)
  })

  test.each([
    ['after-cleanup', { version: 'v2' }, 'green v2'],
    ['on-rollback', { version: 'v2-broken', 'health-timeout': '1s' }, 'blue v1'],
  ] as const)('%s that fails is a warning', async (name, inputs, answer) => {
    const shop = await street.open('v1')
    const { main, post } = await shop.deploy({ ...inputs, ...allHooks(shop, 'runner', { [name]: 'exit 9' }) })
    expect([...warningsOf(main), ...warningsOf(post)].join()).toContain(`${name} failed`)
    expect(post.code).toBe(0)
    expect(await shop.answers()).toBe(answer)
  })

  test('on-rollback runs once, though main and post both see to the way back', async () => {
    const shop = await street.open('v1')
    const step = shop.step({ ...allHooks(shop, 'runner'), version: 'v2-broken', 'health-timeout': '1s' })
    await step.main()
    await step.post('failure')
    expect(namesIn(shop).filter((name) => name === 'on-rollback')).toHaveLength(1)
  })

  test('a hook that outlives its timeout is ended with everything it started', async () => {
    const shop = await street.open('v1')
    const run = `sleep 300 & echo $! >>'${logOf(shop)}'; sleep 300`
    const { main } = await shop.deploy({ 'smoke-test': JSON.stringify({ run, timeout: '1s' }) })
    expect(errorsOf(main).join()).toContain('did not end within 1 s')
    expect(startTimeOf(Number(linesOf(shop)[0]))).toBeNull()
  })

  test('a migration that was cut short is not run again unasked', async () => {
    const shop = await street.open('v1')
    const step = shop.step({ migrate: `echo begun >>'${logOf(shop)}'; echo migrating; sleep 300` })
    await step.until('migrating')
    await step.kill()
    const post = await step.post('failure')
    expect([post.code, await shop.answers()]).toEqual([0, 'blue v1'])

    const again = { version: 'v3', migrate: `echo again >>'${logOf(shop)}'` }
    const refused = await shop.deploy(again)
    expect(refused.main.code).toBe(1)
    expect(errorsOf(refused.main).join()).toMatch(/migration of v2[\s\S]*`migrate-rerun: true`/)
    expect([linesOf(shop), shop.app.presence('green')]).toEqual([['begun'], 'stopped'])

    const { main } = await shop.deploy({ ...again, 'migrate-rerun': 'true' })
    expect([main.code, linesOf(shop), await shop.answers()]).toEqual([0, ['begun', 'again'], 'green v3'])
  })
})
