import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { observeCommand } from '../bed/flag.ts'
import { contentsOf, errorsOf, openStreet, type Shop, type Street, warningsOf } from './shop.ts'

describe.concurrent('trouble at the target', { timeout: 300_000 }, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(40)
  })
  afterAll(async () => {
    for (const at of mounted) spawnSync('umount', ['-l', at])
    await street[Symbol.asyncDispose]()
  })

  describe('another run', () => {
    test('a lock whose run died is taken over when its time is up, and what it left is closed', async () => {
      const shop = await street.open('v1')
      const dead = shop.step({ 'lease-ttl': '4s', 'after-switch': 'echo now; sleep 300' })
      await dead.until('now')
      await dead.kill()
      expect(await shop.answers()).toBe('green v2')
      const { main, post } = await shop.deploy({ version: 'v3' })
      expect([main.code, post.code]).toEqual([0, 0])
      expect(main.log).toMatch(/Closing what .*runs\/4711.* left open/)
      expect(main.log).toContain('Traffic is back on blue')
      expect(await shop.answers()).toBe('green v3')
    })

    test('a living one is waited for, and named', async () => {
      const shop = await street.open('v1')
      const gate = join(shop.app.folder, 'gate')
      const first = shop.step({ 'smoke-test': `echo now; until [ -e '${gate}' ]; do sleep 0.05; done` })
      await first.until('now')
      const second = shop.step({ version: 'v3' })
      await second.until('Waiting for run 4711, job deploy, started by octocat')
      writeFileSync(gate, '')
      expect((await first.main()).code).toBe(0)
      expect((await second.main()).code).toBe(0)
      expect((await second.post('success')).code).toBe(0)
      expect((await first.post('failure')).code).toBe(0)
      expect(await shop.answers()).toBe('blue v3')
    })

    test('past lock-wait the run fails, names who holds the lock, and touches nothing', async () => {
      const shop = await street.open('v1')
      const first = shop.step({ 'smoke-test': 'echo now; sleep 300' })
      await first.until('now')
      const [changes, document] = [shop.app.changes.length, shop.document()]
      const { main, post } = await shop.deploy({ version: 'v3', 'lock-wait': '1s' })
      expect(main.code).toBe(1)
      expect(errorsOf(main).join()).toMatch(
        /run 4711, job deploy, started by octocat .*holds app\..*`lock-wait`/,
      )
      expect(post.code).toBe(0)
      expect([shop.app.changes.length, shop.document()]).toEqual([changes, document])
      await first.cancel()
      expect((await first.post('cancelled')).code).toBe(0)
    })

    test("one app's trouble is none of the other's", async () => {
      const [ill, well] = [await street.open('v1'), await street.open('v1')]
      const held = ill.step({ app: 'ill', 'smoke-test': 'echo now; sleep 300' })
      await held.until('now')
      writeFileSync(join(ill.ledger, 'document'), 'torn')
      const { main, post } = await well.deploy({ app: 'well' })
      expect([main.code, post.code, await well.answers()]).toEqual([0, 0, 'green v2'])
      await held.cancel()
      expect((await held.post('cancelled')).code).toBe(0)
      expect([await ill.answers(), ill.app.presence('green')]).toEqual(['blue v1', 'stopped'])
    })
  })

  describe('a ledger that cannot be read', () => {
    const damages: readonly (readonly [string, (shop: Shop) => void])[] = [
      ['whose lease is garbage', ({ ledger }) => writeFileSync(join(ledger, 'lease'), 'b\0ad\n')],
      ['whose document is cut in half', ({ ledger }) => halve(join(ledger, 'document'))],
      ['whose document is another text', ({ ledger }) => writeFileSync(join(ledger, 'document'), '{}\n')],
    ]

    test.each(damages)('%s: main refuses, and the command it prints repairs it', async (_, damage) => {
      const shop = await street.open('v1')
      damage(shop)
      const before = contentsOf(shop.ledger).document
      const { main, post } = await shop.deploy({ version: 'v2' })
      expect([main.code, post.code]).toEqual([1, 0])
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'absent'])
      expect(contentsOf(shop.ledger).document).toBe(before)
      await repair(shop, errorsOf(main).join())
      const again = await shop.deploy({ version: 'v2' })
      expect([again.main.code, await shop.answers()]).toEqual([0, 'green v2'])
    })

    const losses = [
      // Without a lease nothing is stopped that somebody else may have begun.
      ['whose lease is garbage', damages[0]?.[1], 'running'],
      ['that is gone', ({ ledger }: Shop) => rmSync(ledger, { recursive: true }), 'running'],
      ['whose document is cut in half', damages[1]?.[1], 'stopped'],
      ['whose document is another text', damages[2]?.[1], 'stopped'],
    ] as const

    test.each(losses)(
      '%s: post goes back by what the runner remembers, and warns',
      async (_, damage, left) => {
        const shop = await street.open('v1')
        const step = shop.step({ 'after-switch': 'echo now; sleep 300' })
        await step.until('now')
        await step.kill()
        damage?.(shop)
        const post = await step.post('failure')
        expect(post.code).toBe(0)
        expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', left])
        expect(warningsOf(post).join()).toContain('kept on the runner')
        expect(post.summary).toContain('v2 was taken back')
      },
    )

    test('names another owner: post leaves everything to it', async () => {
      const shop = await street.open('v1')
      const step = shop.step({ 'after-switch': 'echo now; sleep 300' })
      await step.until('now')
      await step.kill()
      const lease = join(shop.ledger, 'lease')
      const [, fence, owner] = /^(\d+) .*\n(.*)\n/.exec(readFileSync(lease, 'utf8')) ?? []
      writeFileSync(
        lease,
        `${Number(fence) + 1} somebody held ${Math.floor(Date.now() / 1000)} 60\n${owner}\n`,
      )
      halve(join(shop.ledger, 'document'))
      const post = await step.post('failure')
      expect([post.code, errorsOf(post)]).toEqual([0, []])
      expect(post.log).toContain('leaves everything to it')
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['green v2', 'running'])
    })

    test('goes while main is at work: it fails, goes back by itself, and says why', async () => {
      const shop = await street.open('v1')
      const { main, post } = await shop.deploy({ 'after-switch': `rm -r '${shop.ledger}'` })
      expect(main).toMatchObject({ code: 1, outputs: { result: 'rolled-back', 'failed-phase': 'verify' } })
      expect(errorsOf(main).join()).toMatch(/ledger .*it is gone/)
      expect(post.code).toBe(0)
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'running'])
      const next = await shop.deploy({ version: 'v3' })
      expect([next.main.code, await shop.answers()]).toEqual([0, 'green v3'])
    })
  })

  describe.skipIf(!mayMount())('a full disk', () => {
    test('nothing new is started', async () => {
      const shop = await onSmallDisk(await street.open('v1'))
      fill(shop)
      const { main, post } = await shop.deploy()
      expect([main.code, post.code]).toEqual([1, 0])
      expect(errorsOf(main).join()).toMatch(/no space left[\s\S]*df -h/i)
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'absent'])
    })

    test('main goes back although nothing can be written, and warns', async () => {
      const shop = await onSmallDisk(await street.open('v1'))
      const { main, post } = await shop.deploy({ 'after-switch': `${fillCommand(shop)}; exit 1` })
      expect(main).toMatchObject({ code: 1, outputs: { result: 'rolled-back', 'active-color': 'blue' } })
      expect(warningsOf(main).join()).toMatch(/Going back without the ledger[\s\S]*no space left/i)
      expect(post.code).toBe(0)
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
    })

    test('post of a killed main goes back as well', async () => {
      const shop = await onSmallDisk(await street.open('v1'))
      const step = shop.step({
        'lease-ttl': '4s',
        'after-switch': `${fillCommand(shop)}; echo now; sleep 300`,
      })
      await step.until('now')
      await step.kill()
      const post = await step.post('failure')
      expect(post.code).toBe(0)
      expect(warningsOf(post).join()).toMatch(/no space left/i)
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
      rmSync(join(shop.app.stateDirectory, 'filler'))
      const next = await shop.deploy({ version: 'v3' })
      expect([next.main.code, await shop.answers()]).toEqual([0, 'green v3'])
    })
  })

  describe('an observe command', () => {
    test.each([
      ['that fails', 'echo "nginx: not found" >&2; exit 1', 'nginx: not found'],
      ['that says nonsense', 'echo purple', '"purple"'],
      ['that says nothing', ':', '""'],
    ])(
      '%s: nobody guesses, nothing is touched, and the way to repair it is printed',
      async (_, observe, said) => {
        const shop = await street.open('v1')
        const { main, post } = await shop.deploy({ commands: shop.commands({ observe }) })
        expect([main.code, post.code]).toEqual([1, 0])
        const [annotation = ''] = errorsOf(main)
        expect(annotation).toContain(said)
        expect(annotation).toContain('# to put traffic on blue:')
        expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'absent'])
        expect(shop.document().operation).toMatchObject({ release: { version: 'v1' } })
      },
    )

    test('that breaks while the release is live: post touches nothing, and later runs close it', async () => {
      const shop = await street.open('v1')
      const broken = join(shop.app.folder, 'broken')
      const observe = `[ ! -e '${broken}' ] || { echo 'no answer' >&2; exit 4; }\n${observeCommand(shop.app.stateDirectory)}`
      const inputs = { commands: shop.commands({ observe }), 'rollback-timeout': '1s' }
      const step = shop.step({ ...inputs, 'after-switch': 'echo now; sleep 300' })
      await step.until('now')
      await step.kill()
      writeFileSync(broken, '')
      const post = await step.post('failure')
      expect(post.code).toBe(1)
      expect(errorsOf(post).join()).toMatch(/exit code 4[\s\S]*What to do next:/)
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['green v2', 'running'])
      rmSync(broken)
      const { main } = await shop.deploy({ ...inputs, mode: 'unlock', version: '' })
      expect([main.code, await shop.answers(), shop.app.presence('green')]).toEqual([0, 'blue v1', 'stopped'])
    })

    test('that disagrees with the switch makes it fail', async () => {
      const shop = await street.open('v1')
      const { main } = await shop.deploy({ commands: shop.commands({ switch: ':' }) })
      expect(main).toMatchObject({ code: 1, outputs: { 'failed-phase': 'switch', 'active-color': 'blue' } })
      expect(errorsOf(main).join()).toContain('ended with 0 but observe says blue')
      expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
    })

    test('that reads a marker instead of the router is found out by the version users get', async () => {
      const shop = await street.open('v1')
      const marker = join(shop.app.folder, 'marker')
      const { main } = await shop.deploy({
        'version-check': '{ path: /version, body: true }',
        'health-timeout': '1s',
        commands: shop.commands({
          observe: `cat '${marker}' 2>/dev/null || echo blue`,
          switch: `echo "$BLUE_GREEN_COLOR" >'${marker}'`,
        }),
      })
      expect(main).toMatchObject({ code: 1, outputs: { 'failed-phase': 'verify', result: 'rolled-back' } })
      expect(await shop.answers()).toBe('blue v1')
    })
  })
})

