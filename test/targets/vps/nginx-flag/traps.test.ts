import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/clock.ts'
import { assemble, parseFile } from '../../../../src/targets/vps/nginx-flag/configuration.ts'
import { editText, startingText } from '../../../../src/targets/vps/nginx-flag/edits.ts'
import { findFlagProblems } from '../../../../src/targets/vps/nginx-flag/preflight.ts'
import { filesScript, parseFiles } from '../../../../src/targets/vps/nginx-flag/reading.ts'
import { type FlagPlace, observeTraffic } from '../../../../src/targets/vps/nginx-flag/router.ts'
import { httpText, serverText } from '../../../../src/targets/vps/nginx-flag/snippets.ts'
import { findTraps } from '../../../../src/targets/vps/nginx-flag/traps.ts'
import { freePort } from '../../../bed/ports.ts'
import { connect, folder, forever } from '../../../host/place.ts'
import { saying, serverBlock, settingsOf, startPlace, stateFolder } from './place.ts'

const settings = settingsOf({ services: [{ name: 'my-app', url: 'https://shop.example' }] })
const host = 'proxy_set_header Host $host;'
const good = `location / { proxy_pass http://my_app_$my_app_color; ${host} }`

function trapsIn({
  app = httpText(settings),
  server = serverText(settings) + good,
  http = '',
  complete = true,
} = {}) {
  const text = `http {\n${http}\n${app}\nserver {\n${server}\n}\n}`
  return findTraps({ settings, tree: parseFile(text, 'nginx.conf'), complete, paste: 'PASTE' })
}

describe('nothing is wrong', () => {
  it.each<[string, Parameters<typeof trapsIn>[0]]>([
    ['as it is pasted', {}],
    [
      'with Host set further out',
      { http: host, server: `${serverText(settings)}location / { proxy_pass http://my_app_$my_app_color; }` },
    ],
    [
      'with a path of variables',
      {
        server: `${serverText(settings)}location ~ ^/a(.*) { proxy_pass http://my_app_$my_app_color/$1$is_args$args; ${host} }`,
      },
    ],
    [
      'with braces',
      { server: `${serverText(settings)}location / { proxy_pass http://my_app_\${my_app_color}; ${host} }` },
    ],
    ['with a cache of files elsewhere', { http: 'open_file_cache max=10; server { listen 81; }' }],
    [
      'with names of the owner',
      {
        server: `${serverText(settings)}set $to my_app_$my_app_color; location / { proxy_pass http://$to; }`,
      },
    ],
    [
      'in what may be read',
      { app: '', complete: false, server: `${serverText(settings)}location / { return 200; }` },
    ],
  ])('%s', (_, given) => {
    expect(trapsIn(given)).toEqual([])
  })

  it('where somebody starts from nothing', () => {
    expect(
      trapsIn({
        server: '',
        http: startingText(settings).replace(
          'include /etc/nginx/snippets/blue-green-my-app.conf;',
          serverText(settings),
        ),
      }),
    ).toEqual([])
  })

  it('with a switch server', () => {
    const listening = settingsOf({
      listen: { 'my-app': 8100 },
      services: [{ name: 'my-app', url: 'https://shop.example' }],
    })
    const text = `http {\n${httpText(listening)}\nupstream shop { server 127.0.0.1:8100; } server { location /a/ { proxy_pass http://shop/; } } }`
    expect(
      findTraps({ settings: listening, tree: parseFile(text, 'f'), complete: true, paste: 'PASTE' }),
    ).toEqual([])
  })
})

