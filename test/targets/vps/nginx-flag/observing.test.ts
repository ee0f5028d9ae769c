import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { editText } from '../../../../src/targets/vps/nginx-flag/edits.ts'
import { pasteText } from '../../../../src/targets/vps/nginx-flag/paste.ts'
import { httpText, serverText } from '../../../../src/targets/vps/nginx-flag/snippets.ts'
import { createFlag, flip } from '../../../bed/flag.ts'
import { freePort } from '../../../bed/ports.ts'
import { serve } from '../../../checks/servers.ts'
import { folder } from '../../../host/place.ts'
import { lacks } from '../../../programs.ts'
import { certificate, openPlace, saying, serverBlock, settingsOf, startPlace, stateFolder } from './place.ts'

interface Given {
  /** Of nginx; one server block that includes the app where not given. */
  readonly http?: (include: string, port: number) => string
  /** null: none. */
  readonly url?: string | null
  readonly proxyUrl?: string
  readonly flag?: 'blue' | 'green'
  readonly workers?: string
}

async function start({ http = including, url, proxyUrl, ...given }: Given = {}) {
  const port = await freePort()
  const settings = settingsOf({
    stateDirectory: stateFolder(),
    proxyUrl: proxyUrl ?? null,
    services: [{ name: 'my-app', url: url === undefined ? `http://127.0.0.1:${port}/shop` : url }],
  })
  const started = await startPlace({ settings, port, http: (include) => http(include, port), ...given })
  return { port, settings, ...started }
}

const including = (include: string, port: number) => serverBlock(port, include)

describe('the color', () => {
  it.each(['blue', 'green'] as const)('is %s when nginx and the flag say so', async (color) => {
    const { router } = await start({ flag: color })
    expect(await router.observe()).toEqual({ kind: 'color', color })
  })

  it('is asked of the address of proxy-url for the host of url', async () => {
    const port = await freePort()
    const http = (include: string, other: number) =>
      serverBlock(other) + serverBlock(port) + serverBlock(port, 'server_name shop.example;', include)
    const asked = { http, url: 'https://shop.example', proxyUrl: `http://127.0.0.1:${port}` }
    const { router } = await start(asked)
    expect(await router.observe()).toEqual({ kind: 'color', color: 'blue' })
  })

  it('is told to the host itself alone, whoever a header says has asked', async () => {
    const socket = join(folder(), 'socket')
    const real = 'set_real_ip_from 0.0.0.0/0; set_real_ip_from unix:; real_ip_header X-Real-IP;'
    const { port } = await start({
      http: (include, port) => serverBlock(port, `listen unix:${socket};`, real, include),
    })
    const ask = (header: string, ...more: readonly string[]) => {
      const url = `http://127.0.0.1:${port}/.blue-green/my-app/color`
      return execFileSync('curl', ['-s', '-H', `X-Real-IP: ${header}`, ...more, url], { encoding: 'utf8' })
    }
    expect(ask('203.0.113.9')).toBe('blue ready\n')
    expect(ask('127.0.0.1', '--unix-socket', socket)).toContain('404 Not Found')
  })
})

describe('unknown', () => {
  it('where no server block includes the app, with all that is to be done', async () => {
    const { router, port, settings } = await start({
      http: (_, port) => serverBlock(port, 'location / { return 404; }'),
    })
    const traffic = await router.observe()
    expect(traffic).toMatchObject({
      kind: 'unknown',
      detail: saying(`:${port}/`, 'does not include blue-green-my-app.conf'),
    })
    const paste = pasteText({ settings, owner: userInfo().username })
    expect(traffic.kind === 'unknown' && traffic.repair.join('\n')).toBe(
      `Edit your site in nginx:\n${editText(settings)}\nWhere nginx does not find that file, paste this on the server first:\n${paste}`,
    )
  })

  it('on a host that was never prepared, with one block to paste', async () => {
    const services = [{ name: 'my-app', url: `http://127.0.0.1:${await freePort()}` }]
    const settings = settingsOf({ stateDirectory: join(folder(), 'none'), services })
    const { router } = await openPlace(settings)
    const traffic = await router.observe()
    expect(traffic).toMatchObject({ kind: 'unknown', detail: saying('does not exist', 'not told of my-app') })
    expect(traffic.kind === 'unknown' && traffic.repair.join('\n')).toEqual(saying('sudo sh', 'install -d'))
    expect(existsSync(settings.stateDirectory)).toBe(false)
  })

  it('without the marker: never blue', async () => {
    const { router, settings } = await start()
    rmSync(join(settings.stateDirectory, 'ready'))
    expect(await router.observe()).toMatchObject({
      kind: 'unknown',
      detail: saying('lost', 'ready is missing'),
      repair: expect.arrayContaining([`touch ${settings.stateDirectory}/ready`]),
    })
  })

  it.runIf(process.getuid?.() === 0)(
    'when the workers may not look, with the folder that is closed',
    async () => {
      const { router, settings } = await start({ workers: 'nobody nogroup' })
      const closed = join(settings.stateDirectory, '../..')
      expect(await router.observe()).toMatchObject({
        kind: 'unknown',
        detail: saying('lost', 'its workers cannot see'),
        repair: [`sudo chmod o+x ${closed}`],
      })
      execFileSync('chmod', ['o+x', closed])
      expect(await router.observe()).toEqual({ kind: 'color', color: 'blue' })
    },
  )

  it('behind a server block that only redirects', async () => {
    const { router, port } = await start({
      http: (include, port) => serverBlock(port, include, 'return 301 https://$host$request_uri;'),
    })
    expect(await router.observe()).toMatchObject({
      kind: 'unknown',
      detail: saying('only redirects to https://127.0.0.1'),
      repair: [saying(`port ${port}`, 'give the https address')],
    })
  })

  it('where nobody listens', async () => {
    const { router } = await start({ url: `http://127.0.0.1:${await freePort()}` })
    expect(await router.observe()).toMatchObject({ kind: 'unknown', detail: saying('refuses connections') })
  })

  it('where something else answers', async () => {
    const answering = (status: number) => serve((_, response) => response.writeHead(status).end('hello\n'))
    const { router } = await start({ url: await answering(500) })
    expect(await router.observe()).toMatchObject({
      kind: 'unknown',
      detail: saying('answers 500 "hello" instead of a color'),
    })
    const page = await start({ url: await answering(200) })
    expect(await page.router.observe()).toMatchObject({ kind: 'unknown', detail: saying('does not include') })
  })

  it('where http is asked for what speaks https only', async () => {
    const { router } = await start({ url: `https://127.0.0.1:${await freePort()}` })
    expect(await router.observe()).toMatchObject({ kind: 'unknown', detail: saying('refuses connections') })
  })

  it('where no setting says where nginx can be asked', async () => {
    const { router } = await start({ url: null })
    expect(await router.observe()).toMatchObject({ kind: 'unknown', detail: saying('no setting says where') })
  })

  it('when nginx looks for the flag in another folder', async () => {
    const elsewhere = join(folder(), 'elsewhere')
    mkdirSync(elsewhere)
    await createFlag(elsewhere, 'green')
    const other = serverText(settingsOf({ stateDirectory: elsewhere }))
    const { router, settings } = await start({ http: (_, port) => serverBlock(port, other) })
    expect(await router.observe()).toMatchObject({
      kind: 'unknown',
      detail: saying('says green', `the flag in ${settings.stateDirectory} says blue`, 'another folder'),
    })
  })
})

