import { describe, expect, test } from 'vitest'
import { ChangeFailed, type Guard, type Hook, LeaseLost, type Target } from '../../src/targets/target.ts'
import {
  acquire,
  breaking,
  deploy,
  failureOf,
  goLive,
  type Live,
  look,
  type Open,
  orderOf,
  type Stand,
  to,
} from './stand.ts'

const hook: Hook = { run: 'true', where: 'target', timeout: 10_000, env: {} }

const changes: Readonly<Record<string, (stand: Stand, live: Live, guard: Guard) => Promise<unknown>>> = {
  deploy: (stand, { idle }, guard) => stand.target.runtime.deploy(idle, orderOf(stand, 'v3'), guard),
  stop: ({ target }, { idle }, guard) => target.runtime.stop(idle, guard),
  remove: ({ target }, { idle }, guard) => target.runtime.remove(idle, guard),
  switch: ({ target }, { live, idle }, guard) => target.router.switch(to(live), idle, guard),
}

export function describeOwnership(open: Open): void {
  describe('ownership: an owner that lost its lease changes nothing', () => {
    test.each(Object.entries(changes))('%s', async (_, change) => {
      await using stand = await open()
      const live = await goLive(stand)
      await deploy(stand, live.idle, 'v2', live.guard())
      const other = await stand.another()
      const lease = await acquire(other, 'second', breaking)
      const before = await look(stand)
      for (const color of ['not-live', 'any'] as const)
        await expect(change(stand, live, live.guard(color))).rejects.toThrow(LeaseLost)
      expect(await look(stand)).toEqual(before)
      expect(await other.ledger.renew(lease)).toBe('kept')
    })

    test.each([
      ['freed it', (target: Target, { lease }: Live) => target.ledger.free(lease)],
      [
        'took it anew',
        (target: Target, { lease }: Live) =>
          acquire(target, lease.nonce, { claim: 'own', unchangedMark: null }),
      ],
    ])('nor one that %s itself', async (_, lose) => {
      await using stand = await open()
      const live = await goLive(stand)
      await lose(stand.target, live)
      const before = await look(stand)
      await expect(
        stand.target.runtime.deploy(live.idle, orderOf(stand, 'v3'), live.guard()),
      ).rejects.toThrow(LeaseLost)
      expect(await look(stand)).toEqual(before)
    })

    test('hook', async ({ skip }) => {
      await using stand = await open()
      const { runHook } = stand.target
      if (!runHook) return skip('this target has no place for commands')
      const { guard } = await goLive(stand)
      await runHook(hook, {}, guard('any'))
      await acquire(await stand.another(), 'second', breaking)
      await expect(runHook(hook, {}, guard('any'))).rejects.toThrow(LeaseLost)
    })
  })

  describe('ownership: where the lease cannot be read', () => {
    test('nothing is changed', async ({ skip }) => {
      await using stand = await open()
      if (!stand.breakLedger) return skip('this ledger cannot be broken')
      const live = await goLive(stand)
      await deploy(stand, live.idle, 'v2', live.guard())
      await stand.breakLedger()
      const before = await look(stand)
      for (const change of Object.values(changes))
        await expect(change(stand, live, live.guard('any'))).rejects.toThrow(ChangeFailed)
      expect(await look(stand)).toEqual(before)
    })

    test('a way back goes on, to a color that runs or has to be started', async ({ skip }) => {
      await using stand = await open()
      if (!stand.breakLedger) return skip('this ledger cannot be broken')
      const { live, idle, guard } = await goLive(stand)
      await stand.breakLedger()
      const wayBack: Guard = { ...guard('any'), unreadableLedger: 'ignore' }
      await deploy(stand, idle, 'v2', wayBack)
      await stand.target.router.switch(to(live), idle, wayBack)
      expect([await stand.answers(), await stand.running(idle)]).toEqual([idle, 'v2'])
    })

    test('a way back past another owner is refused all the same', async () => {
      await using stand = await open()
      const live = await goLive(stand)
      await deploy(stand, live.idle, 'v2', live.guard())
      await acquire(await stand.another(), 'second', breaking)
      const before = await look(stand)
      const wayBack: Guard = { ...live.guard('any'), unreadableLedger: 'ignore' }
      for (const change of [changes.deploy, changes.switch])
        await expect(change?.(stand, live, wayBack)).rejects.toThrow(LeaseLost)
      expect(await look(stand)).toEqual(before)
    })
  })

  describe('ownership: a change under way', () => {
    test('does not keep its owner from renewing and writing', async ({ skip }) => {
      await using stand = await open()
      if (!stand.hold) return skip('changes cannot be held up here')
      const { lease, idle, guard } = await goLive(stand)
      const held = await stand.hold()
      const deploying = stand.target.runtime.deploy(idle, orderOf(stand, 'v2'), guard())
      await held.begun()
      expect(await stand.target.ledger.renew(lease)).toBe('kept')
      expect(await stand.target.ledger.write(lease, 'journal')).toBe('kept')
      await held.go()
      await deploying
      expect(await stand.running(idle)).toBe('v2')
    })

    test('of a former owner never meets the next owner: deploy', async ({ skip }) => {
      await using stand = await open()
      if (!stand.hold) return skip('changes cannot be held up here')
      const { live, idle, guard } = await goLive(stand)
      const held = await stand.hold()
      const deploying = failureOf(stand.target.runtime.deploy(idle, orderOf(stand, 'v2'), guard()))
      await held.begun()
      const other = await stand.another()
      const lease = await acquire(other, 'second', breaking)
      await other.runtime.deploy(idle, orderOf(stand, 'v3'), { lease, color: 'not-live' })
      await held.go()
      expect(await deploying).toBeInstanceOf(Error)
      expect(await other.runtime.observe(idle)).toMatchObject({ version: 'v3' })
      expect([await stand.answers(), await stand.running(idle)]).toEqual([live, 'v3'])
    })

    test('of a former owner never meets the next owner: switch', async ({ skip }) => {
      await using stand = await open()
      if (!stand.hold) return skip('changes cannot be held up here')
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      const held = await stand.hold()
      const switching = failureOf(stand.target.router.switch(to(live), idle, guard('any')))
      await held.begun()
      const other = await stand.another()
      const acquiring = acquire(other, 'second', breaking)
      await held.go()
      await acquiring
      const found = await other.router.observe()
      await switching
      expect(await other.router.observe()).toEqual(found)
      expect(found).toEqual(to((await stand.answers()) === live ? live : idle))
    })
  })
}
