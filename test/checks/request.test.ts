import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RequestSpec } from '../../src/checks/destination.ts'
import { type Answer, type Exchange, sendRequest } from '../../src/checks/request.ts'
import type { Reach } from '../../src/targets/target.ts'
import { at, closedPort, dialed, listen, serve, serveSocket } from './servers.ts'

const run = promisify(execFile)
const forever = new AbortController().signal

const get = (reach: Reach, spec: Partial<RequestSpec> = {}, timeout = 5000): Promise<Exchange> =>
  sendRequest(
    reach,
    { path: '/', scheme: null, host: null, headers: {}, ...spec },
    { timeout, signal: forever },
  )

const answerOf = (exchange: Exchange): Answer => {
  if (exchange.kind === 'failed') throw new Error(exchange.reason)
  return exchange.answer
}

const reasonOf = (exchange: Exchange): string =>
  exchange.kind === 'failed' ? exchange.reason : `answered ${exchange.answer.status}`

/** Answers with what the server saw of the request. */
const mirror = () =>
  serve(({ method, url, headers, socket }, response) => {
    response.setHeader('X-Client-Port', String(socket.remotePort))
    response.end(JSON.stringify({ method, url, ...headers }))
  })

describe('what is asked', () => {
  test('the path below that of the URL, with the query and letters beyond ASCII', async () => {
    const url = await mirror()
    const { body } = answerOf(await get(at(`${url}/shop/`), { path: '/größe?deep=1' }))
    expect(JSON.parse(body)).toMatchObject({ method: 'GET', url: '/shop/gr%C3%B6%C3%9Fe?deep=1' })
  })

  test('a path that looks like another host stays a path', async () => {
    const url = await mirror()
    const { body } = answerOf(await get(at(url), { path: '//example.com/x' }))
    expect(JSON.parse(body)).toMatchObject({ url: '//example.com/x', host: new URL(url).host })
  })

  test('the host and the headers of the check, over those of the way there', async () => {
    const url = await mirror()
    const reach = at(url, { 'X-Test': 'color', 'X-Both': 'way' })
    const { body } = answerOf(await get(reach, { host: 'shop.example', headers: { 'x-both': 'check' } }))
    expect(JSON.parse(body)).toMatchObject({ host: 'shop.example', 'x-test': 'color', 'x-both': 'check' })
  })

  test('a fresh connection each time', async () => {
    const url = await mirror()
    const ports = [answerOf(await get(at(url))), answerOf(await get(at(url)))].map(
      ({ headers }) => headers['x-client-port'],
    )
    expect(new Set(ports).size).toBe(2)
  })

  test.each([
    ['a newline in a header value', { headers: { 'x-token': 'a\r\nX-Admin: 1' } }, 'header "x-token"'],
    ['a newline in a header name', { headers: { 'x\ny': '1' } }, 'header "x\\ny"'],
    ['a newline in the host', { host: 'a\r\nX-Admin: 1' }, 'header "host"'],
    ['a newline in the path', { path: '/health\r\nX-Admin: 1' }, 'the path "/health\\r\\nX-Admin: 1"'],
    ['a host that is none', { host: 'a b' }, 'the host "a b" is not a host name'],
    ['a method that is none', { method: 'GE T' }, 'Method must be a valid HTTP token'],
  ])('%s is refused, and nothing is sent', async (_, spec, reason) => {
    let asked = 0
    const url = await serve((_, response) => {
      asked += 1
      response.end()
    })
    expect(reasonOf(await get(at(url), spec))).toContain(reason)
    expect(asked).toBe(0)
  })

  test('a URL that is none is refused', async () => {
    expect(reasonOf(await get(at('ftp://example.com')))).toBe(
      '"ftp://example.com" is not an http or https URL',
    )
  })
})

