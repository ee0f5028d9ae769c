import { describe, expect, test } from 'vitest'
import { ChangeFailed, ChangeRefused, type Color, type Diagnosis } from '../../src/targets/target.ts'
import { whoAnswers } from './reaching.ts'
import { acquire, deploy, failureOf, goLive, look, type Open, orderOf, type Stand, until } from './stand.ts'

export function describeRuntime(open: Open): void {
  describe('runtime: deploy', () => {
    test('finds nothing at a new place, and users reach nobody', async () => {
      await using stand = await open()
      for (const color of ['blue', 'green'] as const)
        expect(await stand.target.runtime.observe(color)).toMatchObject({ presence: 'absent', version: null })
      expect(['color', 'nobody']).toContain((await stand.target.router.observe()).kind)
      expect(await stand.answers()).toBe('nobody')
    })

    test('makes a color run the release, and leaves users where they are', async () => {
      await using stand = await open()
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      expect(await stand.target.runtime.observe(idle)).toMatchObject({ presence: 'running', version: 'v2' })
      expect(await stand.running(idle)).toBe('v2')
      expect([await stand.answers(), await stand.running(live)]).toEqual([live, 'v1'])
    })

    test('may be repeated, with the same release and with another', async () => {
      await using stand = await open()
      const { idle, guard } = await goLive(stand)
      for (const version of ['v2', 'v2', 'v3']) {
        await deploy(stand, idle, version, guard())
        expect(await stand.target.runtime.observe(idle)).toMatchObject({ presence: 'running', version })
        expect(await stand.running(idle)).toBe(version)
      }
    })

    test('starts a stopped color again', async () => {
      await using stand = await open()
      const { idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await stand.target.runtime.stop(idle, guard())
      expect(await stand.target.runtime.observe(idle)).toMatchObject({ version: 'v2' })
      await deploy(stand, idle, 'v2', guard())
      expect(await stand.running(idle)).toBe('v2')
    })

    test('takes a version for text', async () => {
      await using stand = await open()
      const { idle, guard } = await goLive(stand)
      const version = `it's-"$(id)"-\`id\`-é`
      await stand.target.runtime.deploy(idle, orderOf(stand, version), guard())
      expect(await stand.target.runtime.observe(idle)).toMatchObject({ version })
    })

    test('compares the color with what the guard demands', async () => {
      await using stand = await open()
      const { live, idle, guard } = await goLive(stand)
      const { runtime } = stand.target
      const before = await look(stand)
      await expect(runtime.deploy(live, orderOf(stand, 'v2'), guard('not-live'))).rejects.toThrow(
        ChangeRefused,
      )
      await expect(runtime.deploy(idle, orderOf(stand, 'v2'), guard('live'))).rejects.toThrow(ChangeRefused)
      expect(await look(stand)).toEqual(before)
      await deploy(stand, live, 'v1', guard('live'))
      await deploy(stand, idle, 'v2', guard('any'))
      expect([await stand.running(live), await stand.running(idle)]).toEqual(['v1', 'v2'])
    })

    test('does not take a color for one without users while the router names none', async ({ skip }) => {
      await using stand = await open()
      if (!stand.breakObserve) return skip('this router always names a color')
      const { live, idle, guard } = await goLive(stand)
      await stand.breakObserve()
      for (const color of [live, idle])
        await expect(stand.target.runtime.deploy(color, orderOf(stand, 'v2'), guard())).rejects.toThrow(
          ChangeRefused,
        )
      expect([await stand.running(live), await stand.running(idle)]).toEqual(['v1', null])
    })
  })

  describe('runtime: a look at a color', () => {
    test('is ready when it runs, and not before or after', async () => {
      await using stand = await open()
      const { runtime } = stand.target
      const { live, idle, guard } = await goLive(stand)
      expect(await runtime.ready(live, [stand.service])).toMatchObject({ kind: 'ready', restarts: 0 })
      expect(await runtime.ready(idle, [stand.service])).toMatchObject({ reason: expect.stringMatching(/./) })
      await deploy(stand, idle, 'v2', guard())
      await runtime.stop(idle, guard())
      expect(await runtime.ready(idle, [stand.service])).not.toMatchObject({ kind: 'ready' })
    })

    test('says at once that a color can never get ready', async ({ skip }) => {
      await using stand = await open()
      if (!stand.doomed) return skip('this platform knows no state without hope')
      const { idle, guard } = await goLive(stand)
      const order = { ...orderOf(stand, 'v2'), release: stand.doomed }
      // Whoever waits for something to start may see it end first.
      const failure = await failureOf(stand.target.runtime.deploy(idle, order, guard()))
      expect(failure === null || failure instanceof ChangeFailed).toBe(true)
      const ready = () => stand.target.runtime.ready(idle, [stand.service])
      // What is doomed may take a moment to end.
      await until('it is given up', async () => (await ready()).kind === 'fatal')
      expect(await ready()).toMatchObject({ reason: expect.stringMatching(/./) })
    })

    test('reaches that color and no other', async ({ skip }) => {
      await using stand = await open()
      const { runtime } = stand.target
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      const who = async (color: Color) => {
        const reaches = await runtime.reach(color, stand.service)
        return new Set(await Promise.all(reaches.map(whoAnswers)))
      }
      if ((await who(idle)).size === 0) return skip('this target knows no way to a color')
      expect([await who(live), await who(idle)]).toEqual([new Set([live]), new Set([idle])])
      await runtime.stop(idle, guard())
      await expect(who(idle)).rejects.toThrow()
      expect(await runtime.reach(idle, 'no such service')).toEqual([])
    })

    test('counts open connections, or says that it cannot', async () => {
      await using stand = await open()
      const { live } = await goLive(stand)
      const count = await stand.target.runtime.quiet(live)
      expect(typeof count === 'string' || (Number.isInteger(count) && count >= 0)).toBe(true)
    })

    test('diagnoses what runs and what does not, within bounds', async () => {
      await using stand = await open()
      const { runtime } = stand.target
      const { live, idle } = await goLive(stand)
      for (const color of [live, idle]) expectBounds(await runtime.diagnose(color))
    })
  })

  describe.each(['stop', 'remove'] as const)('runtime: %s', (retire) => {
    const leftBy = ({ keepsRemoved }: Stand): RegExp =>
      retire === 'stop' || keepsRemoved ? /^(stopped|stopping)$/ : /^absent$/

    test('ends the color users are not on, and may be repeated', async () => {
      await using stand = await open()
      const { live, idle, guard } = await goLive(stand)
      const { runtime } = stand.target
      await deploy(stand, idle, 'v2', guard())
      for (const _ of ['once', 'twice']) {
        await runtime[retire](idle, guard())
        expect((await runtime.observe(idle)).presence).toMatch(leftBy(stand))
        await until(`${idle} is down`, async () => (await stand.running(idle)) === null)
      }
      expect([await stand.answers(), await stand.running(live)]).toEqual([live, 'v1'])
    })

    test.each(['not-live', 'live', 'any'] as const)(
      'never ends the color users are on: guard %s',
      async (demanded) => {
        await using stand = await open()
        const { live, guard } = await goLive(stand)
        await expect(stand.target.runtime[retire](live, guard(demanded))).rejects.toThrow(ChangeRefused)
        expect([await stand.answers(), await stand.running(live)]).toEqual([live, 'v1'])
      },
    )

    test('never ends a color that a person moved users to', async () => {
      await using stand = await open()
      const { idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await stand.humanMoves(idle)
      await expect(stand.target.runtime[retire](idle, guard())).rejects.toThrow(ChangeRefused)
      expect([await stand.answers(), await stand.running(idle)]).toEqual([idle, 'v2'])
    })

    test('ends nothing while the router names no color', async ({ skip }) => {
      await using stand = await open()
      if (!stand.breakObserve) return skip('this router always names a color')
      const { live, idle, guard } = await goLive(stand)
      await deploy(stand, idle, 'v2', guard())
      await stand.breakObserve()
      for (const color of [live, idle])
        await expect(stand.target.runtime[retire](color, guard())).rejects.toThrow(ChangeRefused)
      expect([await stand.running(live), await stand.running(idle)]).toEqual(['v1', 'v2'])
    })
  })

  test('runtime: removing what was never there does no harm', async () => {
    await using stand = await open()
    const lease = await acquire(stand.target, 'first')
    const traffic = await stand.target.router.observe()
    const color = traffic.kind === 'color' && traffic.color === 'green' ? 'blue' : 'green'
    await stand.target.runtime.remove(color, { lease, color: 'not-live' })
    expect(await stand.target.runtime.observe(color)).toMatchObject({ presence: 'absent' })
  })
}

function expectBounds({ cause, sections }: Diagnosis): void {
  expect((cause ?? '').length).toBeLessThan(1024)
  for (const { title, text } of sections) {
    expect(title).not.toBe('')
    expect(text.split('\n').length).toBeLessThanOrEqual(50)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8 * 1024)
  }
}