describe('what breaks for users', () => {
  it.each<[string, Parameters<typeof trapsIn>[0], { setting?: string; what: unknown; fix: unknown }]>([
    [
      'a path behind the color',
      {
        server: `${serverText(settings)}location /api/ { proxy_pass http://my_app_$my_app_color/; ${host} }`,
      },
      {
        what: saying('"/"', 'drops the query'),
        fix: saying('rewrite ^/api/(.*)$ /$1 break;', 'proxy_pass http://my_app_$my_app_color;'),
      },
    ],
    [
      'no Host',
      { server: `${serverText(settings)}location / { proxy_pass http://my_app_$my_app_color; }` },
      { what: saying('No Host is set', 'my_app_blue'), fix: saying(host) },
    ],
    [
      'Host set further out, and lost by another header',
      {
        http: host,
        server: `${serverText(settings)}location / { proxy_pass http://my_app_$my_app_color; proxy_set_header X-A b; }`,
      },
      { what: saying('No Host is set'), fix: saying(host) },
    ],
    [
      'a cache of files',
      {
        http: 'open_file_cache max=100;',
        server: serverText(settings).replace('open_file_cache off;', '') + good,
      },
      { what: saying('remembers files (nginx.conf:2)'), fix: saying('open_file_cache off;') },
    ],
    [
      'another folder',
      { server: serverText(settings).replaceAll('/blue-green/my-app/', '/old/') + good },
      {
        setting: 'state-directory',
        what: saying('/var/lib/blue-green/my-app/green', 'but for', '/var/lib/old/green'),
        fix: saying('if (-f /var/lib/blue-green/my-app/green)'),
      },
    ],
    [
      'a port that has changed since',
      { app: httpText(settings).replace('127.0.0.1:3020', '127.0.0.1:3021') },
      {
        setting: 'green-port',
        what: saying('green of my-app to 127.0.0.1:3021', 'green-port is 3020'),
        fix: saying('PASTE'),
      },
    ],
    [
      'no upstream',
      {
        app: httpText(settings).replace(/upstream my_app_blue [^}]*}/, ''),
        server: `${serverText(settings)}set $to my_app_$my_app_color; location / { proxy_pass http://$to; }`,
      },
      { what: saying('no upstream my_app_blue'), fix: 'PASTE' },
    ],
    [
      'an old proxy_pass that was left',
      { server: `${serverText(settings)}location / { proxy_pass http://127.0.0.1:3010; }` },
      {
        what: saying('Nothing in nginx leads to my_app', 'move nobody'),
        fix: saying('proxy_pass http://my_app_$my_app_color;'),
      },
    ],
  ])('%s', (_, given, expected) => {
    expect(trapsIn(given)).toEqual([{ setting: 'router', ...expected }])
  })

  it('colors that are exchanged', () => {
    const app = httpText(settings).replace('3010', 'x').replace('3020', '3010').replace('x', '3020')
    expect(trapsIn({ app }).map(({ what }) => what)).toEqual([
      saying('that is the port of green'),
      saying('that is the port of blue'),
    ])
  })

  it('a switch server that nobody asks', () => {
    const listening = settingsOf({
      listen: { 'my-app': 8100 },
      services: [{ name: 'my-app', url: 'https://shop.example' }],
    })
    const tree = parseFile(`http {\n${httpText(listening)}\n}`, 'f')
    expect(findTraps({ settings: listening, tree, complete: true, paste: 'PASTE' })).toEqual([
      {
        setting: 'router',
        what: saying('switch server of my-app on port 8100'),
        fix: saying('server 127.0.0.1:8100;'),
      },
    ])
  })
})

describe('files on a host', () => {
  const read = async (root: string) => {
    const finish = await connect().run(filesScript(root), {
      signal: forever,
      clock: systemClock,
      timeout: 10_000,
    })
    return parseFiles(finish.kind === 'exited' ? finish.stdout : '', root)
  }

  it('are those that nginx includes', async () => {
    const root = folder()
    for (const each of ['sites', 'keys']) mkdirSync(join(root, each))
    writeFileSync(
      join(root, 'nginx.conf'),
      'http { include mime.types; include "sites/*"; include nginx.conf; }\n',
    )
    writeFileSync(join(root, 'mime.types'), 'types { a b; }')
    writeFileSync(join(root, 'sites/shop'), 'server {\n\tinclude keys/options.conf;\n}')
    writeFileSync(join(root, 'keys/options.conf'), `ssl_ciphers 'é$("';`)
    writeFileSync(join(root, 'keys/private.pem'), 'SECRET')
    const files = await read(root)
    expect(files.complete).toBe(true)
    expect([...files.texts.keys()].map((path) => path.slice(root.length + 1)).toSorted()).toEqual([
      'keys/options.conf',
      'mime.types',
      'nginx.conf',
      'sites/shop',
    ])
    expect(assemble(files)[0]?.block?.map(({ name }) => name)).toEqual(['types', 'server'])
  })

  it('are none where there is no nginx', async () => {
    expect(await read(join(folder(), 'none'))).toMatchObject({ complete: false, texts: new Map() })
  })
})

describe('before a deployment', () => {
  const problemsOf = (place: FlagPlace, at: string) =>
    findFlagProblems(place, observeTraffic(place), join(at, 'nginx'))

  it('says what is wrong in the files of a real nginx, and nothing once it is right', async () => {
    const port = await freePort()
    const ports = { blue: 3010, green: 3020 }
    const given = settingsOf({
      stateDirectory: stateFolder(),
      services: [{ name: 'my-app', ports, url: `http://127.0.0.1:${port}` }],
    })
    const http = (include: string) =>
      serverBlock(port, include, `location / { proxy_pass http://my_app_$my_app_color; ${host} }`)
    const { at, place } = await startPlace({ settings: given, port, http })
    expect(await problemsOf(place, at)).toEqual([])
    const moved = settingsOf({
      ...given,
      services: [{ name: 'my-app', ports: { ...ports, green: 3021 }, url: `http://127.0.0.1:${port}` }],
    })
    expect(await problemsOf({ ...place, settings: moved }, at)).toEqual([
      {
        setting: 'green-port',
        what: saying('127.0.0.1:3020', 'green-port is 3021'),
        fix: saying('sudo sh', '127.0.0.1:3021'),
      },
    ])
  })

  it('says where nginx does not know the app', async () => {
    const port = await freePort()
    const given = settingsOf({
      stateDirectory: stateFolder(),
      services: [{ name: 'my-app', url: `http://127.0.0.1:${port}` }],
    })
    const { at, place } = await startPlace({ settings: given, port, http: () => serverBlock(port) })
    expect(await problemsOf(place, at)).toEqual([
      {
        setting: 'router',
        what: saying('does not include'),
        fix: saying(editText(given).split('\n')[1] ?? ''),
      },
      { setting: 'router', what: 'Its files may be missing in nginx.', fix: saying('sudo sh') },
    ])
  })
})
