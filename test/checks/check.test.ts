import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judge, judgeVersion, readVersion, requestOf } from '../../src/checks/check.ts'
import { readPointer } from '../../src/checks/json-pointer.ts'
import type { Answer, Exchange } from '../../src/checks/request.ts'
import { excerpt, showTime } from '../../src/checks/wording.ts'
import type { Check, VersionCheck } from '../../src/targets/intent.ts'
import { aCheck } from './servers.ts'

const answer = (changes: Partial<Answer> = {}): Answer => ({
  status: 200,
  headers: {},
  body: '',
  latency: 10,
  ...changes,
})
const answered = (changes: Partial<Answer> = {}): Exchange => ({ kind: 'answered', answer: answer(changes) })

const reasonOf = (check: Partial<Check>, exchange: Exchange): string | null => {
  const judgement = judge(aCheck(check), exchange)
  return judgement.passed ? null : judgement.reason
}

test.each<[string, Partial<Check>, Partial<Answer>, string | null]>([
  ['200', {}, {}, null],
  ['299', {}, { status: 299 }, null],
  ['300', {}, { status: 300 }, 'answered 300, expected 200-299'],
  ['503 with a body', {}, { status: 503, body: 'db\tdown\n' }, 'answered 503, expected 200-299: db\\tdown'],
  [
    'one of several',
    {
      status: [
        { from: 204, to: 204 },
        { from: 400, to: 499 },
      ],
    },
    { status: 404 },
    null,
  ],
  [
    'none of several',
    {
      status: [
        { from: 204, to: 204 },
        { from: 400, to: 499 },
      ],
    },
    {},
    'answered 200, expected 204, 400-499',
  ],
  [
    'a redirect',
    {},
    { status: 302, headers: { location: '/login' } },
    'answered 302, a redirect to /login, which is not followed',
  ],
  [
    'a redirect to https',
    {},
    { status: 301, headers: { location: 'https://a.example/' } },
    'answered 301, a redirect to https://a.example/, which is not followed; if the app only wants https, send it the header X-Forwarded-Proto: https',
  ],
  [
    'a redirect that is wanted',
    { status: [{ from: 301, to: 301 }] },
    { status: 301, headers: { location: '/' } },
    null,
  ],
  ['the body', { body: 'up' }, { body: 'all up' }, null],
  ['another body', { body: 'up' }, { body: 'down' }, 'the body does not contain "up": down'],
  ['an empty body', { body: 'up' }, {}, 'the body does not contain "up"'],
  ['a header', { header: { 'X-Color': 'green' } }, { headers: { 'x-color': 'green' } }, null],
  [
    'another header',
    { header: { 'X-Color': 'green' } },
    { headers: { 'x-color': 'blue' } },
    'header X-Color is "blue", expected "green"',
  ],
  ['no header', { header: { 'X-Color': 'green' } }, {}, 'no header X-Color, expected "green"'],
  ['json', { json: { '/a/0': '1.10', '/b': 'true' } }, { body: '{"a":[1.10],"b":true}' }, null],
  [
    'another json',
    { json: { '/status': 'up' } },
    { body: '{"status":"down"}' },
    '/status is "down", expected "up"',
  ],
  [
    'json without it',
    { json: { '/status': 'up' } },
    { body: '{}' },
    'the body has no /status, expected "up": {}',
  ],
  ['no json', { json: { '/status': 'up' } }, { body: '<html>' }, 'the body is not JSON: <html>'],
  ['a slow answer', { maxLatency: 500 }, { latency: 1234 }, 'answered in 1.2s, allowed are 500ms'],
  ['an answer just in time', { maxLatency: 500 }, { latency: 500 }, null],
])('%s', (_, check, changes, reason) => {
  expect(reasonOf(check, answered(changes))).toBe(reason)
})

test('no answer', () => {
  expect(reasonOf({}, { kind: 'failed', reason: 'connection refused' })).toBe('connection refused')
})

test('the host is that of the public URL unless the check has its own', () => {
  expect(requestOf(aCheck(), { url: 'https://shop.example:8443/x' }).host).toBe('shop.example:8443')
  expect(requestOf(aCheck({ host: 'own.example' }), { url: 'https://shop.example' }).host).toBe('own.example')
  expect(requestOf(aCheck(), { url: null }).host).toBeNull()
})

