import { describe, expect, test } from 'vitest'
import { deploy, failureOf, goLive, type Open, orderOf, to, until } from './stand.ts'

export function describeEnd(open: Open): void {
  describe('close', () => {
    test('leaves nothing of ours running, and the app as it is', async ({ skip }) => {
      await using stand = await open()
      const { leftovers } = stand
      if (!leftovers) return skip('this target starts no processes')
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await stand.target.router.switch(to(live), idle, guard('any'))
      await stand.target.runtime.stop(live, guard())
      await stand.target.close()
      await until('nothing is left', () => leftovers().length === 0)
      expect([await stand.answers(), await stand.running(idle)]).toEqual([idle, 'v2'])
    })

    test('may be repeated, and what was opened by others goes on', async () => {
      await using stand = await open()
      const other = await stand.another()
      const { live } = await goLive(stand)
      await stand.target.close()
      await stand.target.close()
      expect(await other.router.observe()).toEqual(to(live))
    })

    test('of an interrupted run leaves no change under way', async ({ skip }) => {
      await using stand = await open()
      const { leftovers, hold, interrupt } = stand
      if (!leftovers || !hold || !interrupt) return skip('this target starts no processes')
      const { live, idle, guard } = await goLive(stand)
      await hold()
      const deploying = failureOf(stand.target.runtime.deploy(idle, orderOf(stand, 'v2'), guard()))
      await until('the change runs', () => leftovers().length > 0)
      interrupt()
      expect(await deploying).toMatchObject({ message: expect.stringContaining('interrupted') })
      await stand.target.close()
      await until('nothing is left', () => leftovers().length === 0)
      expect([await stand.answers(), await stand.running(idle)]).toEqual([live, null])
    })
  })
}
