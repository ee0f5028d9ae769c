/** The bundle, with its commands on a host behind SSH. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTimeOf } from '../../src/github/main-process.ts'
import { startCutProxy } from '../bed/cut-proxy.ts'
import { makeKey, type Sshd, startSshd } from '../bed/sshd.ts'
import { contentsOf, errorsOf, type Inputs, openStreet, type Shop, type Street } from '../process/shop.ts'
import { lacks } from '../programs.ts'

describe.skipIf(lacks('sshd', 'ssh-keygen'))('a deployment over SSH', { timeout: 300_000 }, () => {
  let street: Street
  let sshd: Sshd
  beforeAll(async () => {
    street = await openStreet(10)
    sshd = await startSshd({ folder: join(street.root, 'sshd') })
  })
  afterAll(async () => {
    await sshd?.[Symbol.asyncDispose]()
    await street?.[Symbol.asyncDispose]()
  })

  const overSsh = (changes: Inputs = {}): Inputs => ({
    'ssh-host': `${sshd.user}@127.0.0.1:${sshd.port}`,
    'ssh-key': sshd.key,
    'ssh-known-hosts': sshd.knownHosts,
    ...changes,
  })
  const keyLines = () => sshd.key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'))

  /** Where a command ran, by its name in the file it writes to. */
  const place = (shop: Shop, name: string) =>
    `echo "${name}\${SSH_CONNECTION:+ over ssh}" >>'${shop.app.folder}/places'`
  const places = (shop: Shop) => readFileSync(join(shop.app.folder, 'places'), 'utf8').trim().split('\n')

  test('deploys, over one connection, with hooks where they belong', async () => {
    const shop = await street.open('v1')
    const logins = () => sshd.log().split('Accepted publickey').length - 1
    const before = logins()
    const { main, post } = await shop.deploy(
      overSsh({
        migrate: JSON.stringify({ run: place(shop, 'migrate'), where: 'target' }),
        'smoke-test': place(shop, 'smoke-test'),
      }),
      'success',
      // Its disk is thrown away: what is kept is kept on the host.
      { env: { RUNNER_ENVIRONMENT: 'github-hosted' } },
    )
    expect([main.code, main.outputs.result, post.code]).toEqual([0, 'deployed', 0])
    expect(await shop.answers()).toBe('green v2')
    expect([shop.app.presence('blue'), shop.document().operation?.state]).toEqual(['stopped', 'committed'])
    expect(places(shop)).toEqual(['migrate over ssh', 'smoke-test'])
    expect(logins() - before).toBe(2)
  })

  test('post goes back by the record alone, though its inputs are gone', async () => {
    const shop = await street.open('v1')
    const step = shop.step(overSsh())
    expect((await step.main()).code).toBe(0)
    expect(await shop.answers()).toBe('green v2')
    await step.post('failure', {})
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'stopped'])
    expect(shop.document().operation?.state).toBe('undone')
  })

  test('goes back to an earlier release', async () => {
    const shop = await street.open('v1')
    await shop.deploy(overSsh())
    const { main } = await shop.deploy(overSsh({ mode: 'rollback', version: '' }))
    expect([main.code, main.outputs.result, await shop.answers()]).toEqual([0, 'rolled-back', 'blue v1'])
  })

  test.each([
    ['killed', 'deploy', 'blue v1'],
    ['canceled', 'deploy', 'blue v1'],
    ['killed', 'after-switch', 'green v2'],
  ])(
    '%s during %s: what ran on the host is ended, and post puts things right',
    async (how, at, meanwhile) => {
      const shop = await street.open('v1')
      const file = join(shop.app.folder, 'pid')
      const hang = `echo $$ >'${file}'; echo now; exec sleep 300`
      const step = shop.step(
        overSsh(
          at === 'deploy'
            ? { commands: shop.commands({ deploy: hang }) }
            : { [at]: JSON.stringify({ run: hang, where: 'target' }) },
        ),
      )
      await step.until('now')
      expect(await shop.answers()).toBe(meanwhile)
      await (how === 'killed' ? step.kill() : step.cancel())
      await expect.poll(() => startTimeOf(Number(readFileSync(file, 'utf8'))), { timeout: 15_000 }).toBeNull()
      await step.post(how === 'killed' ? 'failure' : 'cancelled')
      expect([await shop.answers(), shop.document().operation?.state]).toEqual(['blue v1', 'undone'])
    },
  )

  test('a connection that breaks in the middle fails nothing that can be asked again', async () => {
    const shop = await street.open('v1')
    await using proxy = await startCutProxy(sshd.port)
    const step = shop.step(
      overSsh({
        'ssh-host': `${sshd.user}@127.0.0.1:${proxy.port}`,
        'ssh-known-hosts': sshd.knownHosts.replace(String(sshd.port), String(proxy.port)),
        'smoke-test': 'echo now; sleep 2',
      }),
    )
    await step.until('now')
    proxy.cut()
    const main = await step.main()
    expect([main.code, await shop.answers()]).toEqual([0, 'green v2'])
    expect((await step.post('success')).code).toBe(0)
    expect(proxy.connections).toBe(3)
  })

  test('a host that is not the one we know gets nothing, and what to compare is said', async () => {
    const shop = await street.open('v1')
    const before = contentsOf(shop.ledger)
    const other = join(street.root, 'other')
    makeKey(other, 'ed25519')
    const [type, key] = readFileSync(`${other}.pub`, 'utf8').split(' ')
    const { main } = await shop.deploy(
      overSsh({ 'ssh-known-hosts': `[127.0.0.1]:${sshd.port} ${type} ${key}` }),
    )
    const [error = ''] = errorsOf(main)
    expect([main.code, main.outputs.result]).toEqual([1, 'failed'])
    expect(error).toContain('Nothing was changed')
    expect(error).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')
    expect(error).toContain(sshd.knownHosts.trim())
    expect(contentsOf(shop.ledger)).toEqual(before)
  })

  test('the key is shown nowhere: no log, no summary, no argument, no file on the host', async () => {
    const shop = await street.open('v1')
    const step = shop.step(
      overSsh({
        version: 'v2-bad',
        'health-timeout': '1s',
        'before-deploy': `echo now; until [ -e '${shop.app.folder}/go' ]; do sleep 0.05; done`,
        // The host says it aloud.
        commands: shop.commands({ diagnose: `cat '${sshd.keyFile}'` }),
      }),
    )
    await step.until('now')
    const commandLines = allCommandLines()
    writeFileSync(join(shop.app.folder, 'go'), '')
    const main = await step.main()
    const post = await step.post('failure')
    expect(main.summary).toContain('BEGIN OPENSSH PRIVATE KEY')
    const texts = [main.log, main.summary, post.log, post.summary, ...commandLines]
    const kept = Object.values(contentsOf(shop.app.folder))
    for (const line of keyLines()) {
      expect(texts.filter((text) => text.includes(line))).toEqual([])
      expect(kept.filter((text) => text.includes(line))).toEqual([])
    }
  })
})

const allCommandLines = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'utf8')]
      } catch {
        return []
      }
    })
