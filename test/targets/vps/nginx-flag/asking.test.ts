import { describe, expect, it } from 'vitest'
import { type Answer, parseReply } from '../../../../src/targets/vps/nginx-flag/answer.ts'
import { editText } from '../../../../src/targets/vps/nginx-flag/edits.ts'
import { parseLook } from '../../../../src/targets/vps/nginx-flag/flag.ts'
import { listenersOf } from '../../../../src/targets/vps/nginx-flag/listeners.ts'
import { nginxName, routedServices, upstreamOf } from '../../../../src/targets/vps/nginx-flag/names.ts'
import { httpText } from '../../../../src/targets/vps/nginx-flag/snippets.ts'
import { type GivenSettings, saying, settingsOf } from './place.ts'

describe('what an app is called in nginx', () => {
  it.each([
    ['my-app', 'my_app'],
    ['Shop.v2', 'shop_v2'],
    ['9to5', 'app_9to5'],
  ])('%s: %s', (app, name) => {
    expect(nginxName(app)).toBe(name)
  })

  it.each([
    ['my-app', 'my-app', 'my_app'],
    ['my-app', 'front-end', 'my_app_front_end'],
    ['my-app', '2nd', 'my_app_2nd'],
  ])('of %s, service %s: %s', (app, service, upstream) => {
    expect(upstreamOf(app, service)).toBe(upstream)
  })

  it('leaves out what has no ports', () => {
    const services = [{ name: 'web' }, { name: 'worker', ports: { blue: null, green: null } }]
    expect(routedServices(settingsOf({ services })).map(({ upstream }) => upstream)).toEqual(['my_app_web'])
    expect(httpText(settingsOf({ services }))).not.toContain('worker')
    expect(editText(settingsOf({ services }))).not.toContain('worker')
  })
})

describe('where nginx is asked', () => {
  const web = (url: string) => [{ name: 'web', url }]
  it.each<
    [
      string,
      GivenSettings,
      readonly (readonly [host: string, port: number, header: string, sni: string | null])[],
    ]
  >([
    ['a url', { services: web('http://a.example/x?y') }, [['127.0.0.1', 80, 'a.example', null]]],
    ['https', { services: web('https://a.example') }, [['127.0.0.1', 443, 'a.example', 'a.example']]],
    [
      'a port',
      { services: web('https://a.example:8443') },
      [['127.0.0.1', 8443, 'a.example:8443', 'a.example']],
    ],
    ['an address', { services: web('https://203.0.113.7') }, [['127.0.0.1', 443, '203.0.113.7', '']]],
    ['IPv6', { services: web('https://[2001:db8::1]') }, [['127.0.0.1', 443, '[2001:db8::1]', '']]],
    [
      'several, each once',
      {
        services: [
          { name: 'a', url: 'https://a.example/' },
          { name: 'b', url: 'https://a.example/api' },
          { name: 'c', url: 'https://c.example' },
          { name: 'd' },
        ],
      },
      [
        ['127.0.0.1', 443, 'a.example', 'a.example'],
        ['127.0.0.1', 443, 'c.example', 'c.example'],
      ],
    ],
    [
      'an address as proxy-url',
      { proxyUrl: 'http://10.0.0.5:8080', services: web('https://a.example') },
      [['10.0.0.5', 8080, 'a.example', null]],
    ],
    [
      'localhost as proxy-url, with TLS',
      { proxyUrl: 'https://localhost:8443', services: web('https://a.example') },
      [['127.0.0.1', 8443, 'a.example', 'a.example']],
    ],
    [
      'IPv6 as proxy-url',
      { proxyUrl: 'http://[::1]', services: web('https://a.example') },
      [['::1', 80, 'a.example', null]],
    ],
    [
      'a name as proxy-url',
      { proxyUrl: 'http://inside.example:8080', services: web('https://a.example') },
      [['127.0.0.1', 8080, 'inside.example:8080', null]],
    ],
    ['proxy-url alone', { proxyUrl: 'http://127.0.0.1' }, [['127.0.0.1', 80, '127.0.0.1', null]]],
    [
      'the switch servers',
      { listen: { web: 8100, api: 8101 }, services: [...web('https://a.example'), { name: 'api' }] },
      [
        ['127.0.0.1', 8100, '127.0.0.1:8100', null],
        ['127.0.0.1', 8101, '127.0.0.1:8101', null],
      ],
    ],
    ['nothing', {}, []],
  ])('%s', (_, given, expected) => {
    const asked = listenersOf(settingsOf(given))
    expect(
      asked.map(({ address, host, serverName }) => [address.host, address.port, host, serverName]),
    ).toEqual(expected)
    expect(asked.every(({ path }) => path === '/.blue-green/my-app/color')).toBe(true)
  })
})

describe('what nginx answers', () => {
  it.each<[number, string | null, string, Answer]>([
    [200, null, 'blue ready\n', { kind: 'color', color: 'blue' }],
    [200, null, 'green ready\n', { kind: 'color', color: 'green' }],
    [200, null, 'blue lost\n', { kind: 'lost' }],
    [200, null, 'green lost\n', { kind: 'lost' }],
    [404, null, '<html>', { kind: 'missing' }],
    [301, 'https://a/', '', { kind: 'redirect', location: 'https://a/' }],
    [200, null, 'blue ready', { kind: 'missing' }],
    [500, null, 'blue ready\n', { kind: 'other', detail: 'answers 500 "blue ready" instead of a color' }],
    [200, null, ' blue ready\n', { kind: 'missing' }],
    [304, null, '', { kind: 'other', detail: 'answers 304 instead of a color' }],
  ])('%i %s %j', (status, location, body, answer) => {
    expect(parseReply({ status, location, body })).toEqual(answer)
  })
})

it.each([
  [
    'flag green\nuser deploy\nhidden /root\nhidden /root/a b',
    { flag: 'green', user: 'deploy', hidden: ['/root', '/root/a b'] },
  ],
  ['flag red', { flag: 'closed', user: '', hidden: [] }],
  ['', { flag: 'closed', user: '', hidden: [] }],
])('reads what the files say: %j', (said, files) => {
  expect(parseLook(said)).toEqual(files)
})

it('tells the owner of several services what to write for each', () => {
  const services = [{ name: 'web' }, { name: 'api', ports: { blue: 3011, green: 3021 } }]
  expect(editText(settingsOf({ services }))).toEqual(
    saying(
      'touch /var/lib/blue-green/my-app/green',
      'include /etc/nginx/snippets/blue-green-my-app.conf;',
      'location of web',
      'proxy_pass http://my_app_web_$my_app_color;',
      'location of api',
      'proxy_pass http://my_app_api_$my_app_color;',
      'sudo nginx -t && sudo nginx -s reload',
    ),
  )
})