const halve = (path: string) => {
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.slice(0, text.length / 2))
}

/** Runs what the annotation tells a person to run: a command for the shell, or a mode of the action. */
async function repair(shop: Shop, annotation: string): Promise<void> {
  const command = /(?:^|: )((?:rm|mv) '.*')/m.exec(annotation)?.[1]
  if (command !== undefined) execFileSync('sh', ['-c', command])
  if (!annotation.includes('`mode: unlock`')) return
  const { main } = await shop.deploy({ mode: 'unlock', version: '', force: 'true' })
  expect(main.code).toBe(0)
}

function mayMount(): boolean {
  return spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
}

/** Moves the state of an app to a disk of its own; lazily unmounted, so that nothing that still looks at it is in the way. */
async function onSmallDisk(shop: Shop): Promise<Shop> {
  const at = shop.app.stateDirectory
  const kept = `${at}.kept`
  const script = `cp -a "$1" "$2" && mount -t tmpfs -o size=256k none "$1" && cp -a "$2/." "$1" && chmod 755 "$1"`
  execFileSync('sh', ['-c', script, 'sh', at, kept])
  mounted.push(at)
  return shop
}

const mounted: string[] = []

const fillCommand = ({ app }: Shop) =>
  `dd if=/dev/zero of='${app.stateDirectory}/filler' bs=4k 2>/dev/null || :`

function fill(shop: Shop): void {
  execFileSync('sh', ['-c', fillCommand(shop)])
  if (!existsSync(join(shop.app.stateDirectory, 'filler'))) throw new Error('the disk was not filled')
}
