import { describe, expect, onTestFinished, test } from 'vitest'
import type { Exchange, sendRequest } from '../../src/checks/request.ts'
import { Sampler, type Sampling } from '../../src/checks/sampler.ts'
import { systemClock } from '../../src/clock.ts'
import { fakeClock } from '../fake-clock.ts'
import { aCheck, aService, serve } from './servers.ts'

const url = 'https://shop.example'

const answered = (status = 200, headers: Record<string, string> = {}): Exchange => ({
  kind: 'answered',
  answer: { status, headers, body: '', latency: 0 },
})

/** A sampler in fake time, five requests a second; `reply` is what the public URL does. */
const begin = (reply: typeof sendRequest, changes: Partial<Sampling> = {}, clock = fakeClock()) => {
  const run = new AbortController()
  const sampler = new Sampler({
    services: [aService({ url })],
    rate: 5,
    requestTimeout: 5000,
    identityHeader: null,
    rules: { maxErrorRate: 0.05, maxP99: null },
    newcomer: ['green'],
    clock,
    signal: run.signal,
    send: reply,
    ...changes,
  })
  sampler.start()
  return { clock, sampler, run, evidence: () => sampler.evidence()[0] }
}

describe('the rate', () => {
  test('is kept from start to stop', async () => {
    let asked = 0
    const { clock, sampler } = begin(async () => {
      asked += 1
      return answered()
    })
    await clock.advance(9900)
    expect(asked).toBe(50)
    await sampler.stop()
    await clock.advance(5000)
    expect(asked).toBe(50)
    expect(clock.sleepers).toBe(0)
  })

  test('is not slowed by answers that do not come', async () => {
    const clock = fakeClock()
    const timeOut: typeof sendRequest = async (_, __, { timeout }) => {
      await clock.sleep(timeout)
      return { kind: 'failed', reason: 'timed out' }
    }
    const { evidence } = begin(timeOut, {}, clock)
    await clock.advance(14_900)
    expect(evidence()?.before).toMatchObject({ sent: 50, failed: 50 })
  })

  test('0 sends nothing, and nothing is measured', async () => {
    const { clock, evidence } = begin(async () => answered(), { rate: 0 })
    await clock.advance(10_000)
    expect(evidence()).toMatchObject({ before: { sent: 0 }, verdict: 'not measured' })
  })

  test('stops at fifty open requests; the samples past it are late, not failed', async () => {
    let asked = 0
    const clock = fakeClock()
    const slow: typeof sendRequest = async () => {
      asked += 1
      await clock.sleep(10_000)
      return answered()
    }
    const { sampler, evidence } = begin(slow, { rate: 10 }, clock)
    await clock.advance(9900)
    expect(asked).toBe(50)
    const stopped = sampler.stop()
    await clock.advance(10_000)
    await stopped
    expect(evidence()?.before).toMatchObject({ sent: 50, failed: 0 })
  })

  test('services without a public URL are not asked', async () => {
    const { clock, sampler } = begin(async () => answered(), { services: [aService()] })
    await clock.advance(1000)
    expect(sampler.evidence()).toEqual([])
  })
})

