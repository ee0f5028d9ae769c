import { describe, expect, test } from 'vitest'
import { type ColorTrial, tryColor, verifyPublic } from '../../src/checks/trial.ts'
import { systemClock } from '../../src/clock.ts'
import type { ServiceIntent } from '../../src/targets/intent.ts'
import { ChangeFailed, LeaseLost, type Readiness, TargetUnreachable } from '../../src/targets/target.ts'
import { aCheck, aService, at, serve } from './servers.ts'

const ready = (restarts = 0): Readiness => ({ kind: 'ready', restarts })

/** Says one readiness after another, the last one for ever. */
const readiness = (...said: readonly Readiness[]) => {
  let next = 0
  return async () => said[Math.min(next++, said.length - 1)] ?? ready()
}

/** Real time, with pauses too short to feel. */
const trial = (changes: Partial<ColorTrial> = {}, wait = 5000): ColorTrial => ({
  color: 'green',
  services: [],
  version: null,
  rule: { successes: 3, interval: 5, timeout: wait, requestTimeout: 1000, skip: false },
  deadline: systemClock.monotonic() + wait,
  reachOf: async () => [],
  ready: async () => ready(),
  silence: 'waits',
  enough: 'whole',
  clock: systemClock,
  signal: new AbortController().signal,
  progress: () => {},
  ...changes,
})

const versionService = (changes: Partial<ServiceIntent> = {}) =>
  aService({ versionCheck: { path: '/version', from: { kind: 'body' } }, ...changes })

