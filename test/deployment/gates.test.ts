import { describe, expect, test } from 'vitest'
import type { Gate, GateInspection, GateLook } from '../../src/checks/gate.ts'
import type { Intent } from '../../src/targets/intent.ts'
import { TargetUnreachable } from '../../src/targets/target.ts'
import { anIntent } from './intents.ts'
import type { Place } from './place.ts'
import { cancel, Simulation, type Step } from './simulation.ts'

const ok: GateLook = { kind: 'passes', said: 'OK' }
const alarm: GateLook = { kind: 'fails', said: 'ALARM', reason: 'Too many errors.' }
const dark: GateLook = { kind: 'unknown', said: 'INSUFFICIENT_DATA', reason: 'No data.' }

const bake = 60_000
const start = 1_000_000

/** What is so at each time, which is that since the switch. */
type Course = (since: number) => GateLook | Promise<GateLook>

interface Scene {
  readonly simulation: Simulation
  readonly place: Place
  /** Adds a gate that is what `course` says from the switch on, and `before` till then. */
  gate(during: Gate['during'], before: GateLook, course: Course, inspection?: Partial<GateInspection>): void
}

/** `good-1` is live on blue. */
async function withLive(): Promise<Scene> {
  const simulation = await Simulation.withLive()
  const { place } = simulation
  await place.clock.advance(start - place.clock.monotonic())
  let switchedAt: number | null = null
  const since = () => {
    if (place.live === 'green') switchedAt ??= place.clock.monotonic()
    return switchedAt === null ? null : place.clock.monotonic() - switchedAt
  }
  return {
    simulation,
    place,
    gate: (during, before, course, inspection = {}) => {
      const look = async () => {
        const time = during === 'health' ? place.clock.monotonic() - start : since()
        return time === null ? before : course(time)
      }
      const gate: Gate = {
        name: `alarm ${place.gates.length + 1}`,
        during,
        question: `ask ${place.gates.length + 1}`,
        inspect: async () => ({ look: before, problems: [], window: null, ...inspection }),
        look,
      }
      place.gates = [...place.gates, gate]
    },
  }
}

const deploy = async ({ simulation }: Scene, changes: Partial<Intent> = {}) => {
  const { step, end } = await simulation.run({ version: 'good-2', bake, ...changes })
  if (end === 'died') throw new Error('Nothing should have killed it.')
  return { step, end }
}

const linesOf = ({ lines }: Step) => lines.join('\n')