describe('what is kept', () => {
  test('the last 20 s before the switch, and everything after it', async () => {
    const { clock, sampler, evidence } = begin(async () => answered())
    await clock.advance(60_100)
    sampler.markSwitch()
    await clock.advance(60_000)
    expect(evidence()?.before.sent).toBe(100)
    expect(evidence()?.after.sent).toBe(300)
  })

  test('what is open when it stops is waited for', async () => {
    const clock = fakeClock()
    const slow: typeof sendRequest = async () => {
      await clock.sleep(3000)
      return answered()
    }
    const { sampler, evidence } = begin(slow, {}, clock)
    await clock.advance(100)
    const stopped = sampler.stop()
    await clock.advance(3000)
    await stopped
    expect(evidence()?.before.sent).toBe(1)
  })

  test('what an interrupt cut short is not', async () => {
    const { clock, run, sampler, evidence } = begin(
      (_, __, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    await clock.advance(1000)
    run.abort(new Error('SIGTERM'))
    await sampler.stop()
    expect(evidence()?.before.sent).toBe(0)
    expect(clock.sleepers).toBe(0)
  })
})

describe('who is kept out', () => {
  /** Answers `before` until the switch, then `after`. */
  const turn = async (before: number, after: number) => {
    let status = before
    const { clock, sampler, evidence } = begin(async () => answered(status))
    await clock.advance(3900)
    sampler.markSwitch()
    status = after
    await clock.advance(1000)
    return { ...evidence(), breach: sampler.breach() }
  }

  test('429 is neither good nor bad', async () => {
    expect(await turn(200, 429)).toMatchObject({ after: { sent: 5, failed: 0, blocked: 5 }, breach: null })
  })

  test('nor is a 403 that was seen before the switch', async () => {
    expect(await turn(403, 403)).toMatchObject({
      before: { blocked: 20 },
      after: { failed: 0, blocked: 5 },
      breach: null,
    })
  })

  test('a 403 that is new is a failure', async () => {
    expect(await turn(200, 403)).toMatchObject({ after: { failed: 5, blocked: 0 } })
  })

  test('a 403 that the check asks for is good', async () => {
    const services = [aService({ url, verify: aCheck({ status: [{ from: 403, to: 403 }] }) })]
    const { clock, evidence } = begin(async () => answered(403), { services })
    await clock.advance(900)
    expect(evidence()?.before).toMatchObject({ sent: 5, failed: 0, blocked: 0 })
  })
})

describe('a breach', () => {
  test('is told once, at the failure that makes it', async () => {
    let failing = false
    const { clock, sampler } = begin(async () => (failing ? answered(502) : answered()))
    const told: string[] = []
    sampler.breached.addEventListener('abort', () => told.push(sampler.breached.reason.message))
    await clock.advance(30_000)
    failing = true
    await clock.advance(30_000)
    expect(told).toEqual([])
    failing = false
    await clock.advance(20_300)
    sampler.markSwitch()
    failing = true
    await clock.advance(800)
    expect(sampler.breach()).toBeNull()
    await clock.advance(200)
    expect(sampler.breach()).toBe(
      'https://shop.example: 5 of 5 requests failed (100%; 0% before the switch, max-error-rate 5%)',
    )
    await clock.advance(10_000)
    expect(told).toEqual([sampler.breach()])
  })
})

describe('who answered', () => {
  test.each([
    ['the identity header', 'X-Color', null, { green: 5 }],
    [
      'the version on the sampled path',
      null,
      { path: '/health', from: { kind: 'header', name: 'X-Version' } },
      { '2.0': 5 },
    ],
    [
      'no version on another path',
      null,
      { path: '/version', from: { kind: 'header', name: 'X-Version' } },
      { unknown: 5 },
    ],
    ['nobody by name', null, null, { unknown: 5 }],
  ] as const)('by %s', async (_, identityHeader, versionCheck, answeredBy) => {
    const { clock, sampler, evidence } = begin(
      async () => answered(200, { 'x-color': 'green', 'x-version': '2.0' }),
      {
        identityHeader,
        services: [aService({ url, versionCheck })],
      },
    )
    sampler.markSwitch()
    await clock.advance(900)
    expect(evidence()?.answeredBy).toEqual(answeredBy)
  })
})

test('with real requests in real time, a switch between two servers shows in the evidence', async () => {
  let color = 'blue'
  const server = await serve((_, response) => response.setHeader('X-Color', color).end('ok'))
  const run = new AbortController()
  onTestFinished(() => run.abort())
  const sampler = new Sampler({
    services: [aService({ url: server })],
    rate: 100,
    requestTimeout: 1000,
    identityHeader: 'X-Color',
    rules: { maxErrorRate: 0.05, maxP99: null },
    newcomer: ['green'],
    clock: systemClock,
    signal: run.signal,
  })
  sampler.start()
  const until = async (enough: () => boolean) => {
    for (let turn = 0; turn < 1000 && !enough(); turn += 1) await systemClock.sleep(10)
  }
  await until(() => (sampler.evidence()[0]?.before.sent ?? 0) >= 20)
  color = 'green'
  sampler.markSwitch()
  await until(() => (sampler.evidence()[0]?.after.sent ?? 0) >= 60)
  await sampler.stop()
  const [evidence] = sampler.evidence()
  expect(evidence).toMatchObject({ before: { failed: 0 }, after: { failed: 0 }, verdict: 'measured' })
  expect(evidence?.answeredBy.green).toBeGreaterThanOrEqual(55)
  expect(evidence?.firstNewAnswer).not.toBeNull()
  expect(sampler.breach()).toBeNull()
})
