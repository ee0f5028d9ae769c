import { describe, expect, test } from 'vitest'
import { ChangeFailed } from '../../src/targets/target.ts'
import { acquire, breaking, open as claim, leaseOf, type Open, own, owner } from './stand.ts'

const hostile: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['quotes and commands', `'"\`$(exit 1)\\' '\\'' \${HOME} %s %% \\n \\`],
  ['lines', '\n\na\r\nb\n\n'],
  ['what the ledger itself might say', 'document\nnone\nend\nkept\nlost\nfailed write\n'],
  ['commands to the runner', '::error::hurt\n##[group]x\n::set-output name=a::b'],
  ['languages', 'Größe 大小 حجم 🚀 \u2028 \u00a0'],
]

export function describeLedger(open: Open): void {
  describe('ledger: document', () => {
    test('there is none at a new place', async () => {
      await using stand = await open()
      expect(await stand.target.ledger.read()).toMatchObject({
        lease: { status: 'free', owner: null },
        document: null,
      })
      expect(await stand.target.ledger.acquire(owner('a'), claim)).toMatchObject({
        document: null,
        degraded: false,
      })
    })

    test('is what was written last, whoever reads it', async () => {
      await using stand = await open()
      const lease = await acquire(stand.target, 'a')
      const other = await stand.another()
      for (const [what, text] of hostile) {
        expect(await stand.target.ledger.write(lease, text), what).toBe('kept')
        expect((await other.ledger.read()).document, what).toBe(text)
      }
      expect(await other.ledger.acquire(owner('b'), breaking)).toMatchObject({
        document: hostile.at(-1)?.[1],
      })
    })

    test('may be as long as a history gets', async () => {
      await using stand = await open()
      const lease = await acquire(stand.target, 'a')
      const piece = `"it's" é \\ $x\n`
      const text = piece.repeat(Math.min(200_000, stand.documentLimit) / Buffer.byteLength(piece))
      expect(await stand.target.ledger.write(lease, text)).toBe('kept')
      expect((await stand.target.ledger.read()).document).toBe(text)
    })

    test('stays when the lease goes', async () => {
      await using stand = await open()
      const lease = await acquire(stand.target, 'a')
      await stand.target.ledger.write(lease, 'kept')
      await stand.target.ledger.free(lease)
      expect((await stand.target.ledger.read()).document).toBe('kept')
      expect(await stand.target.ledger.acquire(owner('b'), claim)).toMatchObject({ document: 'kept' })
    })
  })

  describe('ledger: lease', () => {
    test('shows who holds it', async () => {
      await using stand = await open()
      const { fence } = await acquire(stand.target, 'a')
      const other = await stand.another()
      const { lease } = await other.ledger.read()
      expect(lease).toMatchObject({ status: 'held', fence, owner: owner('a') })
      expect(lease.ttl).toBeGreaterThanOrEqual(stand.briefLease)
      expect(await other.ledger.acquire(owner('b'), claim)).toMatchObject({
        kind: 'held',
        view: { owner: owner('a') },
      })
      expect(await other.ledger.acquire(owner('b'), own)).toMatchObject({ kind: 'held' })
      expect(await stand.target.ledger.renew({ fence, nonce: 'a' })).toBe('kept')
    })

    test('has a fence that grows with each owner', async () => {
      await using stand = await open()
      const { ledger } = stand.target
      const first = await acquire(stand.target, 'a')
      const broken = await acquire(stand.target, 'b', breaking)
      await ledger.free(broken)
      const freed = await acquire(stand.target, 'c')
      await ledger.park(freed)
      const parked = await acquire(stand.target, 'd')
      const again = await acquire(stand.target, 'd', own)
      const fences = [first, broken, freed, parked, again].map(({ fence }) => fence - first.fence)
      expect(fences).toEqual([0, 1, 2, 3, 4])
      expect(await ledger.renew(parked)).toBe('lost')
    })

    test('has one winner when several ask at once', async () => {
      await using stand = await open()
      const targets = [stand.target, await stand.another(), await stand.another()]
      const answers = await Promise.all(
        targets.map(({ ledger }, number) => ledger.acquire(owner(`n-${number}`), claim)),
      )
      const won = answers.filter(({ kind }) => kind === 'acquired').map(leaseOf)
      expect(won).toHaveLength(1)
      const { lease } = await stand.target.ledger.read()
      expect(lease).toMatchObject({ fence: won[0]?.fence, owner: { nonce: won[0]?.nonce } })
    })

    test('of one owner is lost when it is broken, and nothing written by that owner counts', async () => {
      await using stand = await open()
      const { ledger } = stand.target
      const lost = await acquire(stand.target, 'a')
      const other = await stand.another()
      const lease = await acquire(other, 'b', breaking)
      await other.ledger.write(lease, 'mine')
      const before = await ledger.read()
      expect(await ledger.write(lost, 'theirs')).toBe('lost')
      expect([await ledger.renew(lost), await ledger.park(lost), await ledger.free(lost)]).toEqual([
        'lost',
        'lost',
        'lost',
      ])
      expect(await ledger.read()).toEqual(before)
    })

    test('is known by its fence and its nonce together', async () => {
      await using stand = await open()
      const { ledger } = stand.target
      const { fence, nonce } = await acquire(stand.target, 'a')
      expect(await ledger.write({ fence, nonce: 'b' }, 'theirs')).toBe('lost')
      expect(await ledger.write({ fence: fence + 1, nonce }, 'theirs')).toBe('lost')
      expect((await ledger.read()).document).toBeNull()
    })

    test('that was parked is for anyone, and keeps its owner until then', async () => {
      await using stand = await open()
      const { ledger } = stand.target
      const lease = await acquire(stand.target, 'a')
      expect(await ledger.park(lease)).toBe('kept')
      expect((await ledger.read()).lease).toMatchObject({ status: 'parked', owner: owner('a') })
      expect(await ledger.renew(lease)).toBe('kept')
      expect(await ledger.write(lease, 'still mine')).toBe('kept')
      expect((await ledger.read()).lease.status).toBe('parked')
      expect(await (await stand.another()).ledger.acquire(owner('b'), claim)).toMatchObject({
        kind: 'acquired',
      })
      expect(await ledger.write(lease, 'late')).toBe('lost')
    })

    test('that was freed belongs to nobody', async () => {
      await using stand = await open()
      const { ledger } = stand.target
      const lease = await acquire(stand.target, 'a')
      expect(await ledger.free(lease)).toBe('kept')
      expect((await ledger.read()).lease).toMatchObject({ status: 'free', fence: lease.fence })
      expect([await ledger.write(lease, 'late'), await ledger.renew(lease)]).toEqual(['lost', 'lost'])
    })
  })

  test('ledger: a lease that cannot be read is not taken for a free one', async ({ skip }) => {
    await using stand = await open()
    if (!stand.breakLedger) return skip('this ledger cannot be broken')
    const lease = await acquire(stand.target, 'a')
    await stand.breakLedger()
    const { ledger } = await stand.another()
    await expect(ledger.read()).rejects.toThrow(ChangeFailed)
    await expect(ledger.acquire(owner('b'), claim)).rejects.toThrow(ChangeFailed)
    await expect(stand.target.ledger.renew(lease)).rejects.toThrow(ChangeFailed)
  })

  describe('ledger: silence', () => {
    test('of one lease time makes a lease free, and a renewal keeps it', async () => {
      await using stand = await open()
      const brief = await stand.another({ leaseTtl: stand.briefLease })
      const lease = await acquire(brief, 'a')
      await stand.elapse(stand.briefLease + 1_100)
      expect((await brief.ledger.read()).lease.status).toBe('expired')
      expect(await brief.ledger.renew(lease)).toBe('kept')
      expect((await brief.ledger.read()).lease.status).toBe('held')
      await stand.elapse(stand.briefLease + 1_100)
      expect(await stand.target.ledger.acquire(owner('b'), claim)).toMatchObject({ kind: 'acquired' })
      expect(await brief.ledger.renew(lease)).toBe('lost')
    })

    test('that the caller saw itself counts whatever the clock of the target says', async () => {
      await using stand = await open()
      await acquire(stand.target, 'a')
      const other = await stand.another()
      const { mark } = (await other.ledger.read()).lease
      expect((await other.ledger.read()).lease.mark).toBe(mark)
      expect(await other.ledger.acquire(owner('b'), { claim: 'open', unchangedMark: mark })).toMatchObject({
        kind: 'acquired',
      })
    })

    test('is over with a renewal', async () => {
      await using stand = await open()
      const lease = await acquire(stand.target, 'a')
      const other = await stand.another()
      const { mark } = (await other.ledger.read()).lease
      await stand.elapse(stand.briefLease / 2)
      await stand.target.ledger.renew(lease)
      expect((await other.ledger.read()).lease.mark).not.toBe(mark)
      expect(await other.ledger.acquire(owner('b'), { claim: 'open', unchangedMark: mark })).toMatchObject({
        kind: 'held',
      })
    })
  })
}