describe('a gate in the bake', () => {
  test('that holds is told, as it changes and in the end', async () => {
    const scene = await withLive()
    scene.gate('bake', dark, (since) => (since < 20_000 ? dark : ok))
    const { step, end } = await deploy(scene)
    expect(end).toMatchObject({ result: 'deployed', notices: [] })
    expect(end.gates).toEqual([
      {
        gate: 'alarm 1',
        during: 'bake',
        before: 'INSUFFICIENT_DATA',
        said: ['INSUFFICIENT_DATA', 'OK'],
        verdict: 'held',
        reason: null,
      },
    ])
    expect(linesOf(step)).toMatch(/alarm 1: INSUFFICIENT_DATA\n(.*\n)*alarm 1: OK\n/)
  })

  test('that fails sends traffic back at once, with the way to look at it', async () => {
    const scene = await withLive()
    scene.gate('bake', ok, (since) => (since < 20_000 ? ok : alarm))
    scene.gate('bake', ok, () => ok)
    const { end } = await deploy(scene)
    expect(end).toMatchObject({
      ok: false,
      result: 'rolled-back',
      activeColor: 'blue',
      failure: {
        phase: 'verify',
        cause: 'alarm 1 is ALARM: Too many errors.',
        traffic: 'Traffic is on blue.',
        next: ['ask 1', expect.stringContaining('deploy again')],
      },
      gates: [
        { gate: 'alarm 1', verdict: 'failed', said: ['OK', 'ALARM'] },
        { gate: 'alarm 2', verdict: 'held' },
      ],
    })
    const verify = end.phases.find(({ phase }) => phase === 'verify')
    expect((verify?.endedAt ?? 0) - (verify?.startedAt ?? 0)).toBeLessThan(40_000)
  })

  test('that fails at its very end counts', async () => {
    const scene = await withLive()
    scene.gate('bake', ok, (since) => (since < bake ? ok : alarm))
    expect((await deploy(scene)).end).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
  })

  test('that failed before does not keep the repair from users, and is said to prove nothing', async () => {
    const scene = await withLive()
    scene.gate('bake', alarm, () => alarm)
    const { end } = await deploy(scene)
    expect(end).toMatchObject({
      result: 'deployed',
      activeColor: 'green',
      gates: [{ verdict: 'not measured' }],
    })
    expect(end.notices).toEqual([
      expect.stringContaining('alarm 1 is ALARM before anything was changed.'),
      'alarm 1: not measured, it was ALARM before the switch already: Too many errors.',
    ])
  })

  test('that failed between the preflight and the switch does neither', async () => {
    const scene = await withLive()
    scene.gate('bake', alarm, () => alarm, { look: ok })
    const { end } = await deploy(scene)
    expect(end).toMatchObject({ result: 'deployed', gates: [{ before: 'ALARM', verdict: 'not measured' }] })
  })

  test('that recovered and fails again was brought to it by the release', async () => {
    const scene = await withLive()
    scene.gate('bake', alarm, (since) => (since > 10_000 && since < 30_000 ? ok : alarm))
    expect((await deploy(scene)).end).toMatchObject({ result: 'rolled-back', activeColor: 'blue' })
  })

  test('that cannot be asked says nothing, which is said', async () => {
    const scene = await withLive()
    scene.gate('bake', ok, () => {
      throw new TargetUnreachable('AWS did not answer.')
    })
    const { step, end } = await deploy(scene)
    const warning = 'alarm 1: not measured, it could not be asked: AWS did not answer.'
    expect(end).toMatchObject({ result: 'deployed', notices: [warning] })
    expect(step.lines.filter((line) => line.startsWith('alarm 1 could not be asked'))).toHaveLength(1)
  })

  test.each<[string, number]>([
    ['the switch', Number.NEGATIVE_INFINITY],
    ['the end of the bake', 30_000],
  ])('that never answers does not hold up %s', async (_, from) => {
    const scene = await withLive()
    const never = new Promise<GateLook>(() => {})
    scene.gate('bake', ok, (since) => (since >= from ? never : ok))
    const [gate] = scene.place.gates
    if (gate && from < 0) scene.place.gates = [{ ...gate, look: () => never }]
    const { end } = await deploy(scene)
    expect(end).toMatchObject({
      result: 'deployed',
      notices: ['alarm 1: not measured, it could not be asked: no answer in 10s'],
    })
  })

  test('that answers too late about the time before the switch says nothing about it', async () => {
    const scene = await withLive()
    const { place } = scene
    let asked = 0
    scene.gate('bake', ok, (since) => (since < 5_000 ? dark : alarm))
    const [gate] = place.gates
    const look = async () => {
      asked += 1
      if (asked > 1) return gate?.look() ?? ok
      await place.clock.sleep(12_000)
      return alarm
    }
    if (gate) place.gates = [{ ...gate, look }]
    expect((await deploy(scene)).end).toMatchObject({ result: 'rolled-back', gates: [{ before: 'OK' }] })
  })

  test('is not asked any more once something else has failed', async () => {
    const scene = await withLive()
    const { place } = scene
    scene.gate('bake', ok, (since) => {
      if (since > 20_000) place.sicken('green')
      return ok
    })
    const { end } = await deploy(scene)
    expect(end).toMatchObject({ result: 'rolled-back', gates: [{ said: ['OK'], verdict: 'held' }] })
    expect(place.clock.sleepers).toBe(0)
  })

  test('ends with a run that is cancelled', async () => {
    const scene = await withLive()
    scene.gate('bake', ok, () => ok)
    const { simulation, place } = scene
    const end = await simulation.finish(
      simulation.step({ version: 'good-2', bake }, [cancel('after', 'ready green')]).runMain(),
    )
    expect(end).toMatchObject({ ok: false })
    expect(place.clock.sleepers).toBe(0)
  })
})