it('is mixed when two server blocks disagree, with what a person types for each color', async () => {
  const elsewhere = join(folder(), 'elsewhere')
  mkdirSync(elsewhere)
  await createFlag(elsewhere, 'green')
  const [shop, api, stateDirectory] = [await freePort(), await freePort(), stateFolder()]
  const settings = settingsOf({
    stateDirectory,
    services: [
      { name: 'shop', url: `http://127.0.0.1:${shop}` },
      { name: 'api', url: `http://127.0.0.1:${api}`, ports: { blue: 3011, green: 3021 } },
    ],
  })
  const other = serverText(settingsOf({ stateDirectory: elsewhere }))
  const http = (include: string) => serverBlock(shop, include) + serverBlock(api, other)
  const { router } = await startPlace({ settings, port: shop, http })
  expect(await router.observe()).toMatchObject({
    kind: 'mixed',
    detail: saying('says blue at', `:${shop}/`, 'green at', `:${api}/`),
    repair: expect.arrayContaining([`touch ${stateDirectory}/green`, `rm -f ${stateDirectory}/green`]),
  })
})

it('keeps two apps of one host apart, in one server block or in two', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const [first, second] = ['my-app', 'shop.v2'].map((app, at) =>
    settingsOf({
      app,
      stateDirectory: stateFolder(),
      services: [{ name: app, url, ports: { blue: 4000 + at, green: 4100 + at } }],
    }),
  )
  if (!first || !second) throw new Error('not two')
  await createFlag(second.stateDirectory, 'green')
  const http = (include: string) =>
    `${httpText(second)}${serverBlock(port, include, serverText(second).replace('open_file_cache off;', ''))}`
  const [one, two] = [await startPlace({ settings: first, port, http }), await openPlace(second)]
  expect(await one.router.observe()).toEqual({ kind: 'color', color: 'blue' })
  expect(await two.router.observe()).toEqual({ kind: 'color', color: 'green' })
  await flip(second.stateDirectory, 'blue')
  expect(await two.router.observe()).toEqual({ kind: 'color', color: 'blue' })
})

describe.skipIf(lacks('openssl'))('https', () => {
  it('asks the server block of the name, and does not mind its certificate', async () => {
    const port = await freePort()
    const tls = certificate(folder(), 'other.example')
    const block = (...lines: readonly string[]) =>
      `server {\n  listen 127.0.0.1:${port} ssl http2;\n  ${tls}\n  ${lines.join('\n  ')}\n}\n`
    const { router } = await start({
      http: (include, plain) =>
        serverBlock(plain) +
        block('server_name other.example;') +
        block('server_name shop.example;', include),
      url: `https://shop.example:${port}`,
    })
    expect(await router.observe()).toEqual({ kind: 'color', color: 'blue' })
  })

  it('says when the port speaks none', async () => {
    const port = await freePort()
    const { router } = await start({
      http: (include, plain) => serverBlock(plain) + serverBlock(port, include),
      url: `https://shop.example:${port}`,
    })
    expect(await router.observe()).toMatchObject({ kind: 'unknown', detail: saying('TLS failed') })
  })
})
