import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/settings/findings.ts'
import { check, checkOfPath } from '../../../src/settings/forms/check.ts'
import {
  composeFiles,
  composeName,
  composeProject,
  envFilePath,
} from '../../../src/settings/forms/compose.ts'
import type { Form } from '../../../src/settings/forms/form.ts'
import { hook } from '../../../src/settings/forms/hook.ts'
import { perColorForm } from '../../../src/settings/forms/per-color.ts'
import { router } from '../../../src/settings/forms/router.ts'
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

  it('may be the same for both where that has a meaning', () => {
    expect(read(composeName, 'web')).toEqual({ blue: 'web', green: 'web' })
    expect(read(envFilePath, '.env')).toEqual([
      ' names the same thing for both colors: it needs `{color}`, or a map',
    ])
  })

  it('knows the color in a map too, and no service where there is none', () => {
    expect(read(composeName, { blue: '{service}', green: '{service}-{color}' })).toEqual({
      blue: '{service}',
      green: '{service}-green',
    })
    expect(read(composeProject, '{service}-{color}')).toEqual([' holds `{service}`, which is not known'])
  })
})

describe('compose files', () => {
  it.each([
    ['compose.{color}.yml', { blue: ['compose.blue.yml'], green: ['compose.green.yml'] }],
    ['compose.yml', { blue: ['compose.yml'], green: ['compose.yml'] }],
    [
      ['compose.yml', { blue: 'b.yml', green: '/srv/g.yml' }],
      { blue: ['compose.yml', 'b.yml'], green: ['compose.yml', '/srv/g.yml'] },
    ],
  ])('%j', (raw, files) => {
    expect(read(composeFiles, raw)).toEqual(files)
  })

  it.each<[Raw, readonly string[]]>([
    [[], [' names no file']],
    [['a.yml', '~/b.yml'], ['1 begins with `~`, which is not expanded: write the whole path']],
    ['{colour}.yml', [' holds `{colour}`, which is not known']],
    [{ blue: 'a.yml' }, ['green is missing']],
  ])('refuse %j', (raw, findings) => {
    expect(read(composeFiles, raw)).toEqual(findings)
  })
})

describe('the router', () => {
  it.each<[Raw, unknown]>([
    ['nginx-flag', null],
    [{ 'nginx-flag': '' }, null],
    [{ 'nginx-flag': {} }, null],
    [{ 'nginx-flag': { listen: '8100' } }, 8100],
    [{ 'nginx-flag': { listen: { web: '8100', api: '8101' } } }, { web: 8100, api: 8101 }],
  ])('%j', (raw, listen) => {
    expect(read(router, raw)).toEqual({ kind: 'nginx-flag', listen })
  })

  const notYet = 'is not available yet in this version'
  it.each<[Raw, readonly string[]]>([
    [{ file: 'x.conf', tokens: { blue: 'a', green: 'b' } }, [`file ${notYet}`]],
    [{ file: 'x.conf', copy: 'x.{color}.conf' }, [`file ${notYet}`]],
    [{ file: 'x.conf', template: 'x', values: {} }, [`file ${notYet}`]],
    [{ link: 'x', to: 'y.{color}' }, [`link ${notYet}`]],
    [{ switch: './a', read: './b' }, [`switch ${notYet}`]],
    [[{ file: 'x' }, { file: 'y' }], [` ${notYet}`]],
    [{ ingress: 'x', rule: 'http://y' }, ['rule begins with a scheme']],
    [
      { ingress: 'x', service: 'z' },
      [expect.stringMatching(/^service names the same thing for both colors/)],
    ],
    [{ ingress: 'X' }, [expect.stringMatching(/^ingress is not a name in Kubernetes/)]],
    [{ ingress: 'x', backend: 'z-{color}' }, [' has `backend`, which goes with `httproute`']],
    [{ httproute: 'x', rule: 'y' }, [' has `rule`, which goes with `ingress`']],
    [{ ingress: 'x', httproute: 'y' }, [' names more than one router']],
    ['nginx', [' is not one of the choices']],
    [{ to: 'y' }, [' names no router']],
    [{}, [' names no router']],
    [{ 'nginx-flag': { port: '8100' } }, ['nginx-flag.port is not known']],
    [{ 'nginx-flag': { listen: '0' } }, ['nginx-flag.listen is not a port']],
    [
      { 'nginx-flag': { listen: { 'a b': '1' } } },
      [expect.stringMatching(/^nginx-flag\.listen\.a b is not a name/)],
    ],
  ])('refuses %j', (raw, findings) => {
    expect(read(router, raw)).toEqual(findings)
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
