import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ChangeFailed, TargetUnreachable } from '../../src/targets/target.ts'
import { connect, folder, leaseOf, ledgerAt, open, owner, pathWith, shells } from './place.ts'

const hostile = `it's "quoted" $(touch hurt) \`id\` \\ %s %d\n::set-output name=x::y\n} ; exit 1 #\n\tümläut 🙂`

describe.each(shells)('the ledger under $name', (shell) => {
  const connection = connect(shell)
  const at = (directory: string, ttl?: number) => ledgerAt(directory, connection, ttl)

  it('is free and empty where there is none, and reading makes none', async () => {
    const directory = join(folder(), 'state')
    expect(await at(directory).read()).toEqual({
      lease: { status: 'free', fence: 0, owner: null, ttl: 0, mark: 'none' },
      document: null,
    })
    expect(existsSync(directory)).toBe(false)
  })

  it('keeps any text, and tells the empty from the missing', async () => {
    const directory = join(folder(), "it's $(a) state", 'directory')
    const ledger = at(directory)
    const lease = leaseOf(await ledger.acquire(owner('n-1'), open))
    expect(statSync(join(directory, 'ledger')).mode & 0o777).toBe(0o700)
    expect((await ledger.read()).document).toBeNull()
    for (const document of [
      '',
      '\n',
      'end\n',
      'none\nend\n',
      'failed write\n/x\n',
      hostile,
      'x'.repeat(300_000),
    ]) {
      expect(await ledger.write(lease, document)).toBe('kept')
      expect((await ledger.read()).document).toBe(document)
    }
    expect(await ledger.park(lease)).toBe('kept')
    expect(await ledger.acquire(owner('n-2'), open)).toMatchObject({
      kind: 'acquired',
      lease: { fence: 2 },
      document: 'x'.repeat(300_000),
      degraded: false,
    })
  })

  it('says who holds it, until it is parked or free', async () => {
    const ledger = at(folder(), 90_000)
    const lease = leaseOf(await ledger.acquire(owner('n-1'), open))
    const held = await ledger.acquire(owner('n-2'), open)
    expect(held).toMatchObject({
      kind: 'held',
      view: { status: 'held', fence: 1, owner: owner('n-1'), ttl: 90_000 },
    })
    expect((await ledger.read()).lease).toEqual(held.kind === 'held' && held.view)
    await ledger.park(lease)
    expect((await ledger.read()).lease).toMatchObject({ status: 'parked', owner: owner('n-1') })
    expect(await ledger.renew(lease)).toBe('kept')
    expect((await ledger.read()).lease.status).toBe('parked')
    await ledger.free(lease)
    expect((await ledger.read()).lease).toMatchObject({ status: 'free', fence: 1, owner: null })
    expect(leaseOf(await ledger.acquire(owner('n-3'), open)).fence).toBe(2)
  })

  it('is taken from the living by its own nonce or by force alone', async () => {
    const ledger = at(folder())
    await ledger.acquire(owner('n-1'), open)
    expect(await ledger.acquire(owner('n-1'), open)).toMatchObject({ kind: 'held' })
    expect(await ledger.acquire(owner('n-2'), { ...open, claim: 'own' })).toMatchObject({ kind: 'held' })
    expect(leaseOf(await ledger.acquire(owner('n-1'), { ...open, claim: 'own' }))).toEqual({
      fence: 2,
      nonce: 'n-1',
    })
    expect(leaseOf(await ledger.acquire(owner('n-2'), { ...open, claim: 'break' }))).toEqual({
      fence: 3,
      nonce: 'n-2',
    })
  })

  it('is taken from an owner that was seen unchanged, and not from one that renewed', async () => {
    const directory = folder()
    const ledger = at(directory)
    const lease = leaseOf(await ledger.acquire(owner('n-1'), open))
    const { mark } = (await ledger.read()).lease
    const renewed = mark.replace(/ held \d+ /, ' held 1 ')
    expect(await ledger.acquire(owner('n-2'), { claim: 'open', unchangedMark: renewed })).toMatchObject({
      kind: 'held',
    })
    expect(leaseOf(await ledger.acquire(owner('n-2'), { claim: 'open', unchangedMark: mark })).fence).toBe(2)
    expect(await ledger.renew(lease)).toBe('lost')
  })

  it('leaves everything as it is for an owner that lost it', async () => {
    const directory = folder()
    const ledger = at(directory)
    const lost = leaseOf(await ledger.acquire(owner('n-1'), open))
    const kept = leaseOf(await ledger.acquire(owner('n-2'), { ...open, claim: 'break' }))
    await ledger.write(kept, 'theirs')
    const before = contents(join(directory, 'ledger'))
    for (const lease of [lost, { ...kept, nonce: 'n-1' }, { ...lost, nonce: 'n-2' }]) {
      expect(await ledger.write(lease, 'ours')).toBe('lost')
      expect(await ledger.renew(lease)).toBe('lost')
      expect(await ledger.park(lease)).toBe('lost')
      expect(await ledger.free(lease)).toBe('lost')
    }
    expect(contents(join(directory, 'ledger'))).toEqual(before)
  })

  it('counts on when the lease was lost', async () => {
    const directory = folder()
    const ledger = at(directory)
    for (let round = 1; round <= 3; round++) {
      expect(leaseOf(await ledger.acquire(owner(`n-${round}`), open)).fence).toBe(round)
      rmSync(join(directory, 'ledger', 'lease'))
      expect((await ledger.read()).lease).toMatchObject({ status: 'free', fence: round })
    }
    writeFileSync(join(directory, 'ledger', 'fence'), '41\n')
    expect(leaseOf(await ledger.acquire(owner('n-4'), open)).fence).toBe(42)
  })

  it.each([
    ['empty', ''],
    ['one line', '1 n-1 held 1700000000 60\n'],
    ['torn in the middle', '1 n-1 held 17000\n'],
    ['torn in the owner', '1 n-1 parked 1700000000 60\n{"nonce":"n-1","ru'],
    ['no line end', '1 n-1 free 1700000000 60\n{}'],
    ['another status', '1 n-1 gone 1700000000 60\n{}\n'],
    ['not a number', '0x1 n-1 free 1700000000 60\n{}\n'],
    ['arithmetic', '1 n-1 held a[$(id)] 60\n{}\n'],
    ['a star', '1 * free 1700000000 60\n{}\n'],
    ['other words', 'hello, world\n{}\n'],
  ])('never takes a damaged lease for a free one: %s', async (_, text) => {
    const directory = folder()
    const ledger = at(directory)
    await ledger.acquire(owner('n-1'), open)
    const file = join(directory, 'ledger', 'lease')
    writeFileSync(file, text)
    await expect(ledger.read()).rejects.toThrow(`${file} on this machine is damaged`)
    await expect(ledger.acquire(owner('n-2'), open)).rejects.toThrow(`rm '${file}'`)
    await expect(ledger.acquire(owner('n-2'), { ...open, claim: 'break' })).rejects.toThrow(ChangeFailed)
    expect(readFileSync(file, 'utf8')).toBe(text)
    rmSync(file)
    expect(leaseOf(await ledger.acquire(owner('n-2'), open)).fence).toBe(2)
  })

  it('says what to do when lease and fence are both gone, and the document is not', async () => {
    const directory = folder()
    const ledger = at(directory)
    await ledger.write(leaseOf(await ledger.acquire(owner('n-1'), open)), 'text')
    rmSync(join(directory, 'ledger', 'lease'))
    rmSync(join(directory, 'ledger', 'fence'))
    await expect(ledger.acquire(owner('n-2'), open)).rejects.toThrow(
      `date +%s >'${join(directory, 'ledger', 'fence')}'`,
    )
  })

  it('hands on a cut document as it is, for its reader to see', async () => {
    const directory = folder()
    const ledger = at(directory)
    await ledger.write(leaseOf(await ledger.acquire(owner('n-1'), open)), '{"operation": 1}')
    writeFileSync(join(directory, 'ledger', 'document'), '{"opera')
    expect((await ledger.read()).document).toBe('{"opera')
  })

  it('is won by exactly one of two that race for it', async () => {
    const directory = folder()
    const ledgers = [at(directory), at(directory)]
    for (let round = 1; round <= (shell === shells[0] ? 50 : 10); round++) {
      const results = await Promise.all(
        ledgers.map((ledger, index) => ledger.acquire(owner(`n-${round}-${index}`), open)),
      )
      const winners = results.filter(({ kind }) => kind === 'acquired').map(leaseOf)
      expect(winners).toHaveLength(1)
      for (const lease of winners) {
        expect(lease.fence).toBe(round)
        await ledgers[0]?.free(lease)
      }
    }
  }, 120_000)

  it('expires by the clock of its host, and not while it is renewed', async () => {
    const ledger = at(folder(), 2_000)
    const lease = leaseOf(await ledger.acquire(owner('n-1'), open))
    for (let renewal = 0; renewal < 4; renewal++) {
      await sleep(1_000)
      expect(await ledger.renew(lease)).toBe('kept')
      expect(await ledger.acquire(owner('n-2'), open)).toMatchObject({ kind: 'held' })
    }
    await sleep(3_100)
    expect((await ledger.read()).lease.status).toBe('expired')
    expect(leaseOf(await ledger.acquire(owner('n-2'), open)).fence).toBe(2)
    expect(await ledger.renew(lease)).toBe('lost')
  }, 120_000)
})

