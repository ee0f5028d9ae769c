import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../../../src/clock.ts'
import { askingOver } from '../../../../src/targets/kubernetes/api/asking.ts'
import type { ApiRequest, WatchEvent } from '../../../../src/targets/kubernetes/api/cluster.ts'
import { TargetUnreachable } from '../../../../src/targets/target.ts'

const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
const get: ApiRequest = { method: 'GET', path: '/api/v1/namespaces/shop/services/web' }
const patch: ApiRequest = { ...get, method: 'PATCH', body: [] }

/** Pauses pass at once; what takes as long as a request may never ends, or ends at once as well. */
const pausing = (slept: number[], doesTimePass = false): Clock => ({
  ...systemClock,
  sleep: (time, signal) => {
    if (time < 10_000 || doesTimePass) {
      slept.push(time)
      return systemClock.sleep(doesTimePass ? 300 : 0, signal)
    }
    return systemClock.sleep(60_000, signal)
  },
})

interface Options {
  readonly signal?: AbortSignal
  readonly doesTimePass?: boolean
  readonly said?: string
}

/** An API whose answers are taken in turn, the last one again and again. */
async function openApi(answers: readonly RequestListener[], options: Options = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'asking-'))
  const socket = join(folder, 'api.sock')
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    response.setHeader('date', date)
    answers[Math.min(asked.length, answers.length) - 1]?.(request, response)
  })
  server.listen(socket)
  await once(server, 'listening')
  const slept: number[] = []
  const asking = askingOver({
    proxy: { open: async () => socket, lastWords: () => options.said ?? '', close: async () => {} },
    name: 'context prod, namespace shop',
    clock: pausing(slept, options.doesTimePass),
    signal: options.signal ?? new AbortController().signal,
  })
  onTestFinished(() => {
    asking.close()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  })
  return { asking, asked, slept }
}

const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
const plain = (status: number, body: string) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(body)
}
const breakOff = (request: IncomingMessage) => void request.socket.destroy()
const sayNothing = () => {}

describe('asking', () => {
  it('answers what the API says, with the time there', async () => {
    const { asking } = await openApi([json(200, { kind: 'Service' }), plain(200, 'a line\n')])
    expect(await asking.ask(get)).toEqual({
      kind: 'answered',
      body: { kind: 'Service' },
      serverTime: Date.UTC(2026, 0, 1),
    })
    expect(await asking.ask(get)).toMatchObject({ kind: 'answered', body: 'a line\n' })
    expect(asking.requests).toBe(2)
  })

  it.each([
    [{ method: 'POST' }, 'application/json'],
    [{ method: 'PATCH' }, 'application/json-patch+json'],
    [{ method: 'PATCH', patch: 'apply' }, 'application/apply-patch+yaml'],
  ] as const)('says what it sends: %j', async (how, type) => {
    const echo: RequestListener = async (request, response) => {
      const said = { body: JSON.parse(await text(request)), type: request.headers['content-type'] }
      response.setHeader('content-type', 'application/json').end(JSON.stringify(said))
    }
    const { asking } = await openApi([echo])
    const body = { names: 'größer' }
    expect(await asking.ask({ ...get, ...how, body })).toMatchObject({ body: { body, type } })
  })

  it.each([404, 403, 409, 422])('hands on a refusal: %i', async (code) => {
    const status = { kind: 'Status', reason: 'Reason', message: 'what is wrong', code }
    const { asking } = await openApi([json(code, status)])
    expect(await asking.ask(get)).toEqual({
      kind: 'refused',
      status: code,
      reason: 'Reason',
      message: 'what is wrong',
      serverTime: Date.UTC(2026, 0, 1),
    })
    expect(asking.requests).toBe(1)
  })

  it.each<[string, RequestListener]>([
    ['500', plain(500, 'dial tcp: connection refused')],
    ['503', json(503, { message: 'etcd has no leader' })],
    ['a broken connection', breakOff],
    ['half an answer', (_, response) => void response.writeHead(200).end('{"kind"')],
  ])('reads again after %s', async (_, trouble) => {
    const broken: RequestListener = (request, response) => {
      response.setHeader('content-type', 'application/json')
      trouble(request, response)
    }
    const { asking, slept } = await openApi([broken, broken, json(200, {})])
    expect(await asking.ask(get)).toMatchObject({ kind: 'answered' })
    expect(slept).toEqual([500, 1_000])
  })

  it('waits as long as it is asked to', async () => {
    const { asking, slept } = await openApi([json(429, {}, { 'retry-after': '2' }), json(200, {})])
    await asking.ask(get)
    expect(slept).toEqual([2_000])
  })

  it('gives up in the end, and says what is known', async () => {
    const { asking } = await openApi([plain(500, 'dial tcp: connection refused')], { said: 'aws: not found' })
    const failing = asking.ask(get)
    await expect(failing).rejects.toThrow(TargetUnreachable)
    await expect(failing).rejects.toThrow(
      'The API server (context prod, namespace shop) did not answer GET /api/v1/namespaces/shop/services/web. ' +
        'Nothing is known of what is there. 500 dial tcp: connection refused.\nkubectl said last: aws: not found\n',
    )
    expect(asking.requests).toBe(4)
  })

  it.each<[string, RequestListener]>([
    ['500', plain(500, '')],
    ['a broken connection', breakOff],
  ])('changes nothing twice after %s', async (_, trouble) => {
    const { asking, asked } = await openApi([trouble])
    const failing = asking.ask(patch)
    await expect(failing).rejects.toThrow(TargetUnreachable)
    await expect(failing).rejects.toThrow('Whether it was done there is unknown')
    expect(asked).toHaveLength(1)
  })

  it('does not wait for ever', async () => {
    const { asking } = await openApi([sayNothing], { doesTimePass: true })
    await expect(asking.ask(patch)).rejects.toThrow('Nothing came within 10 s')
  })

  it('ends with the run', async () => {
    const controller = new AbortController()
    const { asking } = await openApi([() => controller.abort(new Error('interrupted'))], controller)
    await expect(asking.ask(get)).rejects.toThrow('interrupted')
    await expect(asking.ask(get)).rejects.toThrow('interrupted')
    expect(asking.requests).toBe(1)
  })
})

