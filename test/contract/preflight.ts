import { describe, expect, test } from 'vitest'
import type { Open } from './stand.ts'

export function describePreflight(open: Open): void {
  describe('preflight', () => {
    test('finds nothing at a good place, and changes nothing', async () => {
      await using stand = await open()
      const before = await stand.snapshot()
      expect(await stand.target.preflight()).toEqual([])
      expect(await stand.snapshot()).toBe(before)
    })

    test('names every problem at once, each with its fix, and changes nothing', async ({ skip }) => {
      await using stand = await open()
      if (!stand.broken) return skip('this place cannot be broken')
      const { target, problems: expected } = await stand.broken()
      const before = await stand.snapshot()
      const problems = await target.preflight()
      const text = problems.map(({ setting, what }) => `${setting}: ${what}`).join('\n')
      for (const each of expected) expect(text).toMatch(each)
      expect(problems.map(({ fix }) => fix)).not.toContain('')
      expect(await stand.snapshot()).toBe(before)
    })
  })
}
