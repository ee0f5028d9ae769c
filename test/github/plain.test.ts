import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elapsed } from '../../src/github/elapsed.ts'
import { fence } from '../../src/github/fenced-output.ts'
import { clip, plainLine } from '../../src/github/plain.ts'
import { createLogReader } from '../runner/log-reader.ts'

const commandLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '::',
        '##[',
        'error',
        'set-output name=a',
        'stop-commands',
        ']',
        ' ',
        '\t',
        '\n',
        '\r',
        '\u00a0',
        '\u0085',
        '\u2028',
        'x',
      ),
      fc.string(),
    ),
  )
  .map((parts) => parts.join(''))

function commandsIn(text: string): readonly string[] {
  const reader = createLogReader(new Set())
  for (const line of text.split(/\r\n|\n|\r/)) reader.read(line)
  return reader.commands.map(({ name }) => name)
}

describe('a plain line', () => {
  it.each([
    ['::error::x', ': :error::x'],
    ['  ::set-output name=a::b', '  : :set-output name=a::b'],
    ['ok\n::error::x', 'ok␊::error::x'],
    ['ok\r::error::x', 'ok␍::error::x'],
    ['see ##[set-env name=A;]b', 'see ## [set-env name=A;]b'],
    ['\u001b[31mred\u0007', '␛[31mred␇'],
    ['user\u202egpj.exe', 'user\\u{202e}gpj.exe'],
    ['a\tb – ü 🟢', 'a\tb – ü 🟢'],
  ])('of %j', (text, plain) => {
    expect(plainLine(text)).toBe(plain)
  })

  it('is never a command', () => {
    fc.assert(
      fc.property(commandLike, (text) => {
        expect(commandsIn(plainLine(text))).toEqual([])
      }),
    )
  })
})

describe('a fence', () => {
  it('lets nothing out and ends itself', () => {
    fc.assert(
      fc.property(commandLike, (text) => {
        const log = `${fence(text.split('\n'), 't0ken')}::notice::after`
        expect(commandsIn(log)).toEqual(['stop-commands', 'notice'])
      }),
    )
  })
})

it.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.9, '999 ms'],
  [1000, '1.0 s'],
  [9999, '9.9 s'],
  [59_400, '59 s'],
  [59_600, '1 min 0 s'],
  [134_000, '2 min 14 s'],
  [3_600_000, '1 h 0 min'],
])('%d ms is %s', (time, words) => expect(elapsed(time)).toBe(words))

it('cuts no character in two', () => {
  expect(clip('ab🟢', 4)).toBe('ab🟢')
  expect(clip('ab🟢c', 4)).toBe('ab…')
})
