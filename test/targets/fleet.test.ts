import { describe, expect, test } from 'vitest'
import {
  ChangeFailed,
  ChangeRefused,
  type Color,
  type ColorState,
  type Guard,
  type Hook,
  type Lease,
  LeaseLost,
  type Presence,
  type Release,
  type Runtime,
  type Target,
  TargetUnreachable,
  type Traffic,
} from '../../src/targets/target.ts'
import { fleetOf } from '../../src/targets/vps/fleet.ts'
import { breaking, leaseOf, open, own, owner } from '../contract/stand.ts'
import { inMemoryTarget } from '../deployment/in-memory-target.ts'
import { aRelease } from '../deployment/intents.ts'
import { mixed, named, Place, unknown } from '../deployment/place.ts'
import { Cancelled, type Fault, Process } from '../deployment/process.ts'
import { cancel, drop, meanwhile } from '../deployment/simulation.ts'

const hosts = ['one', 'two', 'three'] as const
type Host = (typeof hosts)[number]
type PerHost<T> = Readonly<Partial<Record<Host, T>>>

const instant = { now: () => 0, monotonic: () => 0, sleep: async () => {} }

interface Fleet {
  readonly target: Target
  readonly places: Readonly<Record<Host, Place>>
  /** The same hosts as another process opens them. */
  another(faults?: PerHost<readonly Fault[]>): Target
}

/** Blue is live on each host, and green runs beside it. */
function openFleet(
  faults: PerHost<readonly Fault[]> = {},
  changed: (target: Target, host: Host) => Target = (target) => target,
): Fleet {
  const places = { one: new Place(), two: new Place(), three: new Place() }
  for (const place of Object.values(places)) {
    place.traffic = named('blue')
    place.set('blue', { presence: 'running', release: aRelease('v1'), services: { web: 'v1' } })
    place.set('green', { presence: 'running', release: aRelease('v2'), services: { web: 'v2' } })
  }
  return {
    target: fleetAt(places, faults, changed),
    places,
    another: (mine = {}) => fleetAt(places, mine, changed),
  }
}

function fleetAt(
  places: Fleet['places'],
  faults: PerHost<readonly Fault[]>,
  changed: (target: Target, host: Host) => Target,
): Target {
  return fleetOf(
    hosts.map((host) => {
      const process = new Process(host, instant, faults[host] ?? [])
      return { host, target: changed(inMemoryTarget(places[host], process, 60_000), host) }
    }),
  )
}

const acquire = async ({ ledger }: Target, nonce = 'a', claim: typeof open | typeof breaking = open) =>
  leaseOf(await ledger.acquire(owner(nonce), claim))

const guardOf = async (target: Target, color: Guard['color'] = 'any'): Promise<Guard> => ({
  lease: await acquire(target),
  color,
})

const each = <T>({ places }: Fleet, ask: (place: Place) => T): readonly T[] =>
  hosts.map((host) => ask(places[host]))
const liveOn = (fleet: Fleet) => each(fleet, ({ live }) => live)

const failureOf = async (work: Promise<unknown>): Promise<Error> => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  if (error instanceof Error) return error
  throw new Error('It did not fail.')
}