describe('what is answered', () => {
  test('status, joined headers in lower case, and the body', async () => {
    const url = await serve((_, response) => {
      response.writeHead(
        418,
        [
          ['X-Color', 'green'],
          ['Vary', 'a'],
          ['Vary', 'b'],
        ].flat(),
      )
      response.end('short and stout')
    })
    expect(answerOf(await get(at(url)))).toMatchObject({
      status: 418,
      headers: { 'x-color': 'green', vary: 'a, b' },
      body: 'short and stout',
    })
  })

  test('the first 64 KiB of a long body', async () => {
    const url = await serve((_, response) => response.end('x'.repeat(300_000)))
    expect(answerOf(await get(at(url))).body).toBe('x'.repeat(64 * 1024))
  })

  test('a redirect as it is, unfollowed', async () => {
    let asked = 0
    const url = await serve((_, response) => {
      asked += 1
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    expect(answerOf(await get(at(url)))).toMatchObject({ status: 302, headers: { location: '/elsewhere' } })
    expect(asked).toBe(1)
  })

  test('the time until the last byte', async () => {
    const url = await serve((_, response) => {
      response.write('a')
      setTimeout(() => response.end('b'), 120)
    })
    expect(answerOf(await get(at(url))).latency).toBeGreaterThan(100)
  })
})

describe('why there is no answer', () => {
  test('nobody listens', async () => {
    const port = await closedPort()
    expect(reasonOf(await get(at(`http://127.0.0.1:${port}`)))).toBe(`connection refused (127.0.0.1:${port})`)
  })

  test('the server never answers', async () => {
    const url = await serve(() => {})
    expect(reasonOf(await get(at(url), {}, 80))).toBe('timed out after 80ms (connected, no answer)')
  })

  test('the server stops in the middle of its answer', async () => {
    const url = await serve((_, response) => response.write('half'))
    expect(reasonOf(await get(at(url), {}, 80))).toBe('timed out after 80ms (in the middle of the answer)')
  })

  test('a timed-out connection is closed', async () => {
    const closed = Promise.withResolvers<string>()
    const url = await serveSocket((socket) => socket.resume().on('close', () => closed.resolve('closed')))
    await get(at(url), {}, 50)
    expect(await closed.promise).toBe('closed')
  })

  test.each([
    ['reset', (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
    ['closed', (socket: { destroy(): void }) => socket.destroy()],
  ])('the connection is %s', async (_, cut) => {
    const url = await serveSocket((socket) => socket.once('data', () => cut(socket)))
    expect(reasonOf(await get(at(url)))).toBe('connection closed before an answer')
  })

  test('the answer is cut short', async () => {
    const url = await serveSocket((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')),
    )
    expect(reasonOf(await get(at(url)))).toBe('connection closed in the middle of the answer (200)')
  })

  test('the answer is not HTTP', async () => {
    const url = await serveSocket((socket) => socket.end('220 mail ready\r\n'))
    expect(reasonOf(await get(at(url)))).toContain('the answer is not valid HTTP')
  })

  test('the name does not resolve', async () => {
    expect(reasonOf(await get(at('http://nobody.invalid')))).toMatch(
      /^the name (does not resolve|server does not answer) \(nobody\.invalid\)$/,
    )
  })

  test('the tunnel cannot be dialed', async () => {
    const reach: Reach = {
      kind: 'stream',
      url: 'http://127.0.0.1:3010',
      dial: () => Promise.reject(new Error('Channel open failure:\nConnection refused')),
    }
    expect(reasonOf(await get(reach))).toBe('Channel open failure:\\nConnection refused')
  })

  test('the tunnel is never dialed, and comes too late', async () => {
    const url = await mirror()
    const late = dialed(url, url)
    const stream = Promise.withResolvers<Duplex>()
    const reach: Reach = { kind: 'stream', url, dial: () => stream.promise }
    expect(reasonOf(await get(reach, {}, 50))).toBe('timed out after 50ms (no connection)')
    if (late.kind !== 'stream') throw new Error('not dialed')
    const opened = await late.dial(forever)
    const closed = new Promise((resolve) => opened.on('close', () => resolve('closed')))
    stream.resolve(opened)
    expect(await closed).toBe('closed')
  })

  test('the run is interrupted: its reason, not a failure', async () => {
    const url = await serve(() => {})
    const run = new AbortController()
    const asked = sendRequest(
      at(url),
      { path: '/', scheme: null, host: null, headers: {} },
      { timeout: 5000, signal: run.signal },
    )
    setTimeout(() => run.abort(new Error('SIGTERM')), 30)
    await expect(asked).rejects.toThrow('SIGTERM')
  })
})

describe('localhost', () => {
  test.each(['localhost', 'blue.localhost'])('%s reaches a server on 127.0.0.1 alone', async (name) => {
    const url = await mirror()
    expect(answerOf(await get(at(url.replace('127.0.0.1', name)))).status).toBe(200)
  })

  test('each address that refused is named', async () => {
    const port = await closedPort()
    expect(reasonOf(await get(at(`http://localhost:${port}`)))).toContain(
      `connection refused (127.0.0.1:${port})`,
    )
  })

  test('a proxy of the environment is not asked', async () => {
    const url = await mirror()
    const script = `
      const { sendRequest } = await import(${JSON.stringify(new URL('../../src/checks/request.ts', import.meta.url))})
      const spec = { path: '/', scheme: null, host: null, headers: {} }
      const limits = { timeout: 5000, signal: new AbortController().signal }
      console.log(JSON.stringify(await sendRequest({ kind: 'url', url: '${url}', headers: {} }, spec, limits)))`
    const proxy = `http://127.0.0.1:${await closedPort()}`
    const env = {
      ...process.env,
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      NO_PROXY: '',
    }
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env })
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'answered', answer: { status: 200 } })
  })
})

describe('a dialed stream', () => {
  test('carries HTTP to wherever it leads', async () => {
    const url = await mirror()
    const { body } = answerOf(
      await get(dialed(url, 'http://127.0.0.1:3010'), { host: 'shop.example', path: '/health' }),
    )
    expect(JSON.parse(body)).toMatchObject({ url: '/health', host: 'shop.example' })
  })

  test.each<Partial<RequestSpec>>([{ scheme: 'http' }, { scheme: 'https' }, { method: 'GE T' }])(
    'is closed whatever came of it: %j',
    async (spec) => {
      const url = 'http://127.0.0.1:3010'
      const opened: Duplex[] = []
      const reach: Reach = {
        kind: 'stream',
        url,
        dial: async () => {
          const stream = new Duplex({ read: () => {}, write: (_, __, done) => done() })
          opened.push(stream)
          // What a mail server would say: neither HTTP nor TLS, on a connection that stays open.
          stream.push('220 mail ready\r\n')
          return stream
        },
      }
      expect((await get(reach, spec)).kind).toBe('failed')
      expect(opened.map(({ destroyed }) => destroyed)).toEqual([true])
    },
  )

  test('closed before an answer', async () => {
    const url = await serveSocket((socket) => socket.once('data', () => socket.destroy()))
    expect(reasonOf(await get(dialed(url, url)))).toBe('connection closed before an answer')
  })
})

describe('TLS', () => {
  test('over a dialed stream, with the host as its name, once the certificate is trusted', async () => {
    const certificate = makeCertificate('shop.example')
    let name: unknown
    const server = await listen(
      createTlsServer(certificate, (request, response) => {
        name = 'servername' in request.socket ? request.socket.servername : null
        response.end(`hello ${request.headers.host}`)
      }),
    )
    const reach = dialed(server, 'http://127.0.0.1:3010')
    const spec = { scheme: 'https', host: 'shop.example' } as const
    expect(reasonOf(await get(reach, spec))).toMatch(
      /self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\): set NODE_EXTRA_CA_CERTS/,
    )

    const trusted = getCACertificates('default')
    onTestFinished(() => setDefaultCACertificates(trusted))
    setDefaultCACertificates([...trusted, certificate.cert])
    expect(answerOf(await get(reach, spec)).body).toBe('hello shop.example')
    expect(name).toBe('shop.example')
    expect(answerOf(await get(at(server), spec)).body).toBe('hello shop.example')
    expect(reasonOf(await get(reach, { ...spec, host: 'other.example' }))).toMatch(
      /another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
    )
  })

  test('to a port that speaks plain HTTP', async () => {
    const url = await mirror()
    expect(reasonOf(await get(at(url), { scheme: 'https' }))).toContain('use http')
  })

  test('a handshake that never ends', async () => {
    const url = await listen(createServer((socket) => socket.resume()))
    expect(reasonOf(await get(dialed(url, url), { scheme: 'https' }, 80))).toBe(
      'timed out after 80ms (no connection)',
    )
  })
})

const makeCertificate = (name: string): { key: string; cert: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ]
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}