describe('a gate before the switch', () => {
  test('is waited for', async () => {
    const scene = await withLive()
    scene.gate('health', dark, (time) => (time < 8_000 ? dark : ok))
    const { step, end } = await deploy(scene)
    expect(end).toMatchObject({ result: 'deployed', gates: [{ during: 'health', verdict: 'held' }] })
    const lines = linesOf(step)
    expect(lines.indexOf('green is healthy')).toBeLessThan(lines.indexOf('alarm 1: INSUFFICIENT_DATA'))
    expect(lines.indexOf('alarm 1: OK')).toBeLessThan(lines.indexOf('Traffic is on green'))
  })

  test('that fails keeps traffic where it is', async () => {
    const scene = await withLive()
    scene.gate('health', alarm, () => alarm)
    const { end } = await deploy(scene)
    expect(end).toMatchObject({
      result: 'failed',
      switched: false,
      activeColor: 'blue',
      failure: {
        phase: 'health',
        cause: 'alarm 1 is ALARM: Too many errors.',
        next: ['ask 1', expect.anything()],
      },
      gates: [{ verdict: 'failed' }],
    })
    expect(end.notices).toEqual([
      expect.stringContaining('The phase `health` fails unless it passes by then.'),
    ])
  })

  test.each<[string, Course, string]>([
    ['has no data', () => dark, 'alarm 1 is INSUFFICIENT_DATA: No data. That was so for 30s.'],
    ['never answers', () => new Promise<GateLook>(() => {}), 'alarm 1 gave no answer. That was so for 30s.'],
    [
      'cannot be asked',
      () => {
        throw new TargetUnreachable('AWS did not answer.')
      },
      'alarm 1 could not be asked: AWS did not answer. That was so for 30s.',
    ],
  ])('that %s is waited for no longer than the checks', async (_, course, cause) => {
    const scene = await withLive()
    scene.gate('health', dark, course)
    const { end } = await deploy(scene)
    expect(end).toMatchObject({ result: 'failed', switched: false, failure: { phase: 'health', cause } })
  })

  test('may take as long as checks may', async () => {
    const scene = await withLive()
    scene.gate('health', dark, (time) => (time < 50_000 ? dark : ok))
    const { end } = await deploy(scene, { health: { ...anIntent().health, timeout: 60_000 } })
    expect(end).toMatchObject({ result: 'deployed', gates: [{ verdict: 'held' }] })
  })

  test('counts where health checks are skipped', async () => {
    const scene = await withLive()
    scene.gate('health', ok, () => alarm)
    const { end } = await deploy(scene, { health: { ...anIntent().health, skip: true } })
    expect(end).toMatchObject({ result: 'failed', switched: false, failure: { phase: 'health' } })
  })
})

describe('before anything is touched', () => {
  test('all problems are told at once, and each of them once', async () => {
    const scene = await withLive()
    const problem = { setting: 'gates', what: 'The alarms cannot be read.', fix: 'Allow it.' }
    scene.gate('bake', ok, () => ok, { look: null, problems: [problem] })
    scene.gate('health', ok, () => ok, { look: null, problems: [problem] })
    scene.place.problems = [{ setting: 'app', what: 'It is not there.', fix: 'Create it.' }]
    const changes = scene.place.applied.length
    const { end } = await deploy(scene)
    expect(end.failure).toMatchObject({
      cause: 'app: It is not there.\ngates: The alarms cannot be read.',
      next: ['Create it.', 'Allow it.'],
    })
    expect(scene.place.applied).toHaveLength(changes)
  })

  test('a dry run tells what a deployment would warn of', async () => {
    const scene = await withLive()
    scene.gate('bake', ok, () => ok, { window: { count: 2, period: 60_000 } })
    const { end } = await deploy(scene, { dryRun: true })
    expect(end).toMatchObject({
      ok: true,
      notices: [expect.stringContaining('alarm 1 judges 2 × 1m at a time')],
    })
  })
})