describe('a fleet', () => {
  test('of one host is that host', () => {
    const { target } = openFleet()
    expect(fleetOf([{ host: 'one', target }])).toBe(target)
  })

  test('needs a host', () => {
    expect(() => fleetOf([])).toThrow(TypeError)
  })

  test('runs a hook once, on the first host', async () => {
    const fleet = openFleet()
    const hook: Hook = { run: 'migrate', where: 'target', timeout: 1_000, env: {} }
    // No host counts its owners as the others do.
    fleet.places.one.ledger.fence = 7
    await fleet.target.runHook?.(hook, {}, await guardOf(fleet.target))
    expect(each(fleet, ({ hooksRun }) => hooksRun)).toEqual([['migrate'], [], []])
  })

  test('names the host of each problem', async () => {
    const { target } = openFleet({}, (target, host) => ({
      ...target,
      preflight: async () =>
        host === 'one' ? [] : [{ setting: 'services', what: 'Port 3010 is taken.', fix: `ss -ltn` }],
    }))
    expect(await target.preflight()).toEqual(
      ['two', 'three'].map((host) => ({
        setting: 'services',
        what: `${host}: Port 3010 is taken.`,
        fix: 'ss -ltn',
      })),
    )
  })

  test('closes every host, whatever one of them says', async () => {
    const closed: string[] = []
    const { target } = openFleet({}, (target, host) => ({
      ...target,
      close: async () => {
        closed.push(host)
        if (host === 'one') throw new TargetUnreachable('it is gone')
      },
    }))
    await expect(target.close()).rejects.toThrow('one: it is gone')
    expect(closed).toEqual([...hosts])
  })
})

