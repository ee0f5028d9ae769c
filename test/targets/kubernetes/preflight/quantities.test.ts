import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatQuantity, parseQuantity } from '../../../../src/targets/kubernetes/preflight/quantities.ts'

it.each([
  ['1', 1],
  ['100m', 0.1],
  ['1.5', 1.5],
  ['.5', 0.5],
  ['2k', 2000],
  ['1e3', 1000],
  ['64Mi', 67_108_864],
  ['1Gi', 1_073_741_824],
  ['2E', 2e18],
])('%s', (text, amount) => {
  expect(parseQuantity(text)).toBeCloseTo(amount)
})

it.each(['', 'a', '1x', '1 Gi', '1Mib'])('%j is none', (text) => {
  expect(parseQuantity(text)).toBeNull()
})

it('is read back as it was written, in any unit', () => {
  const units = fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), units, (number, unit) => {
      const text = `${number}${unit}`
      expect(formatQuantity(parseQuantity(text) ?? Number.NaN, text)).toBe(text)
    }),
  )
})
