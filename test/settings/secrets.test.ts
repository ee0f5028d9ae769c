import { describe, expect, it } from 'vitest'
import { plainVps as plain, settingsOf } from './reading.ts'

describe('an env file', () => {
  const secretsIn = (content: string, changes: Readonly<Record<string, string>> = {}) =>
    settingsOf({ ...plain, ...changes, 'env-file-content': content }).secrets

  it.each([
    ['KEY=abcd', 'abcd'],
    ['  export KEY=abcd', 'abcd'],
    ['KEY = abcd', 'abcd'],
    ['KEY: abcd', 'abcd'],
    ['KEY=abcd # of staging', 'abcd'],
    ['KEY="ab cd" # of staging', 'ab cd'],
    ["KEY='it is # no comment'", 'it is # no comment'],
    ['KEY=a=b=c', 'a=b=c'],
    ['URL=postgres://ann:pa:ss@db/shop', 'pa:ss'],
    ['PEM="-----BEGIN PRIVATE KEY-----\\nAAAAB\\n-----END PRIVATE KEY-----"', 'AAAAB'],
  ])('%s hides its value', (line, value) => {
    expect(secretsIn(`OTHER=x\n${line}\n`)).toContain(value)
  })

  it('hides no words that every log holds, and nothing that reports show', () => {
    const content = 'A=blue\nB=True\nC=production\nD=https://shop.example.com\nE=shop:1\nF=abc\n# G=abcd'
    const secrets = secretsIn(content, { image: 'shop:1' })
    expect(secrets.filter((secret) => !/^[A-G]=/.test(secret))).toEqual([])
  })

  it('hides a value that stands elsewhere, where no report shows it', () => {
    expect(secretsIn('A=abcdef', { migrate: '{ run: ./a, env: { A: abcdef } }' })).toContain('abcdef')
  })
})
