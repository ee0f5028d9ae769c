import { describe, expect, test } from 'vitest'
import { type Observation, type Probe, type Watched, type WatchRule, watch } from '../../src/checks/watch.ts'
import { fakeClock } from '../fake-clock.ts'

const pass: Observation = { kind: 'pass' }
const fail = (reason: string): Observation => ({ kind: 'fail', reason })

/** Starts a watch in fake time; `ended` is null while it lasts. */
const begin = (probe: Probe, changes: Partial<WatchRule> = {}) => {
  const clock = fakeClock()
  const run = new AbortController()
  const lines: string[] = []
  const seen: { ended: Watched | null; error: unknown } = { ended: null, error: null }
  const rule = { what: 'waiting for green', successes: 3, interval: 2000, deadline: 60_000, ...changes }
  const result = watch(probe, rule, { clock, signal: run.signal, progress: (line) => lines.push(line) }).then(
    (ended) => {
      seen.ended = ended
    },
    (error: unknown) => {
      seen.error = error
    },
  )
  return { clock, run, lines, seen, result }
}

/** Says one observation after another, the last one for ever. */
const script = (...observations: readonly Observation[]): Probe => {
  let next = 0
  return async () => observations[Math.min(next++, observations.length - 1)] ?? pass
}

test('passes after enough passes in a row, an interval apart', async () => {
  const { clock, seen } = begin(script(pass))
  await clock.advance(3999)
  expect(seen.ended).toBeNull()
  await clock.advance(1)
  expect(seen.ended).toEqual({ kind: 'passed', attempts: 3, elapsed: 4000 })
})

test('one failure begins the row again', async () => {
  const { clock, seen } = begin(script(pass, pass, fail('no'), pass))
  await clock.advance(10_000)
  expect(seen.ended).toEqual({ kind: 'passed', attempts: 6, elapsed: 10_000 })
})

test('a fatal observation ends it at once', async () => {
  const { clock, seen } = begin(script(fail('no'), { kind: 'fatal', reason: 'image not found' }))
  await clock.advance(2000)
  expect(seen.ended).toEqual({ kind: 'fatal', reason: 'image not found' })
})

describe('the deadline', () => {
  test('ends it with the last reason', async () => {
    const { clock, seen } = begin(script(fail('first'), fail('last')), { deadline: 5000 })
    await clock.advance(5000)
    expect(seen.ended).toEqual({ kind: 'timed-out', lastReason: 'last', attempts: 3 })
  })

  test('says how far a row had come', async () => {
    const { clock, seen } = begin(script(fail('no'), { kind: 'pass', detail: 'version 2' }), {
      deadline: 3000,
    })
    await clock.advance(3000)
    expect(seen.ended).toMatchObject({ lastReason: 'passed 1 of 3 times in a row, version 2' })
  })

  test('cuts a probe that hangs, and tells it so', async () => {
    let told = false
    const hang: Probe = (signal) =>
      new Promise(() =>
        signal.addEventListener('abort', () => {
          told = true
        }),
      )
    const { clock, seen } = begin(hang, { deadline: 5000 })
    await clock.advance(5000)
    expect(seen.ended).toEqual({ kind: 'timed-out', lastReason: 'no answer yet', attempts: 0 })
    expect(told).toBe(true)
  })

  test('already passed: nothing is tried', async () => {
    let tried = 0
    const { clock, seen } = begin(
      async () => {
        tried += 1
        return pass
      },
      { deadline: 0 },
    )
    await clock.advance(0)
    expect(seen.ended).toMatchObject({ kind: 'timed-out', attempts: 0 })
    expect(tried).toBe(0)
  })
})

test('every 5 s it says what it waits for and the last reason, also while a probe hangs', async () => {
  let probes = 0
  const { clock, lines } = begin(async () => (probes++ === 0 ? fail('answered 503') : new Promise(() => {})))
  await clock.advance(10_500)
  expect(lines).toEqual([
    'waiting for green, 5s so far: answered 503',
    'waiting for green, 10s so far: answered 503',
  ])
})

describe('an interrupt', () => {
  test.each([
    ['in the pause', async () => fail('no')],
    ['in a probe that hangs', () => new Promise<Observation>(() => {})],
  ])('%s rejects with its reason, and leaves no sleeper behind', async (_, probe) => {
    const { clock, run, seen, result } = begin(probe)
    await clock.advance(1000)
    run.abort(new Error('SIGTERM'))
    await result
    expect(seen.error).toEqual(new Error('SIGTERM'))
    expect(clock.sleepers).toBe(0)
  })
})

test('an error of the probe comes through, and leaves no sleeper behind', async () => {
  const { clock, seen, result } = begin(() => Promise.reject(new Error('lease lost')))
  await result
  expect(seen.error).toEqual(new Error('lease lost'))
  expect(clock.sleepers).toBe(0)
})