describe('the runtime of a fleet', () => {
  const state = (presence: Presence, version: string | null = 'v1', detail: string | null = null) => ({
    presence,
    version,
    detail,
  })

  test.each<[string, readonly ColorState[], ColorState]>([
    ['all the same', [state('running'), state('running'), state('running')], state('running', 'v1')],
    [
      'all absent',
      [state('absent', null), state('absent', null), state('absent', null)],
      state('absent', null),
    ],
    [
      'one behind',
      [state('running', 'v2'), state('running', 'v1'), state('running', 'v2')],
      state('running', null, 'one: running v2; two: running v1; three: running v2'),
    ],
    [
      'one that was never deployed to: it can be started like the one that is stopped',
      [state('running'), state('absent', null), state('running')],
      state('stopped', 'v1', 'one: running v1; two: absent; three: running v1'),
    ],
    [
      'one stopped, one starting',
      [state('running'), state('stopped'), state('starting', 'v1', 'web starts')],
      state('stopped', 'v1', 'one: running v1; two: stopped v1; three: starting v1, web starts'),
    ],
    [
      'one starting',
      [state('running'), state('running'), state('starting')],
      state('starting', 'v1', 'one: running v1; two: running v1; three: starting v1'),
    ],
    [
      'one nobody knows of',
      [state('stopped'), state('running'), state('unknown', null, 'docker is silent')],
      state('unknown', null, 'one: stopped v1; two: running v1; three: unknown, docker is silent'),
    ],
    [
      'all the same, with something to say',
      [state('running', 'v1', 'late'), state('running'), state('running')],
      state('running', 'v1', 'one: late'),
    ],
  ])('observes %s', async (_, states, expected) => {
    const { target } = withRuntime((host) => ({
      observe: async () => states[hosts.indexOf(host)] as ColorState,
    }))
    expect(await target.runtime.observe('blue')).toEqual(expected)
  })

  const withRuntime = (runtime: (host: Host) => Partial<Runtime>) =>
    openFleet({}, (target, host) => ({ ...target, runtime: { ...target.runtime, ...runtime(host) } }))

  test('is ready when all are, and says who is not', async () => {
    const { target, places } = openFleet()
    expect(await target.runtime.ready('green', ['web'])).toEqual({ kind: 'ready', restarts: 0 })
    places.two.sicken('green')
    expect(await target.runtime.ready('green', ['web'])).toEqual({
      kind: 'waiting',
      reason: 'two: it answers 500',
    })
    places.three.set('green', { release: aRelease('dead-1'), services: { web: 'dead-1' } })
    expect(await target.runtime.ready('green', ['web'])).toEqual({
      kind: 'fatal',
      reason: 'three: it exits at once',
    })
  })

  test('is silent when one is, and none is worse', async () => {
    const { target } = withRuntime((host) => ({
      ready: async () =>
        host === 'two'
          ? { kind: 'silent', reason: 'docker does not answer' }
          : { kind: 'ready', restarts: 0 },
    }))
    expect(await target.runtime.ready('green', [])).toEqual({
      kind: 'silent',
      reason: 'two: docker does not answer',
    })
  })

  test('adds restarts up', async () => {
    const { target } = withRuntime((host) => ({
      ready: async () => ({ kind: 'ready', restarts: hosts.indexOf(host) + 1 }),
    }))
    expect(await target.runtime.ready('green', [])).toEqual({ kind: 'ready', restarts: 6 })
  })

  test('is quiet when all are, and unknown when one is', async () => {
    const { target, places } = openFleet()
    expect(await target.runtime.quiet('blue')).toBe(0)
    places.one.connections = () => 2
    places.three.connections = () => 3
    expect(await target.runtime.quiet('blue')).toBe(5)
    places.two.connections = () => 'unknown'
    expect(await target.runtime.quiet('blue')).toBe('unknown')
  })

  test('is reached at every host', async () => {
    const { target } = withRuntime((host) => ({
      reach: async () => [{ kind: 'url', url: `http://${host}`, headers: {} }],
    }))
    const reaches = await target.runtime.reach('green', 'web')
    expect(reaches.map(({ url }) => url)).toEqual(['http://one', 'http://two', 'http://three'])
  })

  test('is diagnosed host by host', async () => {
    const { target } = withRuntime((host) => ({
      diagnose: async () => ({
        cause: host === 'two' ? 'exit code 1' : null,
        sections: [{ title: 'web', text: 'log' }],
      }),
    }))
    expect(await target.runtime.diagnose('green')).toEqual({
      cause: 'two: exit code 1',
      sections: hosts.map((host) => ({ title: `${host}: web`, text: 'log' })),
    })
  })

  const order = (release: Release) => ({ release, size: null, services: ['web'] })
  const withImage = { ...aRelease('v3'), images: { web: 'shop:v3' } }

  test('deploys to all, and answers what they run', async () => {
    const fleet = openFleet()
    const guard = await guardOf(fleet.target, 'not-live')
    const images = await fleet.target.runtime.deploy('green', order(withImage), guard)
    expect(images.web).toMatch(/^shop@sha256:/)
    expect(each(fleet, ({ colors }) => colors.green.release?.version)).toEqual(['v3', 'v3', 'v3'])
  })

  test('says so when a tag moved while it was pulled', async () => {
    const { target, places } = openFleet()
    const guard = await guardOf(target, 'not-live')
    places.two.deploy('somebody', 'green', order(withImage), {
      lease: { fence: places.two.ledger.fence, nonce: 'a' },
      color: 'any',
    })
    const error = await failureOf(target.runtime.deploy('green', order(withImage), guard))
    expect(error).toBeInstanceOf(ChangeFailed)
    expect(error.message).toMatch(/different images on green.*web: sha256:0+1 on one, sha256:0+2 on two/)
  })

  test('waits for all, and names each host where it failed', async () => {
    const fleet = openFleet({ one: [drop('before', 'deploy green')], two: [drop('before', 'deploy green')] })
    const guard = await guardOf(fleet.target, 'not-live')
    const error = await failureOf(fleet.target.runtime.deploy('green', order(aRelease('v3')), guard))
    expect(error).toBeInstanceOf(TargetUnreachable)
    expect(error.message).toBe('one: The connection was lost.\ntwo: The connection was lost.')
    expect(each(fleet, ({ colors }) => colors.green.release?.version)).toEqual(['v2', 'v2', 'v3'])
  })

  test.each<[string, PerHost<unknown>, unknown]>([
    ['a lost lease before all', { one: ChangeFailed, two: TargetUnreachable, three: LeaseLost }, LeaseLost],
    ['a refusal before no answer', { one: TargetUnreachable, three: ChangeRefused }, ChangeRefused],
    ['no answer before a failure', { one: ChangeFailed, three: TargetUnreachable }, TargetUnreachable],
  ])('tells %s', async (_, errors, expected) => {
    const { target } = withRuntime((host) => ({
      stop: async () => {
        const Kind = errors[host] as (new (text: string) => Error) | undefined
        if (Kind) throw new Kind('no')
      },
    }))
    const error = await failureOf(target.runtime.stop('green', await guardOf(target)))
    expect(error).toBeInstanceOf(expected)
    for (const host of Object.keys(errors)) expect(error.message).toContain(`${host}: no`)
  })

  test('lets the reason of an interrupt through as it is', async () => {
    const { target } = openFleet({
      two: [cancel('before', 'stop green')],
      three: [drop('before', 'stop green')],
    })
    await expect(target.runtime.stop('green', await guardOf(target))).rejects.toThrow(Cancelled)
  })

  test.each<[string, Traffic]>([
    ['are of two minds', named('green')],
    ['cannot all be read', unknown],
  ])('changes nothing anywhere while its hosts %s', async (_, traffic) => {
    const fleet = openFleet()
    const guard = await guardOf(fleet.target, 'not-live')
    fleet.places.three.traffic = traffic
    const before = each(fleet, (place) => place.snapshot())
    const { runtime } = fleet.target
    for (const change of [
      () => runtime.deploy('green', order(aRelease('v3')), guard),
      () => runtime.stop('green', guard),
      () => runtime.remove('green', guard),
    ])
      await expect(change()).rejects.toThrow(ChangeRefused)
    expect(each(fleet, (place) => place.snapshot())).toEqual(before)
  })
})

