import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact, redactAll } from '../../src/github/masks.ts'

describe('redacting', () => {
  it.each([
    ['a secret', 'password is hunter22!', ['hunter22'], 'password is ***!'],
    ['each line of a secret', 'x second y', ['first line\n  second\r\n'], 'x *** y'],
    ['the longer of two first', 'abcdef', ['abcd', 'abcdef'], '***'],
    ['nothing short, and no color', 'a green app', ['a', 'app', '', 'green'], 'a green app'],
    [
      'no structure',
      '{ "kind": true }\n-----BEGIN RSA PRIVATE KEY-----',
      ['{\n}\ntrue\n-----BEGIN RSA PRIVATE KEY-----\n----'],
      '{ "kind": true }\n-----BEGIN RSA PRIVATE KEY-----',
    ],
    ['what looks like a pattern, as text', 'a.*+?b', ['a.*+?'], '***b'],
  ])('hides %s', (_, text, secrets, hidden) => {
    expect(redact(text, secrets)).toBe(hidden)
  })

  it('leaves no secret anywhere in data', () => {
    const secret = fc.stringMatching(/^[a-z]{8,20}$/)
    fc.assert(
      fc.property(secret, fc.string(), (value, around) => {
        const data = { [`${around}${value}`]: [around, { deep: value + around }], number: 1, none: null }
        expect(JSON.stringify(redactAll(data, [value]))).not.toContain(value)
      }),
    )
  })
})
