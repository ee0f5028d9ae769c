import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Refusal } from '../../src/aws/aws.ts'
import { openAws } from '../../src/aws/open-aws.ts'
import { systemClock } from '../../src/clock.ts'
import { TargetUnreachable } from '../../src/targets/target.ts'

function openedHere() {
  const interrupt = new AbortController()
  const aws = openAws({
    region: 'eu-central-1',
    environment: process.env,
    clock: systemClock,
    signal: interrupt.signal,
  })
  return { aws, interrupt, [Symbol.dispose]: () => aws.close() }
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Answers in this order, the last one for ever. */
async function serve(...answers: readonly Answer[]) {
  let count = 0
  const server = createServer((request, response) => {
    request.resume()
    const answer = answers[Math.min(count, answers.length - 1)]
    count += 1
    answer?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'key')
  const { aws, interrupt } = openedHere()
  return {
    aws,
    interrupt,
    server,
    get received() {
      return count
    },
    async [Symbol.asyncDispose]() {
      aws.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const json =
  (status: number, body: unknown, date = new Date().toUTCString()): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', date })
    response.end(JSON.stringify(body))
  }
const servicesAt = (date: string) =>
  json(200, { services: [{ serviceName: 'shop-blue', desiredCount: 3 }], failures: [] }, date)
const services = servicesAt(new Date().toUTCString())
const ask = { cluster: 'prod', services: ['shop-blue'] }

afterEach(() => vi.unstubAllEnvs())

describe('AWS', () => {
  test('is asked where the environment says, and its clock is heard', async () => {
    const hour = Date.UTC(2026, 10, 21, 20)
    await using place = await serve(servicesAt(new Date(hour).toUTCString()))
    const { services: found } = await place.aws.ask('ecs:DescribeServices', ask)
    expect(found?.map(({ desiredCount }) => desiredCount)).toEqual([3])
    expect(place.aws.requests).toBe(1)
    const late = place.aws.now() - hour
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThan(60_000)
    expect(await place.aws.region()).toBe('eu-central-1')
  })

  test('is asked again where it had no answer to give, and each time counts', async () => {
    await using place = await serve(json(500, { __type: 'ServerException' }), services)
    await place.aws.ask('ecs:DescribeServices', ask)
    expect([place.aws.requests, place.received]).toEqual([2, 2])
  })

  test('that gives no answer at all leaves it unknown whether a change was done', async () => {
    await using place = await serve((request) => request.socket.destroy())
    const error = await place.aws.ask('ecs:UpdateService', { service: 'shop-blue' }).catch((one) => one)
    expect(error).toBeInstanceOf(TargetUnreachable)
    expect(error.message).toContain('Whether it was done there is unknown.')
    expect(place.received).toBe(5)
  })

  test('is sent nothing when it is too late, and nothing anew', async () => {
    await using place = await serve((request) => setTimeout(() => request.socket.destroy(), 100))
    const change = (time: number) =>
      place.aws
        .ask('ecs:UpdateService', { service: 'shop-blue' }, { until: systemClock.monotonic() + time })
        .catch((one) => one)
    const unsent = await change(-1)
    expect(unsent).toBeInstanceOf(TargetUnreachable)
    expect(unsent.message).toBe(
      'ecs:UpdateService was not sent: the time in which this run may change anything is over.',
    )
    expect(place.received).toBe(0)
    const error = await change(90)
    expect(error).toBeInstanceOf(TargetUnreachable)
    expect(error.message).toContain('Whether it was done there is unknown.')
    expect(error.message).toContain('It was not sent again')
    expect(place.received).toBe(1)
  })

  test('is asked through the proxy of the environment, where there is no other way to it', async () => {
    await using proxy = await serve(services)
    vi.stubEnv('HTTP_PROXY', process.env.AWS_ENDPOINT_URL)
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://ecs.invalid')
    using through = openedHere()
    await through.aws.ask('ecs:DescribeServices', ask)
    expect(proxy.received).toBe(1)
    vi.stubEnv('NO_PROXY', 'ecs.invalid')
    using around = openedHere()
    await expect(around.aws.ask('ecs:DescribeServices', ask)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
    expect(proxy.received).toBe(1)
  })

  test('is reached through a tunnel where what is sent is encrypted', async () => {
    await using tunnel = await serve()
    const asked: unknown[] = []
    tunnel.server.on('connect', ({ url }, socket) => {
      asked.push(url)
      socket.destroy()
    })
    vi.stubEnv('HTTPS_PROXY', process.env.AWS_ENDPOINT_URL)
    vi.stubEnv('AWS_ENDPOINT_URL', 'https://ecs.invalid')
    using through = openedHere()
    await expect(through.aws.ask('ecs:DescribeServices', ask)).rejects.toThrow(TargetUnreachable)
    expect(asked[0]).toBe('ecs.invalid:443')
  })

  test('that refuses is asked once', async () => {
    await using place = await serve(
      json(400, { __type: 'ClusterNotFoundException', message: 'Cluster not found.' }),
    )
    const error = await place.aws.ask('ecs:DescribeServices', ask).catch((one) => one)
    expect(error).toBeInstanceOf(Refusal)
    expect(error).toMatchObject({ code: 'ClusterNotFoundException' })
    expect(place.received).toBe(1)
  })

  test('is waited for no longer than the run lasts', async () => {
    await using place = await serve(() => {})
    const asked = place.aws.ask('ecs:UpdateService', { service: 'shop-blue' }).catch((one) => one)
    await vi.waitUntil(() => place.received === 1)
    place.interrupt.abort(new Error('interrupted'))
    expect(await asked).toMatchObject({ message: 'interrupted' })
    await expect(place.aws.ask('ecs:DescribeServices', ask)).rejects.toThrow('interrupted')
    expect(place.received).toBe(1)
  })

  test.each([
    ['2026-01-01T01:00:00Z', Date.UTC(2026, 0, 1, 1)],
    ['"2026-01-01T01:00:00Z"', null],
    ['', null],
  ])('of which the environment says that credentials end at %j', async (text, expected) => {
    vi.stubEnv('AWS_CREDENTIAL_EXPIRATION', text)
    await using served = await serve(services)
    expect(await served.aws.expiration()).toBe(expected)
  })

  test('whose credentials are renewed by whoever gave them', async () => {
    await using served = await serve(services)
    vi.stubEnv('AWS_ACCESS_KEY_ID', '')
    vi.stubEnv('AWS_CREDENTIAL_EXPIRATION', '2026-01-01T01:00:00Z')
    expect(await served.aws.expiration()).toBeNull()
  })
})
