import { describe, expect, test } from 'vitest'
import { ChangeFailed, ChangeRefused } from '../../src/targets/target.ts'
import { startLoad } from '../bed/load.ts'
import { acquire, deploy, goLive, look, type Open, to, until } from './stand.ts'

export function describeRouter(open: Open): void {
  describe('router: switch', () => {
    test('brings the first users in', async () => {
      await using stand = await open()
      const { live } = await goLive(stand)
      expect(await stand.target.router.observe()).toEqual(to(live))
      expect(await stand.answers()).toBe(live)
    })

    test('moves users there and back, and answers when they are there', async () => {
      await using stand = await open()
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      for (const [from, next] of [
        [live, idle],
        [idle, live],
      ] as const) {
        const { detail } = await stand.target.router.switch(to(from), next, guard('any'))
        expect(await stand.answers()).toBe(next)
        expect(await stand.target.router.observe()).toEqual(to(next))
        expect(detail).toMatch(/^.+$/)
      }
    })

    test('may be repeated', async () => {
      await using stand = await open()
      const { live, guard } = await goLive(stand)
      await stand.target.router.switch(to(live), live, guard('any'))
      expect(await stand.answers()).toBe(live)
    })

    test('is refused when a person moved users meanwhile', async () => {
      await using stand = await open()
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await stand.humanMoves(idle)
      const before = await look(stand)
      const { router } = stand.target
      await expect(router.switch(to(live), idle, guard('any'))).rejects.toThrow(ChangeRefused)
      await expect(router.switch(to(live), live, guard('any'))).rejects.toThrow(ChangeRefused)
      expect(await look(stand)).toEqual(before)
    })

    test('is refused when it expects nobody and users are somewhere', async () => {
      await using stand = await open()
      const { idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      const before = await look(stand)
      await expect(stand.target.router.switch({ kind: 'nobody' }, idle, guard('any'))).rejects.toThrow(
        ChangeRefused,
      )
      expect(await look(stand)).toEqual(before)
    })

    test('goes on when a person moved users away and back', async () => {
      await using stand = await open()
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await stand.humanMoves(idle)
      await stand.humanMoves(live)
      await stand.target.router.switch(to(live), idle, guard('any'))
      expect(await stand.answers()).toBe(idle)
    })

    test('loses no request of users', async ({ skip }) => {
      await using stand = await open()
      if (!stand.url) return skip('this place has no users')
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await using load = startLoad({
        url: stand.url,
        keepAlive: stand.follows ? 0 : 4,
        fresh: 2,
        think: { min: 1, max: 10 },
      })
      const served =
        (color: string, count = 50) =>
        () =>
          (load.report().answers.find((each) => each.color === color)?.count ?? 0) > count
      await until(`${live} serves users`, served(live))
      await stand.target.router.switch(to(live), idle, guard('any'))
      const moved = performance.timeOrigin + performance.now()
      await until(`${idle} serves users`, served(idle))
      if (stand.follows) await stand.answers()
      const followed = performance.timeOrigin + performance.now()
      await until(`${idle} serves users again`, served(idle, 100))
      const { lost, answers } = await load.stop()
      expect(lost).toEqual([])
      const last = answers.find(({ color }) => color === live)?.lastSent
      expect(last).toBeLessThan(stand.follows ? followed : moved)
    })

    test('that moved nobody has failed, whatever it says itself', async ({ skip }) => {
      await using stand = await open()
      if (!stand.breakSwitch) return skip('this switch cannot be broken')
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await stand.breakSwitch()
      await expect(stand.target.router.switch(to(live), idle, guard('any'))).rejects.toThrow(ChangeFailed)
      expect(await stand.answers()).toBe(live)
    })
  })

  describe('router: no color is named', () => {
    test('says what was seen and what to type, and never guesses a color', async ({ skip }) => {
      await using stand = await open()
      if (!stand.breakObserve) return skip('this router always names a color')
      const { live, idle, guard } = await goLive(stand)
      await stand.breakObserve()
      const traffic = await stand.target.router.observe()
      expect(['mixed', 'unknown']).toContain(traffic.kind)
      expect(traffic).toMatchObject({ detail: expect.stringMatching(/./), repair: expect.any(Array) })
      expect(traffic).not.toMatchObject({ repair: [] })
      await expect(stand.target.router.switch(to(live), idle, guard('any'))).rejects.toThrow(ChangeRefused)
    })

    test('is left by a switch', async ({ skip }) => {
      await using stand = await open()
      if (!stand.breakObserve) return skip('this router always names a color')
      const { idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await stand.breakObserve()
      await stand.target.router.switch(await stand.target.router.observe(), idle, guard('any'))
      expect(await stand.answers()).toBe(idle)
      expect(await stand.target.router.observe()).toEqual(to(idle))
    })
  })

  describe('router: manual', () => {
    test('is text that moves users when a person types it', async ({ skip }) => {
      await using stand = await open()
      if (!stand.shell) return skip('this place has no shell')
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      for (const color of [idle, idle, live]) {
        await stand.shell(stand.target.router.manual(color).join('\n'))
        expect(await stand.answers()).toBe(color)
      }
    })

    test('is there before anything was deployed', async () => {
      await using stand = await open()
      for (const color of ['blue', 'green'] as const)
        expect(stand.target.router.manual(color).join('\n')).toContain(color)
      await acquire(stand.target, 'first')
    })
  })
}
