import { expect, test } from 'vitest'
import type { Intent } from '../../src/targets/intent.ts'
import { Simulation } from './simulation.ts'

/** Connections to the old color, one count for each look; the last one for ever. */
const drained = async (counts: readonly (number | 'unknown')[], changes: Partial<Intent> = {}) => {
  const simulation = await Simulation.withLive()
  const { place } = simulation
  const looked: number[] = []
  place.connections = () => {
    looked.push(place.clock.monotonic())
    return counts[looked.length - 1] ?? counts.at(-1) ?? 0
  }
  const { step, end } = await simulation.run({ version: 'good-2', drain: 5_000, ...changes })
  if (end === 'died') throw new Error('Nothing should have killed it.')
  const waited = (looked.at(-1) ?? 0) - (looked[0] ?? 0)
  return { end, lines: step.lines, looks: looked.length, waited }
}

test('the old color is left once nobody was connected three times in a row', async () => {
  const { end, lines, looks } = await drained([2, 0, 0, 1, 0, 0, 0])
  expect(looks).toBe(7)
  expect(lines).toContain('blue is quiet.')
  expect(end.notices).toEqual([])
})

test.each([
  ['stop', '3 connections to blue still open after 5s of draining, to be cut when it is stopped.'],
  ['remove', '3 connections to blue still open after 5s of draining, to be cut when it is removed.'],
  ['keep', '3 connections to blue still open after 5s of draining, to be left open.'],
] as const)(
  'connections that stay are counted to the end, and told in the summary (%s)',
  async (oldColor, told) => {
    const { end, waited } = await drained([9, 9, 3], { oldColor })
    expect([end.result, waited]).toEqual(['deployed', 5_000])
    expect(end.notices).toEqual([told])
  },
)

test('a single one is told as one', async () => {
  const { end } = await drained([1])
  expect(end.notices).toEqual([expect.stringContaining('1 connection to blue')])
})

test('what cannot be counted has all of the time', async () => {
  const { end, lines, waited } = await drained(['unknown'])
  expect(waited).toBe(5_000)
  expect(lines).toContain('Waited 5s for blue to drain; its connections cannot be counted here.')
  expect(end.notices).toEqual([])
})

test('a count that comes late is used from then on', async () => {
  const { lines, looks } = await drained(['unknown', 4, 0, 0, 0])
  expect([looks, lines.includes('blue is quiet.')]).toEqual([5, true])
})

test('without time to drain nobody is waited for', async () => {
  expect(await drained([9], { drain: 0 })).toMatchObject({ looks: 0, end: { result: 'deployed' } })
})