describe('a host that cannot keep a ledger', () => {
  it('is named with the path when a file stands in the way', async () => {
    const blocked = join(folder(), 'blocked')
    writeFileSync(blocked, '')
    const acquired = ledgerAt(join(blocked, 'state')).acquire(owner('n-1'), open)
    await expect(acquired).rejects.toThrow(TargetUnreachable)
    await expect(acquired).rejects.toThrow(`${join(blocked, 'state')} on this machine cannot be used`)
  })

  it('is told which package has flock', async () => {
    const connection = connect(undefined, { PATH: pathWith('flock', null) })
    await expect(ledgerAt(folder(), connection).acquire(owner('n-1'), open)).rejects.toThrow(
      'apt-get install util-linux',
    )
  })

  it.skipIf(process.getuid?.() !== 0)(
    'is not taken for an empty one when its folder may not be looked into',
    async () => {
      const parent = folder()
      const directory = join(parent, 'state')
      mkdirSync(join(directory, 'ledger'), { recursive: true })
      chmodSync(directory, 0o700)
      chmodSync(parent, 0o755)
      const shims = folder()
      writeFileSync(
        join(shims, 'sh'),
        '#!/bin/sh\nexec setpriv --reuid=65534 --clear-groups /bin/sh "$@"\n',
        { mode: 0o755 },
      )
      const asNobody = connect({ name: 'sh as nobody', path: `${shims}:${process.env.PATH}` })
      await expect(ledgerAt(directory, asNobody).read()).rejects.toThrow(
        `${directory} on this machine cannot be used`,
      )
      await expect(ledgerAt(join(parent, 'other'), asNobody).acquire(owner('n-1'), open)).rejects.toThrow(
        'Permission denied',
      )
    },
  )
})

function contents(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  )
}
