import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contentsOf, errorsOf, openStreet, type Shop, type Street } from './shop.ts'

describe.concurrent('the other modes', { timeout: 300_000 }, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(30)
  })
  afterAll(() => street[Symbol.asyncDispose]())

  const openWithTwo = async (): Promise<Shop> => {
    const shop = await street.open('v1')
    const { main, post } = await shop.deploy({ version: 'v2' })
    expect([main.code, post.code]).toEqual([0, 0])
    return shop
  }

  test('rollback goes to the last good release; pressed again it changes nothing', async () => {
    const shop = await openWithTwo()
    const back = await shop.deploy({ mode: 'rollback', version: '', reason: 'orders fail' })
    expect(back.main).toMatchObject({ code: 0, outputs: { result: 'rolled-back', version: 'v1' } })
    expect([await shop.answers(), back.post.code]).toEqual(['blue v1', 0])
    expect(shop.document().history[0]).toMatchObject({
      kind: 'rollback',
      mark: 'good',
      reason: 'orders fail',
    })

    const again = await shop.deploy({ mode: 'rollback', version: '' })
    expect(again.main).toMatchObject({ code: 0, outputs: { result: 'unchanged', 'active-color': 'blue' } })
    expect([await shop.answers(), again.post.code]).toEqual(['blue v1', 0])
  })

  test('a rollback to a version that is named: an unknown one is refused with those there are', async () => {
    const shop = await openWithTwo()
    const unknown = await shop.deploy({ mode: 'rollback', version: 'v9' })
    expect(unknown.main.code).toBe(1)
    expect(errorsOf(unknown.main).join()).toMatch(/no release with version v9; it knows: v2, v1/)
    const live = await shop.deploy({ mode: 'rollback', version: 'v2' })
    expect(live.main.outputs.result).toBe('unchanged')
    const named = await shop.deploy({ mode: 'rollback', version: 'v1' })
    expect(named.main.outputs.result).toBe('rolled-back')
    expect(await shop.answers()).toBe('blue v1')
  })

  test('a job that fails after a rollback does not undo it', async () => {
    const shop = await openWithTwo()
    const { main, post } = await shop.deploy({ mode: 'rollback', version: '' }, 'failure')
    expect([main.code, post.code, await shop.answers()]).toEqual([0, 0, 'blue v1'])
  })

  test('a removed color is deployed again by a rollback', async () => {
    const shop = await street.open('v1')
    await shop.deploy({ version: 'v2', 'old-color': 'remove' })
    expect(shop.app.presence('blue')).toBe('absent')
    const { main } = await shop.deploy({ mode: 'rollback', version: '' })
    expect(main.outputs.result).toBe('rolled-back')
    expect(await shop.answers()).toBe('blue v1')
  })

  test('status tells how things stand, and leaves nothing behind', async () => {
    const shop = await openWithTwo()
    const before = contentsOf(shop.app.folder)
    const step = shop.step({ mode: 'status' })
    const main = await step.main()
    expect(main).toMatchObject({ code: 0, state: {}, outputs: { 'active-color': 'green' } })
    expect(main.outputs.plan).toMatch(
      /green: running, v2[\s\S]*blue: stopped, v1|blue: stopped, v1[\s\S]*green: running, v2/,
    )
    expect(main.summary).toContain('Nobody holds the lease')
    expect((await step.post('failure')).code).toBe(0)
    expect(withoutJobs(contentsOf(shop.app.folder))).toEqual(withoutJobs(before))
    expect(await shop.answers()).toBe('green v2')
  })

  test('a dry run says what would be done, and does nothing of it', async () => {
    const shop = await openWithTwo()
    const before = contentsOf(shop.app.folder)
    const changes = shop.app.changes.length
    const step = shop.step({ version: 'v3', 'dry-run': 'true' })
    const main = await step.main()
    expect(main.code).toBe(0)
    expect(main.outputs.plan).toContain('Deploy v3 to blue (stopped now).')
    expect(main.outputs.plan).toContain('On failure go back to green.')
    expect((await step.post('failure')).code).toBe(0)
    expect(withoutJobs(contentsOf(shop.app.folder))).toEqual(withoutJobs(before))
    expect(shop.app.changes.length).toBe(changes)
    expect(await shop.answers()).toBe('green v2')
  })

  test('a dry run of a first deployment does not even make the ledger', async () => {
    const shop = await street.open('nothing')
    const main = await shop.step({ 'dry-run': 'true' }).main()
    expect(main.code).toBe(0)
    expect(main.outputs.plan).toContain('There is no automatic way back')
    expect(contentsOf(shop.ledger)).toEqual({})
  })

  test('naming the live color as the target is refused', async () => {
    const shop = await street.open('v1')
    const { main, post } = await shop.deploy({ 'target-color': 'blue' })
    expect([main.code, post.code]).toEqual([1, 0])
    expect(errorsOf(main).join()).toContain('`target-color: blue` names the live color')
    expect(shop.app.presence('blue')).toBe('running')
  })

  test('cleanup retires the color that is left over, and only that', async () => {
    const shop = await street.open('v1')
    await shop.deploy({ version: 'v2', 'old-color': 'keep' })
    expect(shop.app.presence('blue')).toBe('running')
    const { main, post } = await shop.deploy({ mode: 'cleanup', version: '' })
    expect([main.code, post.code]).toEqual([0, 0])
    expect([shop.app.presence('blue'), await shop.answers()]).toEqual(['stopped', 'green v2'])
    const again = await shop.deploy({ mode: 'cleanup', version: '' })
    expect([again.main.code, shop.app.presence('blue'), await shop.answers()]).toEqual([
      0,
      'stopped',
      'green v2',
    ])
  })

  test('cleanup after a lost runner retires the old color', async () => {
    const shop = await street.open('v1')
    await shop.step({ version: 'v2' }).main()
    expect(shop.app.presence('blue')).toBe('running')
    const { main } = await shop.deploy({ mode: 'cleanup', version: '' })
    expect([main.code, shop.app.presence('blue'), await shop.answers()]).toEqual([0, 'stopped', 'green v2'])
  })

  test('unlock closes what a lost runner left open', async () => {
    const shop = await street.open('v1')
    const step = shop.step({ 'lease-ttl': '4s', 'smoke-test': 'echo now; sleep 300' })
    await step.until('now')
    await step.kill()
    const { main } = await shop.deploy({ mode: 'unlock', version: '' })
    expect(main.code).toBe(0)
    expect(shop.document().operation).toMatchObject({ state: 'undone' })
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
  })

  test('unlock breaks a living lease only with force; the run that lost it changes nothing more', async () => {
    const shop = await street.open('v1')
    const step = shop.step({ 'smoke-test': 'echo now; sleep 300', 'lease-ttl': '8s' })
    await step.until('now')
    const polite = await shop.deploy({ mode: 'unlock', version: '', 'lock-wait': '0s' })
    expect(polite.main.code).toBe(1)
    expect(errorsOf(polite.main).join()).toMatch(/run 4711.*`mode: unlock` and `force: true`/)
    const forced = await shop.deploy({ mode: 'unlock', version: '', force: 'true' })
    expect(forced.main.code).toBe(0)
    const main = await step.main()
    expect(main.code).toBe(1)
    expect(errorsOf(main).join()).toContain('Look at the run that took over')
    const post = await step.post('failure')
    expect(post.code).toBe(0)
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
  })
})

/** The folders of the jobs themselves are the runner's. */
const withoutJobs = (contents: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(contents).filter(([path]) => !path.startsWith('job-')))