const event = (name: string) => ({ type: 'ADDED', object: { name } })

/** Each piece as a chunk of its own. */
const streamed =
  (pieces: readonly string[], end: 'end' | 'stay' | 'break'): RequestListener =>
  async (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    for (const piece of pieces) {
      response.write(piece)
      await systemClock.sleep(5)
    }
    if (end === 'end') response.end()
    if (end === 'break') request.socket.destroy()
  }

async function collect(events: AsyncIterable<WatchEvent>, onEvent = (_: number) => {}) {
  const seen: WatchEvent[] = []
  for await (const one of events) onEvent(seen.push(one))
  return seen
}

describe('watching', () => {
  const never = new AbortController().signal
  const list: ApiRequest = { method: 'GET', path: '/api/v1/pods?labelSelector=app%3Dshop&resourceVersion=7' }

  it('gives one event for each line, wherever it is cut', async () => {
    const whole = `${JSON.stringify(event('größer'))}\n${JSON.stringify(event('b'))}\n`
    const bytes = Buffer.from(whole)
    for (const cut of [1, bytes.indexOf('ö') + 1, whole.indexOf('\n'), whole.indexOf('\n') + 2]) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)] as unknown as string[]
      const { asking } = await openApi([streamed(pieces, 'end')])
      expect(await collect(asking.watch(list, never))).toEqual([event('größer'), event('b')])
    }
  })

  it('asks for an end in time', async () => {
    const { asking, asked } = await openApi([streamed([], 'end')])
    await collect(asking.watch(list, never))
    expect(asked[0]?.url).toBe(`${list.path}&watch=true&timeoutSeconds=30`)
    expect(asking.requests).toBe(1)
  })

  it('ends with its signal', async () => {
    const controller = new AbortController()
    const { asking } = await openApi([streamed([`${JSON.stringify(event('a'))}\n`], 'stay')])
    const seen = await collect(asking.watch(list, controller.signal), () => controller.abort())
    expect(seen).toEqual([event('a')])
  })

  it('ends with the run', async () => {
    const controller = new AbortController()
    const { asking } = await openApi([streamed([`${JSON.stringify(event('a'))}\n`], 'stay')], controller)
    const watched = collect(asking.watch(list, never), () => controller.abort(new Error('interrupted')))
    await expect(watched).rejects.toThrow('interrupted')
  })

  it('that breaks off is no end', async () => {
    const { asking } = await openApi([streamed(['{"type":"ADDED","object'], 'break')])
    await expect(collect(asking.watch(list, never))).rejects.toThrow(TargetUnreachable)
  })

  it('that hears nothing past its time is no end', async () => {
    const { asking } = await openApi([streamed([], 'stay')], { doesTimePass: true })
    await expect(collect(asking.watch(list, never))).rejects.toThrow('did not end in its time')
  })

  it('shows a refusal as an event', async () => {
    const { asking } = await openApi([json(403, { reason: 'Forbidden', message: 'not for you' })])
    expect(await collect(asking.watch(list, never))).toEqual([
      {
        type: 'ERROR',
        object: { kind: 'Status', code: 403, reason: 'Forbidden', message: 'not for you' },
      },
    ])
  })

  it('of a server without an answer is none', async () => {
    const { asking } = await openApi([json(503, { message: 'starting' })])
    await expect(collect(asking.watch(list, never))).rejects.toThrow('503 starting')
  })
})