describe('a color', () => {
  test('passes when every service passed several times in a row', async () => {
    const asked = { web: 0, api: 0 }
    const web = await serve((_, response) => {
      asked.web += 1
      response.writeHead(asked.web === 1 ? 503 : 200).end()
    })
    const api = await serve((_, response) => {
      asked.api += 1
      response.writeHead(asked.api === 3 ? 500 : 200).end()
    })
    const result = await tryColor(
      trial({
        services: [aService({ name: 'web' }), aService({ name: 'api' })],
        reachOf: async ({ name }) => [at(name === 'web' ? web : api)],
      }),
    )
    expect(result).toMatchObject({ kind: 'passed', attempts: 6, restarts: 0 })
    expect(result.services).toEqual([
      { service: 'web', measured: true, reason: null },
      { service: 'api', measured: true, reason: null },
    ])
  })

  test('does not pass while one of its services fails, and says which', async () => {
    const good = await serve((_, response) => response.end())
    const bad = await serve((_, response) => response.writeHead(503).end('db down'))
    const result = await tryColor(
      trial(
        {
          services: [aService({ name: 'web' }), aService({ name: 'api' })],
          reachOf: async ({ name }) => [at(name === 'web' ? good : bad)],
        },
        60,
      ),
    )
    expect(result).toMatchObject({
      kind: 'timed-out',
      lastReason: 'api: answered 503, expected 200-299: db down',
    })
    expect(result.services[1]?.reason).toContain('db down')
  })

  test('passes when it passes wherever it is asked, and says where it does not', async () => {
    const good = await serve((_, response) => response.end())
    let asked = 0
    const slow = await serve((_, response) => response.writeHead(asked++ < 2 ? 503 : 200).end())
    const reachOf = async () => [at(good), at(slow)]
    expect(await tryColor(trial({ services: [aService()], reachOf }))).toMatchObject({
      kind: 'passed',
      attempts: 5,
    })
    asked = Number.NEGATIVE_INFINITY
    const failing = await tryColor(trial({ services: [aService()], reachOf }, 60))
    expect(failing).toMatchObject({
      kind: 'timed-out',
      lastReason: `web: ${slow}: answered 503, expected 200-299`,
    })
  })

  test('is asked with the host of the public URL', async () => {
    const url = await serve(({ headers }, response) =>
      response.writeHead(headers.host === 'shop.example' ? 200 : 421).end(),
    )
    const services = [aService({ url: 'https://shop.example' })]
    expect(await tryColor(trial({ services, reachOf: async () => [at(url)] }))).toMatchObject({
      kind: 'passed',
    })
  })

  test('that cannot be reached has the view of the platform alone, and is not called measured', async () => {
    const result = await tryColor(trial({ services: [aService()] }))
    expect(result).toMatchObject({ kind: 'passed', attempts: 3 })
    expect(result.services).toEqual([{ service: 'web', measured: false, reason: null }])
  })

  test('begins its row again when an instance restarted', async () => {
    const said = readiness(ready(0), ready(0), ready(1))
    expect(await tryColor(trial({ ready: said }))).toMatchObject({ kind: 'passed', attempts: 6, restarts: 1 })
  })

  test('that restarts for ever never passes', async () => {
    let restarts = 0
    const result = await tryColor(trial({ ready: async () => ready(restarts++) }, 60))
    expect(result.kind).toBe('timed-out')
    expect(result.kind === 'timed-out' && result.lastReason).toMatch(/^restarted \(\d+ → \d+ restarts\)$/)
  })

  test('waits for the platform, whatever the health check says', async () => {
    const url = await serve((_, response) => response.end())
    const said = readiness({ kind: 'waiting', reason: '1 of 2 instances ready' }, ready())
    const result = await tryColor(
      trial({ ready: said, services: [aService()], reachOf: async () => [at(url)] }),
    )
    expect(result).toMatchObject({ kind: 'passed', attempts: 4 })
  })

  test('of which nothing runs fails its checks, and passes when something does', async () => {
    const web = await serve((_, response) => response.end())
    let asked = 0
    const reachOf = async () => {
      asked += 1
      if (asked < 3) throw new ChangeFailed('nothing runs yet')
      return [at(web)]
    }
    const services = [aService()]
    expect(await tryColor(trial({ services, reachOf }))).toMatchObject({ kind: 'passed', attempts: 5 })
    const never = async () => Promise.reject(new ChangeFailed('nothing runs yet'))
    expect(await tryColor(trial({ services, reachOf: never }, 50))).toMatchObject({
      kind: 'timed-out',
      lastReason: expect.stringContaining('nothing runs yet'),
    })
  })

  test('goes by its own answers where the platform has none, if that is asked for', async () => {
    const web = await serve((_, response) => response.end())
    const silent = {
      services: [aService()],
      reachOf: async () => [at(web)],
      ready: readiness({ kind: 'silent', reason: 'docker does not answer' }),
    }
    const passing = await tryColor(trial({ ...silent, silence: 'passes' }))
    expect(passing).toMatchObject({ kind: 'passed', silent: false })
    expect(await tryColor(trial(silent, 50))).toMatchObject({
      kind: 'timed-out',
      lastReason: expect.stringContaining('docker does not answer'),
    })
    const unmeasured = { ...silent, reachOf: async () => [], silence: 'passes' } as const
    expect(await tryColor(trial(unmeasured, 50))).toMatchObject({ kind: 'timed-out', silent: true })
  })

  test('is enough where a part of it serves, if that is asked for, and answers well itself', async () => {
    const [good, bad] = [
      await serve((_, response) => response.end()),
      await serve((_, response) => response.writeHead(500).end()),
    ]
    const growing = (url: string, isPartlyUp: boolean) => ({
      services: [aService()],
      reachOf: async () => [at(url)],
      ready: readiness({ kind: 'waiting', reason: '4 of 5 tasks running', isPartlyUp }),
    })
    const kindOf = async (changes: Partial<ColorTrial>, wait = 50) =>
      (await tryColor(trial(changes, wait))).kind
    expect(await kindOf({ ...growing(good, true), enough: 'part' }, 5000)).toBe('passed')
    expect(await kindOf({ ...growing(bad, true), enough: 'part' })).toBe('timed-out')
    expect(await kindOf({ ...growing(good, false), enough: 'part' })).toBe('timed-out')
    expect(await kindOf(growing(good, true))).toBe('timed-out')
  })

  test('that can never be ready ends the wait at once', async () => {
    const said = readiness(
      { kind: 'waiting', reason: 'pulling' },
      { kind: 'fatal', reason: 'ImagePullBackOff' },
    )
    expect(await tryColor(trial({ ready: said }))).toMatchObject({
      kind: 'fatal',
      reason: 'ImagePullBackOff',
      silent: false,
    })
  })

  test('is given up as soon as the platform says so, whatever a request still waits for', async () => {
    const url = await serve(() => {})
    const result = await tryColor(
      trial(
        {
          services: [aService()],
          reachOf: async () => [at(url)],
          ready: async () => ({ kind: 'fatal', reason: 'ImagePullBackOff' }),
          rule: { successes: 3, interval: 5, timeout: 60_000, requestTimeout: 60_000, skip: false },
        },
        60_000,
      ),
    )
    expect(result).toMatchObject({ kind: 'fatal', reason: 'ImagePullBackOff' })
  })

  test('a target out of reach for a moment is waited for', async () => {
    let asked = 0
    const result = await tryColor(
      trial({
        services: [aService()],
        ready: async () => {
          if (asked++ === 0) throw new TargetUnreachable('ssh: connection closed')
          return ready()
        },
        reachOf: async () => {
          if (asked === 2) throw new TargetUnreachable('ssh: no channel')
          return []
        },
      }),
    )
    expect(result).toMatchObject({ kind: 'passed', attempts: 5 })
  })

  test('a lost lease is no failed check', async () => {
    const lost = trial({ ready: () => Promise.reject(new LeaseLost('another run has it')) })
    await expect(tryColor(lost)).rejects.toThrow(LeaseLost)
  })

  describe('with a version', () => {
    test('must show it', async () => {
      let asked = 0
      const url = await serve((request, response) => {
        response.end(request.url === '/version' ? (asked++ === 0 ? '1.1' : '1.2') : 'ok')
      })
      const shown = { services: [versionService()], version: '1.2', reachOf: async () => [at(url)] }
      expect(await tryColor(trial(shown))).toMatchObject({ kind: 'passed', attempts: 4 })
    })

    test('that another one shows, says both', async () => {
      const url = await serve((_, response) => response.end('1.1'))
      const shown = { services: [versionService()], version: '1.2', reachOf: async () => [at(url)] }
      expect(await tryColor(trial(shown, 60))).toMatchObject({
        kind: 'timed-out',
        lastReason: 'web: version "1.1" at /version (body), expected "1.2"',
      })
    })

    test('in the answer of the health check, needs no second request', async () => {
      const paths: (string | undefined)[] = []
      const url = await serve((request, response) => {
        paths.push(request.url)
        response.setHeader('X-Version', '1.2').end()
      })
      const service = aService({
        versionCheck: { path: '/health', from: { kind: 'header', name: 'x-version' } },
      })
      await tryColor(trial({ services: [service], version: '1.2', reachOf: async () => [at(url)] }))
      expect(paths).toEqual(['/health', '/health', '/health'])
    })

    test('unknown, compares nothing', async () => {
      const url = await serve((_, response) => response.end('1.1'))
      const shown = { services: [versionService()], reachOf: async () => [at(url)] }
      expect(await tryColor(trial(shown))).toMatchObject({ kind: 'passed' })
    })
  })
})

describe('in public', () => {
  test('services with a URL pass their verify checks, others are not measured', async () => {
    const url = await serve((request, response) =>
      response.writeHead(request.url === '/public' ? 200 : 404).end(),
    )
    const services = [aService({ url, verify: aCheck({ path: '/public' }) }), aService({ name: 'worker' })]
    const result = await verifyPublic(trial({ services }))
    expect(result).toMatchObject({ kind: 'passed', attempts: 3 })
    expect(result.services).toEqual([
      { service: 'web', measured: true, reason: null },
      { service: 'worker', measured: false, reason: null },
    ])
  })

  test('the old version is waited out', async () => {
    let asked = 0
    const url = await serve((request, response) =>
      response.end(request.url === '/version' && asked++ > 0 ? '2' : '1'),
    )
    const result = await verifyPublic(trial({ services: [versionService({ url })], version: '2' }))
    expect(result).toMatchObject({ kind: 'passed', attempts: 4 })
  })

  test('without any URL nothing was measured, which is no pass', async () => {
    const result = await verifyPublic(trial({ services: [aService()] }))
    expect(result).toEqual({
      kind: 'not-measured',
      services: [{ service: 'web', measured: false, reason: null }],
    })
  })
})
