import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseSaid } from '../../src/targets/command/environment.ts'

const key = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
const value = fc.string({ maxLength: 200 }).filter((text) => !text.includes('\n'))

it('reads back every pair, the last of a key', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value)), (pairs) => {
      const text = pairs.map(([name, each]) => `${name}=${each}\n`).join('')
      expect(parseSaid(text, [])).toEqual({ state: Object.fromEntries(pairs), refused: [] })
    }),
  )
})

it('never lets a secret pass, and never repeats it', () => {
  fc.assert(
    fc.property(key, value, value, fc.stringMatching(/^[A-Z]{6,12}$/), (name, before, after, secret) => {
      const { state, refused } = parseSaid(`${name}=${before}${secret}${after}\n`, [secret])
      expect(state).toEqual({})
      expect(refused.join('')).toContain(`"${name}"`)
      expect(refused.join('')).not.toContain(secret)
    }),
  )
})

it('takes any text without breaking', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { state } = parseSaid(text, ['secret'])
      for (const name of Object.keys(state)) expect(name).toMatch(/^[a-z][a-z0-9-]*$/)
    }),
  )
})