describe('the version', () => {
  const json: VersionCheck = { path: '/version', from: { kind: 'json', pointer: '/build/v' } }
  const header: VersionCheck = { path: '/', from: { kind: 'header', name: 'X-Version' } }
  const body: VersionCheck = { path: '/version', from: { kind: 'body' } }

  test.each<[string, VersionCheck, Partial<Answer>, string | null]>([
    ['json', json, { body: '{"build":{"v":"1.2"}}' }, '1.2'],
    [
      'a number with its digits',
      json,
      { body: '{"build":{"v":20260821123456789012}}' },
      '20260821123456789012',
    ],
    ['json without it', json, { body: '{}' }, null],
    ['no json', json, { body: '1.2' }, null],
    ['header', header, { headers: { 'x-version': ' 1.2 ' } }, '1.2'],
    ['no header', header, {}, null],
    ['body', body, { body: '1.2\n' }, '1.2'],
    ['empty body', body, { body: '\n' }, null],
    ['a page', body, { body: '<html>'.repeat(100) }, null],
  ])('%s', (_, check, changes, version) => {
    expect(readVersion(check, answer(changes))).toBe(version)
  })

  test.each<[string, Exchange, string | null]>([
    ['the same', answered({ body: '1.2' }), null],
    ['another', answered({ body: '1.1' }), 'version "1.1" at /version (body), expected "1.2"'],
    ['none', answered({ status: 404 }), 'no version at /version (body), expected "1.2": answered 404'],
    ['no answer', { kind: 'failed', reason: 'timed out' }, 'no version at /version (body): timed out'],
  ])('%s', (_, exchange, reason) => {
    const judgement = judgeVersion(body, '1.2', exchange)
    expect(judgement.passed ? null : judgement.reason).toBe(reason)
  })
})

describe('a JSON pointer', () => {
  // The examples of https://www.rfc-editor.org/rfc/rfc6901#section-5
  const document =
    '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}'
  test.each([
    ['/foo', '["bar","baz"]'],
    ['/foo/0', 'bar'],
    ['/', '0'],
    ['/a~1b', '1'],
    ['/c%d', '2'],
    ['/e^f', '3'],
    ['/g|h', '4'],
    ['/i\\j', '5'],
    ['/k"l', '6'],
    ['/ ', '7'],
    ['/m~0n', '8'],
    ['/foo/2', null],
    ['/foo/-', null],
    ['/foo/00', null],
    ['/foo/length', null],
    ['/toString', null],
    ['foo', null],
    ['/foo/0/0', null],
  ])('%s', (pointer, value) => {
    expect(readPointer(document, pointer)).toBe(value)
  })

  test('null has the text null, and nothing below it', () => {
    expect(readPointer('{"a":null}', '/a')).toBe('null')
    expect(readPointer('{"a":null}', '/a/b')).toBeNull()
  })

  test('finds every leaf of every document', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const [pointer, value] of leavesOf(JSON.parse(text))) {
          const found = readPointer(text, pointer)
          if (typeof value === 'number') expect(Number(found)).toBe(value)
          else expect(found).toBe(typeof value === 'string' ? value : JSON.stringify(value))
        }
      }),
    )
  })
})

function* leavesOf(value: unknown, pointer = ''): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null) return yield [pointer, value]
  for (const [key, inner] of Object.entries(value)) {
    yield* leavesOf(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  }
}

describe('what people read', () => {
  test('foreign text stays on one line of at most 200 characters, with nothing hidden', () => {
    expect(excerpt(' a\r\n::error::\u001b[31m\u202e\u2028b ')).toBe(
      'a\\r\\n::error::\\u{1b}[31m\\u{202e}\\u{2028}b',
    )
    expect(excerpt('x'.repeat(500))).toBe(`${'x'.repeat(199)}…`)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(excerpt(text).length).toBeLessThanOrEqual(200)
        expect(excerpt(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })

  test.each([
    [80, '80ms'],
    [5000, '5s'],
    [2500, '2.5s'],
    [59_960, '60s'],
    [300_000, '5m'],
    [5_400_000, '1h30m'],
    [61_000, '1m1s'],
  ])('%d is %s', (time, text) => {
    expect(showTime(time)).toBe(text)
  })
})
