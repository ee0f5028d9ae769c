import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTimeOf } from '../../src/github/main-process.ts'
import { bundles, errorsOf, openStreet, type Shop, type Street } from './shop.ts'

/** A command that says where it is, keeps the number of a process it starts, and does not end. */
const hang = (shop: Shop) => `sleep 300 & echo $! >'${pidFile(shop)}'; echo now; wait`
const pidFile = ({ app }: Shop) => join(app.folder, 'pid')
const pidOf = (shop: Shop) => Number(readFileSync(pidFile(shop), 'utf8'))
/** One that has ended and that nobody waits for still stands in /proc. */
const runs = (pid: number): boolean => startTimeOf(pid) !== null

describe.concurrent('a run that is cut short', { timeout: 300_000 }, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(30)
  })
  afterAll(() => street[Symbol.asyncDispose]())

  test('main that is killed before it saved anything makes post do nothing', async () => {
    const shop = await street.open('v1')
    const step = shop.step()
    const main = await step.kill()
    expect(main.state).toEqual({})
    const post = await step.post('failure')
    expect(post).toMatchObject({ code: 0, summary: '' })
    expect(post.log).toContain('nothing to do')
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'absent'])
  })

  test('under continue-on-error the job looks fine: post goes back all the same, and fails the job', async () => {
    const shop = await street.open('v1')
    const job = shop.job()
    const step = job.start(shop.uses({ 'after-switch': 'echo now; sleep 300' }, { continueOnError: true }))
    await step?.until('now')
    expect(await shop.answers()).toBe('green v2')
    await step?.kill()
    expect(job.status).toBe('success')
    const [post] = await job.end()
    expect(post).toMatchObject({ code: 1, status: 'success' })
    const said = post && errorsOf(post).join()
    expect(said).toContain('v2 failed after the switch; traffic is back on blue.')
    expect(said).toContain('ended before its release was verified')
    expect(said).toContain('Fix what failed, then deploy again.')
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
  })

  test.each([
    ['before the switch', 'smoke-test', 'blue v1'],
    ['after the switch', 'after-switch', 'green v2'],
  ])('canceled %s: main leaves with its children, and post puts things right', async (_, hook, meanwhile) => {
    const shop = await street.open('v1')
    const step = shop.step({ [hook]: hang(shop) })
    await step.until('now')
    expect(await shop.answers()).toBe(meanwhile)
    const main = await step.cancel()
    // Killed by the double, had it stayed for longer than the runner waits.
    expect([main.code, main.signal]).toEqual([130, null])
    await expect.poll(() => runs(pidOf(shop))).toBe(false)
    expect(await shop.answers()).toBe(meanwhile)
    const post = await step.post('cancelled')
    expect(post.code).toBe(0)
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
  })

  test('canceled while a command of the target runs: the command is ended, and its color stopped', async () => {
    const shop = await street.open('v1')
    const deploy = `${shop.app.commands.deploy}\n${hang(shop)}`
    const step = shop.step({ commands: shop.commands({ deploy }) })
    await step.until('now')
    const main = await step.cancel()
    expect([main.code, main.signal]).toEqual([130, null])
    const post = await step.post('cancelled')
    expect(post.code).toBe(0)
    await expect.poll(() => runs(pidOf(shop))).toBe(false)
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
  })

  test('SIGTERM alone ends it as well', async () => {
    const shop = await street.open('v1')
    const step = shop.step({ 'smoke-test': hang(shop) })
    await step.until('now')
    process.kill(step.pid, 'SIGTERM')
    const main = await step.main()
    expect(main.code).toBe(130)
    await expect.poll(() => runs(pidOf(shop))).toBe(false)
    expect((await step.post('failure')).code).toBe(0)
    expect(await shop.answers()).toBe('blue v1')
  })

  test('a cancel while waiting for the lock leaves at once', async () => {
    const shop = await street.open('v1')
    const holder = shop.step({ 'smoke-test': hang(shop) })
    await holder.until('now')
    const step = shop.step({ version: 'v3' })
    await step.until('Waiting for')
    const main = await step.cancel()
    expect([main.code, main.signal]).toEqual([130, null])
    const post = await step.post('cancelled')
    expect(post.code).toBe(0)
    await holder.cancel()
    expect((await holder.post('cancelled')).code).toBe(0)
    expect(await shop.answers()).toBe('blue v1')
  })

  test.each(['stopped', 'at work'])(
    'in a container job main outlives its cancel: post ends one that is %s before it goes back',
    async (state) => {
      const shop = await street.open('v1')
      const step = shop.step({ 'after-switch': 'echo now; sleep 300' }, { action: inContainer(shop) })
      await step.until('now')
      await step.kill()
      const pid = pidOf(shop)
      expect(runs(pid)).toBe(true)
      if (state === 'stopped') process.kill(pid, 'SIGSTOP')
      const post = await step.post('cancelled')
      expect(post.code).toBe(0)
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
      if (runs(pid)) process.kill(pid, 'SIGCONT')
      await sleep(500)
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
      expect(shop.document().operation?.state).toBe('undone')
    },
  )

  test('main that stood still for longer than its lease finds another owner, and changes nothing more', async () => {
    const shop = await street.open('v1')
    const gate = join(shop.app.folder, 'gate')
    const step = shop.step({
      'lease-ttl': '2s',
      'smoke-test': `echo now; until [ -e '${gate}' ]; do sleep 0.05; done`,
    })
    await step.until('now')
    step.stop()
    const next = await shop.deploy({ version: 'v3' })
    expect([next.main.code, next.post.code]).toEqual([0, 0])
    const [changes, document] = [shop.app.changes.length, shop.document()]
    writeFileSync(gate, '')
    step.cont()
    const main = await step.main()
    expect(main.code).toBe(1)
    const post = await step.post('failure')
    expect(post.code).toBe(0)
    expect([shop.app.changes.length, shop.document()]).toEqual([changes, document])
    expect(await shop.answers()).toBe('green v3')
  })

  test('what a job leaves in the temporary folder of the runner is gone after post', async () => {
    const shop = await street.open('v1')
    const step = shop.step({ 'after-switch': 'echo now; sleep 300' })
    await step.until('now')
    const { state } = await step.kill()
    expect(existsSync(String(state.record))).toBe(true)
    await step.post('failure')
    expect(existsSync(join(String(state.record), '..'))).toBe(false)
  })
})

/** As `docker exec`: a client is what the runner kills, and what it started goes on. */
function inContainer(shop: Shop) {
  const client = join(shop.app.folder, 'client.mjs')
  const script = `import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
const child = spawn(process.execPath, [${JSON.stringify(bundles.main)}], { detached: true, stdio: 'inherit' })
writeFileSync(${JSON.stringify(pidFile(shop))}, String(child.pid))
child.on('exit', (code) => process.exit(code))`
  writeFileSync(client, script)
  return { main: client, post: bundles.post }
}