describe('the router of a fleet', () => {
  const observing = (...traffic: readonly Traffic[]) => {
    const { target, places } = openFleet()
    for (const [index, host] of hosts.entries()) places[host].traffic = traffic[index] ?? named('blue')
    return target.router.observe()
  }

  test.each<[string, readonly Traffic[], Traffic]>([
    ['one color', [named('green'), named('green'), named('green')], named('green')],
    ['nobody', [{ kind: 'nobody' }, { kind: 'nobody' }, { kind: 'nobody' }], { kind: 'nobody' }],
    [
      'two colors, with the way to each',
      [named('blue'), named('green'), named('blue')],
      {
        kind: 'mixed',
        detail: 'one: blue; two: green; three: blue',
        repair: [
          '# to bring all hosts to blue:',
          '# on two',
          'route blue',
          '# to bring all hosts to green:',
          '# on one',
          'route green',
          '# on three',
          'route green',
        ],
      },
    ],
    [
      'a host that names nobody',
      [named('blue'), { kind: 'nobody' }, named('blue')],
      {
        kind: 'mixed',
        detail: 'one: blue; two: nobody; three: blue',
        repair: ['# to bring all hosts to blue:', '# on two', 'route blue'],
      },
    ],
    [
      'a host that is mixed itself',
      [named('blue'), mixed, named('blue')],
      {
        kind: 'mixed',
        detail: 'one: blue; two: one of two hosts; three: blue',
        repair: ['# on two', 'put both right'],
      },
    ],
    [
      'a host that cannot tell',
      [named('blue'), named('green'), unknown],
      {
        kind: 'unknown',
        detail: 'one: blue; two: green; three: no answer',
        repair: ['# on three', 'look at the router'],
      },
    ],
  ])('names %s', async (_, traffic, expected) => {
    expect(await observing(...traffic)).toEqual(expected)
  })

  test('cannot be read when a host cannot be reached', async () => {
    const { target } = openFleet({ two: [drop('before', 'observe router')] })
    const error = await failureOf(target.router.observe())
    expect(error).toBeInstanceOf(TargetUnreachable)
    expect(error.message).toBe('two: The connection was lost.')
  })

  test.each(['one', 'two'] as const)('goes back on the others while %s is away', async (away) => {
    const fleet = openFleet()
    for (const [index, place] of Object.values(fleet.places).entries()) {
      place.traffic = named('green')
      place.ledger.fence = index
    }
    const lease = await acquire(fleet.target)
    // By another process, which knows the lease alone.
    const another = fleet.another({ [away]: [drop('before', 'observe router')] })
    const error = await failureOf(another.router.observe())
    const rest = error instanceof TargetUnreachable ? error.rest : null
    const traffic = (await rest?.router.observe()) ?? unknown
    expect(traffic).toEqual(named('green'))
    await rest?.router.switch(traffic, 'blue', { lease, color: 'any', unreadableLedger: 'ignore' })
    expect(liveOn(fleet)).toEqual(hosts.map((host) => (host === away ? 'green' : 'blue')))
  })

  test('says what to type on each host', () => {
    const lines = hosts.flatMap((host) => [`# on ${host}`, 'route green'])
    expect(openFleet().target.router.manual('green')).toEqual(lines)
  })

  const switching = async (fleet: Fleet, from: Traffic, to: Color, more: Partial<Guard> = {}) =>
    fleet.target.router.switch(from, to, { ...(await guardOf(fleet.target)), ...more })

  test('switches all', async () => {
    const fleet = openFleet()
    expect(await switching(fleet, named('blue'), 'green')).toEqual({
      detail: 'one: it answers; two: it answers; three: it answers',
    })
    expect(liveOn(fleet)).toEqual(['green', 'green', 'green'])
  })

  test('puts all back when one fails', async () => {
    const fleet = openFleet()
    fleet.places.two.switchBehavior = 'fails'
    const error = await failureOf(switching(fleet, named('blue'), 'green'))
    expect(error).toBeInstanceOf(ChangeFailed)
    expect(error.message.split('\n')).toEqual([
      'two: The reload was refused.',
      'one was put back on blue. two is on blue still. three was put back on blue.',
    ])
    expect(liveOn(fleet)).toEqual(['blue', 'blue', 'blue'])
  })

  test('puts a host back whose answer was lost', async () => {
    const fleet = openFleet({ two: [drop('after', 'switch to green')] })
    const error = await failureOf(switching(fleet, named('blue'), 'green'))
    expect(error).toBeInstanceOf(TargetUnreachable)
    for (const host of hosts) expect(error.message).toContain(`${host} was put back on blue.`)
    expect(liveOn(fleet)).toEqual(['blue', 'blue', 'blue'])
  })

  test('says who could not be put back', async () => {
    const fleet = openFleet({
      two: [drop('before', 'switch to green')],
      three: [drop('before', 'switch to blue')],
    })
    const { message } = await failureOf(switching(fleet, named('blue'), 'green'))
    expect(message.split('\n')).toEqual([
      'two: The connection was lost.',
      'one was put back on blue. two is on blue still. three could not be put back on blue: The connection was lost.',
    ])
    expect(liveOn(fleet)).toEqual(['blue', 'blue', 'green'])
  })

  test('leaves a host to the person who moved it', async () => {
    const fleet = openFleet()
    fleet.places.two.traffic = named('green')
    await expect(switching(fleet, named('blue'), 'green')).rejects.toThrow(ChangeRefused)
    expect(liveOn(fleet)).toEqual(['blue', 'green', 'blue'])
  })

  test('has nowhere to put a first deployment back to, and says where it is', async () => {
    const fleet = openFleet({ two: [drop('before', 'switch to green')] })
    for (const place of Object.values(fleet.places)) place.traffic = { kind: 'nobody' }
    const { message } = await failureOf(switching(fleet, { kind: 'nobody' }, 'green'))
    expect(message).toContain('On green now: one, three.')
    expect(liveOn(fleet)).toEqual(['green', null, 'green'])
  })

  test('brings back every host it can reach', async () => {
    const fleet = openFleet({ two: [drop('before', 'switch to blue')] })
    for (const place of Object.values(fleet.places)) place.traffic = named('green')
    const wayBack = { unreadableLedger: 'ignore' } as const
    const error = await failureOf(switching(fleet, named('green'), 'blue', wayBack))
    expect(error).toBeInstanceOf(TargetUnreachable)
    expect(error.message).toContain('On blue now: one, three.')
    expect(liveOn(fleet)).toEqual(['blue', 'green', 'blue'])
  })

  test('goes on where a switch stopped half way, and moves nobody twice', async () => {
    const fleet = openFleet()
    fleet.places.one.traffic = named('green')
    const from = await fleet.target.router.observe()
    expect((await switching(fleet, from, 'green')).detail).toContain('one: was there')
    expect(liveOn(fleet)).toEqual(['green', 'green', 'green'])
    expect(each(fleet, ({ applied }) => applied.length)).toEqual([0, 1, 1])
  })

  test('rolls nothing back after its lease was lost on one host', async () => {
    const fleet = openFleet()
    const guard = await guardOf(fleet.target)
    fleet.places.two.ledger.acquire(owner('b'), 60_000, breaking)
    const error = await failureOf(fleet.target.router.switch(named('blue'), 'green', guard))
    expect(error).toBeInstanceOf(LeaseLost)
    expect(error.message).toContain('On green now: one, three.')
    expect(liveOn(fleet)).toEqual(['green', 'blue', 'green'])
  })

  test('rolls nothing back when the run is interrupted', async () => {
    const fleet = openFleet({ two: [cancel('before', 'switch to green')] })
    await expect(switching(fleet, named('blue'), 'green')).rejects.toThrow(Cancelled)
    expect(liveOn(fleet)).toEqual(['green', 'blue', 'green'])
  })
})

