import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationForm, formatDuration, parseDuration } from '../../../src/settings/forms/duration.ts'

const longest = 2 ** 31 - 1

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['3m500ms', 180_500],
    ['596h', 2_145_600_000],
  ])('%s is %d ms', (text, value) => {
    expect(parseDuration(text)).toEqual({ kind: 'value', value })
  })

  it.each([
    ['30', 'has no unit', '30s'],
    ['1.5', 'has no unit', '1s500ms'],
    ['1.5m', 'is not a duration', '1m30s'],
    ['5 min', 'is not a duration', '5m'],
    ['2 Hours', 'is not a duration', '2h'],
    ['1d', 'is not a duration', '24h'],
    ['5M', 'is not a duration', '5m'],
    ['30m1h', 'is not a duration', null],
    ['-5s', 'is not a duration', null],
    ['', 'is not a duration', null],
    ['soon', 'is not a duration', null],
    ['597h', 'is longer than `596h`', null],
    ['99999999999999999999h', 'is longer than `596h`', null],
  ])('%s is refused: it %s', (text, why, nearest) => {
    expect(parseDuration(text)).toEqual({ kind: 'refused', why, nearest })
  })

  it('takes a bare number for milliseconds where latencies are meant', () => {
    expect(parseDuration('300', 'ms')).toMatchObject({ nearest: '300ms' })
  })

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: longest }), (time) => {
        expect(parseDuration(formatDuration(time))).toEqual({ kind: 'value', value: time })
      }),
    )
  })

  it('proposes nothing for a time that is too long in any spelling', () => {
    expect(parseDuration('1000000 min')).toMatchObject({ kind: 'refused', nearest: null })
  })

  it('proposes only what it takes', () => {
    const near = fc.tuple(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.constantFrom('', ' s', 'min', 'd', ' hours', 'ms'),
    )
    fc.assert(
      fc.property(near, ([number, unit]) => {
        const parsed = parseDuration(`${number}${unit}`)
        if (parsed.kind === 'refused' && parsed.nearest !== null) {
          expect(parseDuration(parsed.nearest)).toHaveProperty('kind', 'value')
        }
      }),
    )
  })

  it.each([
    ['1s', 'is too short'],
    ['2500ms', 'is not in whole seconds'],
    ['2s', null],
    ['1m', null],
  ])('in whole seconds of at least 2 s: %s', (text, why) => {
    const read = durationForm({ atLeast: 2000, whole: 'seconds' }).schema.safeParse(text)
    expect(read.success ? null : read.error.issues[0]?.message).toBe(why)
  })
})
