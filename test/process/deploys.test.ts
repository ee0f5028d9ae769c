import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { switchCommand } from '../bed/flag.ts'
import { errorsOf, openStreet, type Street } from './shop.ts'

describe.concurrent('a deployment, as its users and the page of its run see it', { timeout: 300_000 }, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(30)
  })
  afterAll(() => street[Symbol.asyncDispose]())

  test('the first goes to blue, and says that there is no way back', async () => {
    const shop = await street.open('nothing')
    const { main, post } = await shop.deploy({ version: 'v1' })
    expect(main).toMatchObject({
      code: 0,
      outputs: { result: 'deployed', 'active-color': 'blue', 'previous-color': '', switched: 'true' },
    })
    expect(main.summary).toContain('no automatic way back after this switch: it is the first deployment')
    expect(post.code).toBe(0)
    expect(await shop.answers()).toBe('blue v1')
  })

  test('the second goes to green; blue stays warm until the job is over, and is stopped then', async () => {
    const shop = await street.open('v1')
    const step = shop.step({ version: 'v2' })
    const main = await step.main()
    expect(main).toMatchObject({
      code: 0,
      outputs: { result: 'deployed', 'active-color': 'green', 'previous-version': 'v1', 'failed-phase': '' },
    })
    expect([shop.named(), await shop.answers()]).toEqual(['green', 'green v2'])
    expect(shop.app.presence('blue')).toBe('running')
    const post = await step.post('success')
    expect(post).toMatchObject({ code: 0, env: { BLUE_GREEN_RESULT: 'deployed' } })
    expect(shop.app.presence('blue')).toBe('stopped')
    expect(await shop.answers()).toBe('green v2')
  })

  test('a release that fails its health check never gets traffic, and is stopped', async () => {
    const shop = await street.open('v1')
    const { main, post } = await shop.deploy({ version: 'v2-bad', 'health-timeout': '1s' })
    expect(main).toMatchObject({
      code: 1,
      outputs: { result: 'failed', 'failed-phase': 'health', 'active-color': 'blue', switched: 'false' },
    })
    const [annotation, ...more] = errorsOf(main)
    expect(more).toEqual([])
    expect(annotation).toMatch(/503/)
    expect(annotation).toContain('Where traffic is now: Traffic is on blue.')
    expect(annotation).toContain('What to do next:')
    expect(post.code).toBe(0)
    expect(shop.app.served.filter((one) => one.public && one.version === 'v2-bad')).toEqual([])
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
  })

  test('a release that fails in public is taken back by main', async () => {
    const shop = await street.open('v1')
    const { main, post } = await shop.deploy({ version: 'v2-broken', 'health-timeout': '1s' })
    expect(main).toMatchObject({
      code: 1,
      outputs: {
        result: 'rolled-back',
        'failed-phase': 'verify',
        'active-color': 'blue',
        'rolled-back': 'true',
      },
    })
    expect(errorsOf(main)).toHaveLength(1)
    expect(main.summary).toContain('traffic is back on blue')
    expect([post.code, errorsOf(post)]).toEqual([0, []])
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
  })

  test('on-failure: keep leaves the failed color running for a look', async () => {
    const shop = await street.open('v1')
    const { main } = await shop.deploy({ version: 'v2-bad', 'health-timeout': '500ms', 'on-failure': 'keep' })
    expect(main.code).toBe(1)
    expect(errorsOf(main).join()).toContain('green is left running for a look')
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'running'])
  })

  test.each([
    ['keep', 'running'],
    ['remove', 'absent'],
  ] as const)('old-color: %s leaves the old color %s', async (oldColor, presence) => {
    const shop = await street.open('v1')
    const { main, post } = await shop.deploy({ 'old-color': oldColor })
    expect([main.code, post.code]).toEqual([0, 0])
    expect([await shop.answers(), shop.app.presence('blue')]).toEqual(['green v2', presence])
  })

  test('a later step that fails takes the release back, and the job still counts as failed', async () => {
    const shop = await street.open('v1')
    const job = shop.job()
    const main = await job.run(shop.uses())
    job.fail()
    const [post] = await job.end()
    expect(main?.code).toBe(0)
    expect(post).toMatchObject({ code: 0, status: 'failure' })
    expect(post?.summary).toContain('v2 was taken back')
    expect(job.env).toMatchObject({ BLUE_GREEN_RESULT: 'rolled-back' })
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
  })

  test.each([
    ['true', 'failure', 'blue v1'],
    ['true', 'cancelled', 'green v2'],
    ['failure-or-cancelled', 'cancelled', 'blue v1'],
    ['failure-or-cancelled', 'failure', 'blue v1'],
    ['false', 'failure', 'green v2'],
  ] as const)(
    'rollback-on-job-failure: %s, and the job is %s: users get %s',
    async (setting, status, answer) => {
      const shop = await street.open('v1')
      const { main, post } = await shop.deploy({ 'rollback-on-job-failure': setting }, status)
      expect([main.code, post.code]).toEqual([0, 0])
      expect(await shop.answers()).toBe(answer)
      expect(shop.app.presence(answer === 'blue v1' ? 'green' : 'blue')).toBe('stopped')
    },
  )

  test('with rollback-on-job-failure: false the old color is retired by main', async () => {
    const shop = await street.open('v1')
    const main = await shop.step({ 'rollback-on-job-failure': 'false' }).main()
    expect(main.code).toBe(0)
    expect([shop.app.presence('blue'), shop.document().operation?.state]).toEqual(['stopped', 'committed'])
  })

  test('no-rollback: a release that fails in public stays, loudly', async () => {
    const shop = await street.open('v1')
    const { main, post } = await shop.deploy({
      version: 'v2-broken',
      'no-rollback': 'true',
      'health-timeout': '1s',
    })
    expect(main).toMatchObject({
      code: 1,
      outputs: { result: 'rollback-failed', 'active-color': 'green', 'rolled-back': 'false' },
    })
    expect(errorsOf(main).join()).toContain('Or go back by hand:')
    expect(main.summary).toContain('`no-rollback` is set'.replaceAll('`', '&#96;'))
    expect(post.code).toBe(0)
    expect([shop.named(), shop.app.presence('green'), shop.app.presence('blue')]).toEqual([
      'green',
      'running',
      'running',
    ])
  })

  test('skip-health-check is loud', async () => {
    const shop = await street.open('v1')
    const { main } = await shop.deploy({ 'skip-health-check': 'true' })
    expect(main.code).toBe(0)
    const notices = main.commands.filter(({ name }) => name === 'notice').map(({ data }) => data)
    expect(notices.join()).toContain('Health checks were skipped')
    expect(main.summary).toContain('Health checks were skipped')
  })

  test('a color that runs another version than it was told gets no traffic', async () => {
    const shop = await street.open('v1')
    const { main } = await shop.deploy({
      'version-check': '{ path: /health, json: /version }',
      'health-timeout': '1s',
      commands: shop.commands({ deploy: `BLUE_GREEN_VERSION=v1\n${shop.app.commands.deploy}` }),
    })
    expect(main).toMatchObject({ code: 1, outputs: { 'failed-phase': 'health' } })
    expect(errorsOf(main).join()).toMatch(/v2/)
    expect(await shop.answers()).toBe('blue v1')
  })

  test('a color that turns into another version at the switch is noticed in public, and taken back', async () => {
    const shop = await street.open('v1')
    const { main } = await shop.deploy({
      'version-check': '{ path: /version, body: true }',
      'health-timeout': '1s',
      commands: shop.commands({
        switch: `(BLUE_GREEN_VERSION=v0\n${shop.app.commands.deploy})\n${switchCommand(shop.app.stateDirectory)}`,
      }),
    })
    expect(main).toMatchObject({ code: 1, outputs: { result: 'rolled-back', 'failed-phase': 'verify' } })
    expect(errorsOf(main).join()).toContain('v0')
    expect(shop.named()).toBe('blue')
  })

  test('a failing command ends the step with its exit code and its last words', async () => {
    const shop = await street.open('v1')
    const deploy = 'echo "no space for the image" >&2; exit 7'
    const { main, post } = await shop.deploy({ commands: shop.commands({ deploy }) })
    expect(main).toMatchObject({ code: 1, outputs: { 'failed-phase': 'deploy-inactive', result: 'failed' } })
    expect(errorsOf(main).join()).toMatch(/exit code 7[\s\S]*no space for the image/)
    expect([post.code, await shop.answers()]).toEqual([0, 'blue v1'])
  })

  test('requests before and after the switch are counted in the summary and the outputs', async () => {
    const shop = await street.open('v1')
    const { main } = await shop.deploy({ bake: '4s', 'sample-rate': '100/s', 'identity-header': 'X-Color' })
    expect(main.outputs['requests-failed']).toBe('0')
    expect(Number(main.outputs['requests-sent'])).toBeGreaterThan(50)
    expect(main.summary).toMatch(/0 failed of \d+ sent/)
    expect(main.summary).toMatch(/answered by .*green/)
  })

  test('two apps in one job: each post closes its own, the last one first', async () => {
    const [web, worker] = [await street.open('v1'), await street.open('v1')]
    const job = web.job()
    await job.run(web.uses({}, { name: 'web' }))
    await job.run(worker.uses({ app: 'worker' }, { name: 'worker' }))
    job.fail()
    const posts = await job.end()
    expect(posts.map(({ step, code }) => [step, code])).toEqual([
      ['worker', 0],
      ['web', 0],
    ])
    expect([await web.answers(), await worker.answers()]).toEqual(['blue v1', 'blue v1'])
  })

  test('the same app twice in one job: the second commits the first, and a failure goes back to it', async () => {
    const shop = await street.open('v1')
    const job = shop.job()
    const first = await job.run(shop.uses({ version: 'v2' }))
    const second = await job.run(shop.uses({ version: 'v3' }))
    expect([first?.code, second?.code]).toEqual([0, 0])
    expect(await shop.answers()).toBe('blue v3')
    job.fail()
    const posts = await job.end()
    expect(posts.map(({ code }) => code)).toEqual([0, 0])
    expect(await shop.answers()).toBe('green v2')
    expect(shop.app.presence('green')).toBe('running')
  })

  test('without the files of the runner a deployment works, and prints none of what belongs there', async () => {
    const shop = await street.open('v1')
    const preload = join(shop.app.folder, 'bare.mjs')
    writeFileSync(
      preload,
      `for (const name of ['STATE', 'OUTPUT', 'ENV', 'PATH', 'STEP_SUMMARY']) delete process.env['GITHUB_' + name]`,
    )
    const { main, post } = await shop.deploy({}, 'success', { env: { NODE_OPTIONS: `--import=${preload}` } })
    expect([main.code, post.code]).toEqual([0, 0])
    const names = main.commands.map(({ name }) => name)
    expect(names.filter((name) => !['add-mask', 'group', 'endgroup'].includes(name))).toEqual([])
    expect(post.log).toContain('nothing to do')
    expect([await shop.answers(), shop.app.presence('blue')]).toEqual(['green v2', 'running'])
  })
})