describe('the ledger of a fleet', () => {
  const fences = (fleet: Fleet) => each(fleet, ({ ledger }) => ledger.fence)
  const documents = (fleet: Fleet) => each(fleet, ({ ledger }) => ledger.document)
  const statuses = (fleet: Fleet) => each(fleet, ({ ledger }) => ledger.view().status)

  test('keeps the whole document on every host, under the fence of each', async () => {
    const fleet = openFleet()
    fleet.places.two.ledger.fence = 40
    const lease = await acquire(fleet.target)
    expect([lease, fences(fleet)]).toEqual([{ fence: 1, nonce: 'a' }, [1, 41, 1]])
    expect(await fleet.target.ledger.write(lease, 'journal')).toBe('kept')
    expect(documents(fleet)).toEqual(['journal', 'journal', 'journal'])
    expect(await fleet.target.ledger.park(lease)).toBe('kept')
    expect(statuses(fleet)).toEqual(['parked', 'parked', 'parked'])
  })

  test('takes nothing where one host is held, and shows who holds it', async () => {
    const fleet = openFleet()
    fleet.places.three.ledger.acquire(owner('b'), 60_000, open)
    const held = await fleet.target.ledger.acquire(owner('a'), open)
    expect(held).toMatchObject({ kind: 'held', view: { status: 'held', owner: { nonce: 'b' }, fence: 0 } })
    expect(fences(fleet)).toEqual([0, 0, 1])
    const { mark } = (await fleet.target.ledger.read()).lease
    expect(held.kind === 'held' && held.view.mark).toBe(mark)
    const acquired = await fleet.target.ledger.acquire(owner('a'), { claim: 'open', unchangedMark: mark })
    expect([acquired.kind, statuses(fleet)]).toEqual(['acquired', ['held', 'held', 'held']])
  })

  test('gives back what it took when another comes in between', async () => {
    const rival: { take(): void } = { take: () => {} }
    const fleet = openFleet({ one: [meanwhile('after', 'acquire', () => rival.take())] })
    rival.take = () => fleet.places.three.ledger.acquire(owner('b'), 60_000, open)
    expect(await fleet.target.ledger.acquire(owner('a'), open)).toMatchObject({
      kind: 'held',
      view: { owner: { nonce: 'b' } },
    })
    expect(statuses(fleet)).toEqual(['free', 'free', 'held'])
  })

  test('gives back what it took when a host cannot be reached, and names it', async () => {
    const fleet = openFleet({ three: [drop('before', 'acquire')] })
    const error = await failureOf(fleet.target.ledger.acquire(owner('a'), open))
    expect(error).toBeInstanceOf(TargetUnreachable)
    expect(error.message).toBe('three: The connection was lost.')
    expect(statuses(fleet)).toEqual(['free', 'free', 'free'])
    expect((await fleet.target.ledger.acquire(owner('a'), own)).kind).toBe('acquired')
  })

  test('is lost when one host is, and names each that cannot be reached', async () => {
    const fleet = openFleet()
    const lease = await acquire(fleet.target)
    fleet.places.two.ledger.acquire(owner('b'), 60_000, breaking)
    expect(await fleet.target.ledger.renew(lease)).toBe('lost')
    expect(await fleet.target.ledger.write(lease, 'late')).toBe('lost')
    expect(fleet.places.two.ledger.document).toBeNull()
    const cut = openFleet({ two: [drop('before', 'renew')], three: [drop('before', 'renew')] })
    const error = await failureOf(cut.target.ledger.renew(await acquire(cut.target)))
    expect(error.message).toBe('two: The connection was lost.\nthree: The connection was lost.')
  })

  test.each<[string, PerHost<readonly [number, string | null]>, string | null]>([
    ['none', {}, null],
    ['the one there is, where a host is new', { one: [0, null], two: [3, 'x'], three: [3, 'x'] }, 'x'],
    [
      'the first, where a run died while it wrote',
      { one: [3, 'old'], two: [3, 'new'], three: [3, 'old'] },
      'old',
    ],
    [
      'the newer, where a host missed an operation',
      { one: [2, 'old'], two: [3, 'new'], three: [3, 'new'] },
      'new',
    ],
  ])('reads of several documents %s', async (_, kept, expected) => {
    const fleet = openFleet()
    for (const host of hosts) {
      const [fence, document] = kept[host] ?? [0, null]
      Object.assign(fleet.places[host].ledger, { fence, document })
    }
    expect((await fleet.target.ledger.read()).document).toBe(expected)
    expect(await fleet.target.ledger.acquire(owner('a'), open)).toMatchObject({ document: expected })
  })

  describe('for a process that did not acquire the lease itself', () => {
    const leftBy = async (nonce = 'a') => {
      const fleet = openFleet()
      fleet.places.two.ledger.fence = 40
      const lease: Lease = await acquire(fleet.target, nonce)
      return { fleet, lease, post: fleet.another() }
    }

    test('knows it again', async () => {
      const { fleet, lease, post } = await leftBy()
      expect(await post.ledger.write(lease, 'journal')).toBe('kept')
      expect(documents(fleet)).toEqual(['journal', 'journal', 'journal'])
      await post.router.switch(named('blue'), 'green', { lease, color: 'any' })
      expect(liveOn(fleet)).toEqual(['green', 'green', 'green'])
    })

    test('changes nothing by one that is not there', async () => {
      const { fleet, lease, post } = await leftBy()
      for (const other of [
        { ...lease, nonce: 'b' },
        { ...lease, fence: lease.fence + 1 },
      ]) {
        expect(await post.ledger.write(other, 'theirs')).toBe('lost')
        const guard = { lease: other, color: 'any' } as const
        await expect(post.router.switch(named('blue'), 'green', guard)).rejects.toThrow(LeaseLost)
      }
      expect([documents(fleet), liveOn(fleet)]).toEqual([
        [null, null, null],
        ['blue', 'blue', 'blue'],
      ])
    })

    test('goes back where a ledger cannot be read, and not otherwise', async () => {
      const { fleet, lease, post } = await leftBy()
      fleet.places.three.ledger.isReadable = false
      const guard: Guard = { lease, color: 'any' }
      await expect(post.router.switch(named('blue'), 'green', guard)).rejects.toThrow(/^three: /)
      expect(liveOn(fleet)).toEqual(['blue', 'blue', 'blue'])
      await post.router.switch(named('blue'), 'green', { ...guard, unreadableLedger: 'ignore' })
      expect(liveOn(fleet)).toEqual(['green', 'green', 'green'])
    })
  })
})
