import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/settings/findings.ts'
import { check, checkOfPath } from '../../../src/settings/forms/check.ts'
import type { Form } from '../../../src/settings/forms/form.ts'
import { hook } from '../../../src/settings/forms/hook.ts'
import { perColorForm } from '../../../src/settings/forms/per-color.ts'
import { services } from '../../../src/settings/forms/services.ts'
import { parseUrl } from '../../../src/settings/forms/url.ts'
import { versionCheck } from '../../../src/settings/forms/version-check.ts'
import type { Raw } from '../../../src/settings/yaml.ts'

/** The value, or each finding as `path why`. */
function read(form: Form<unknown>, raw: Raw): unknown {
  const result = form.schema.safeParse(raw)
  if (result.success) return result.data
  return findingsOf(result.error.issues, raw, form.accepted).map(
    ({ path, why }) => `${path.join('.')} ${why}`,
  )
}

describe('a check', () => {
  it('is a path, with every other expectation as usual', () => {
    expect(read(check, '/health')).toEqual(checkOfPath('/health'))
    expect(checkOfPath('/health').status).toEqual([{ from: 200, to: 299 }])
  })

  it('is a map with expectations of its own', () => {
    const raw = {
      path: '/ready',
      scheme: 'https',
      host: 'shop.example.com',
      status: ['200', '301-302'],
      body: 'ok',
      json: { '/status': 'up' },
      header: { 'X-Color': 'blue' },
      headers: { Authorization: 'Bearer x' },
      'max-latency': '300ms',
    }
    expect(read(check, raw)).toEqual({
      ...checkOfPath('/ready'),
      scheme: 'https',
      host: 'shop.example.com',
      status: [
        { from: 200, to: 200 },
        { from: 301, to: 302 },
      ],
      body: 'ok',
      json: { '/status': 'up' },
      header: { 'X-Color': 'blue' },
      headers: { Authorization: 'Bearer x' },
      maxLatency: 300,
    })
  })

  it('says everything that is wrong inside', () => {
    const raw = {
      staus: '200',
      scheme: 'ftp',
      status: ['2xx', '200'],
      'max-latency': '300',
      headers: { 'a b': 'x' },
    }
    expect(read(check, raw)).toEqual([
      'path is missing',
      'scheme is not one of the choices',
      'status.0 is not a status',
      'headers.a b is not the name of a header',
      'max-latency has no unit',
      'staus is not known',
    ])
    expect(read(check, ['/health'])).toEqual([' cannot stand here'])
  })
})

describe('a hook', () => {
  const plain = { where: 'runner', timeout: 600_000, env: {} }
  it.each([
    ['a text', './migrate', [{ ...plain, run: './migrate' }]],
    [
      'a map',
      { run: './migrate', where: 'target', timeout: '1m', env: { A: '1.10' } },
      [{ run: './migrate', where: 'target', timeout: 60_000, env: { A: '1.10' } }],
    ],
    [
      'a list of both',
      ['./a', { run: './b' }],
      [
        { ...plain, run: './a' },
        { ...plain, run: './b' },
      ],
    ],
    ['an empty list', [], []],
  ])('is %s', (_, raw, hooks) => {
    expect(read(hook, raw)).toEqual(hooks)
  })

  it('says everything that is wrong inside', () => {
    const raw = [
      { run: '', where: 'host', timeout: '0s', env: { 'A-B': 'x', BLUE_GREEN_APP: 'y', C: ['z'] } },
      ['./a'],
    ]
    expect(read(hook, raw)).toEqual([
      '0.run is empty',
      '0.where is not one of the choices',
      '0.timeout is too short',
      expect.stringMatching(/^0\.env\.A-B is not a name/),
      expect.stringMatching(/^0\.env\.BLUE_GREEN_APP is not a name/),
      '0.env.C cannot stand here',
      '1 cannot stand here',
    ])
  })
})

describe('a value for each color', () => {
  const form = perColorForm('a URL', { parse: parseUrl })

  it('is a pattern or a map', () => {
    expect(read(form, 'http://{color}.{app}:80')).toEqual({
      blue: 'http://blue.{app}:80',
      green: 'http://green.{app}:80',
    })
    expect(read(form, { blue: 'http://a', green: 'http://b' })).toEqual({
      blue: 'http://a',
      green: 'http://b',
    })
  })

  it.each([
    ['http://same', [' names the same thing for both colors: it needs `{color}`, or a map']],
    ['{color}.local', [' is not an http or https URL']],
    [{ blue: 'http://a' }, ['green is missing']],
    [
      { blue: 'a', green: 'http://{serivce}' },
      ['blue is not an http or https URL', 'green holds `{serivce}`, which is not known'],
    ],
    [{ blue: 'http://a', green: 'http://b', red: 'http://c' }, ['red is not known']],
  ])('refuses %j', (raw, findings) => {
    expect(read(form, raw)).toEqual(findings)
  })
})

describe('a version check', () => {
  it.each([
    [
      { path: '/version', json: '/version' },
      { kind: 'json', pointer: '/version' },
    ],
    [
      { path: '/version', header: 'X-Version' },
      { kind: 'header', name: 'X-Version' },
    ],
    [{ path: '/version', body: '' }, { kind: 'body' }],
    [{ path: '/version', body: 'true' }, { kind: 'body' }],
  ])('%j', (raw, from) => {
    expect(read(versionCheck, raw)).toEqual({ path: '/version', from })
  })

  it.each([
    [{ path: '/version' }, [' needs exactly one of `json`, `header` and `body`']],
    [{ path: '/version', json: '/v', body: '' }, [' needs exactly one of `json`, `header` and `body`']],
    [{ json: 'version' }, ['path is missing', 'json is not a JSON pointer']],
    ['/version', [' cannot stand here']],
  ])('refuses %j', (raw, findings) => {
    expect(read(versionCheck, raw)).toEqual(findings)
  })
})

describe('services', () => {
  it('may say nothing but their names', () => {
    expect(read(services, { web: '', api: {} })).toEqual({ web: {}, api: {} })
  })

  it.each([
    [{}, [' names no service']],
    [{ 'a/b': {} }, [expect.stringMatching(/^a\/b is not a name/)]],
    [
      { web: { 'blue-port': '0', start: 'later' } },
      ['web.blue-port is not a port', 'web.start is not one of the choices'],
    ],
    [{ web: { urll: 'x' } }, ['web.urll is not known']],
    ['web', [' cannot stand here']],
  ])('refuse %j', (raw, findings) => {
    expect(read(services, raw)).toEqual(findings)
  })
})
