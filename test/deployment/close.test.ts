import { describe, expect, test } from 'vitest'
import {
  type Asker,
  decideClosing,
  openSituation,
  rows,
  type Situation,
  wayBackMatters,
} from '../../src/deployment/close.ts'
import type { Position } from '../../src/deployment/operation.ts'

type Stage = NonNullable<Situation['operation']>

const traffics = ['from', 'switching', 'to', 'reverting', 'back'] as const
const positions: readonly Position[] = ['from', 'to', 'mixed', 'nobody', 'unknown']
const states = ['open', 'committed', 'undone', 'failed'] as const
const bools = [true, false] as const

const askers: readonly Asker[] = [
  { kind: 'main-failing' },
  { kind: 'main-cleanup', keepsOpen: true },
  { kind: 'main-cleanup', keepsOpen: false },
  { kind: 'post', mine: true, goesBack: true },
  { kind: 'post', mine: true, goesBack: false },
  { kind: 'post', mine: false, goesBack: true },
  { kind: 'post', mine: false, goesBack: false },
  { kind: 'next-run' },
  { kind: 'abort' },
  { kind: 'cleanup' },
  { kind: 'unlock', force: true },
  { kind: 'unlock', force: false },
]

const stages: readonly Stage[] = traffics.flatMap((traffic) =>
  bools.flatMap((verified) =>
    bools.map((retiring) => ({ state: 'open' as const, traffic, verified, retiring })),
  ),
)

const openSituations: readonly (Situation & { operation: Stage })[] = stages.flatMap((operation) =>
  positions.flatMap((position) =>
    bools.flatMap((wayBack) => askers.map((asker) => ({ operation, position, wayBack, asker }))),
  ),
)

const show = ({ operation, position, wayBack, asker }: Situation) =>
  JSON.stringify({ ...operation, position, wayBack, asker })

const settles = ({ asker }: Situation) => asker.kind !== 'post' || asker.mine

describe('every situation', () => {
  test.each(stages.map((stage) => [JSON.stringify(stage), stage] as const))(
    'has exactly one row: %s',
    (_, stage) => {
      for (const situation of openSituations.filter(({ operation }) => operation === stage)) {
        const open = openSituation(situation, stage)
        const fitting = rows.filter((row) => row.fits(open)).map(({ name }) => name)
        expect(fitting, show(situation)).toHaveLength(1)
      }
    },
  )

  test('each row is the one of some situation', () => {
    const unused = rows.filter(
      (row) => !openSituations.some((situation) => row.fits(openSituation(situation, situation.operation))),
    )
    expect(unused.map(({ name }) => name)).toEqual([])
  })

  test('of no operation, or of a closed one, asks for nothing', () => {
    for (const situation of openSituations) {
      for (const state of states.filter((each) => each !== 'open')) {
        const closed = { ...situation, operation: { ...situation.operation, state } }
        expect(decideClosing(closed), show(closed)).toEqual({ kind: 'nothing' })
      }
      expect(decideClosing({ ...situation, operation: null })).toEqual({ kind: 'nothing' })
    }
  })

  test('of another run asks nothing of a post step', () => {
    for (const situation of openSituations.filter((each) => !settles(each))) {
      expect(decideClosing(situation), show(situation)).toEqual({ kind: 'nothing' })
    }
  })
})

/** One line of the table: an open operation, where the router stands, who asks, and what is done. */
interface Line {
  readonly when: string
  readonly traffic: readonly Stage['traffic'][]
  /** null: not asked. */
  readonly verified: boolean | null
  readonly retiring: boolean | null
  readonly position: readonly Position[]
  readonly wayBack: boolean | null
  readonly asker: (asker: Asker) => boolean
  readonly does: string
}

const any = () => true
const kinds =
  (...names: readonly Asker['kind'][]) =>
  ({ kind }: Asker) =>
    names.includes(kind)
const postGoesBack = (asker: Asker) => asker.kind === 'post' && asker.goesBack
const keepsOpen = (asker: Asker) => asker.kind === 'main-cleanup' && asker.keepsOpen

const line = (when: string, parts: Partial<Line> & Pick<Line, 'traffic' | 'position' | 'does'>): Line => ({
  when,
  verified: null,
  retiring: null,
  wayBack: null,
  asker: any,
  ...parts,
})

const verifiedAtTo = { traffic: ['to'], verified: true, retiring: false, position: ['to'] } as const

const table: readonly Line[] = [
  line('traffic never moved', { traffic: ['from', 'switching'], position: ['from'], does: 'undo' }),
  line('somebody moved it to an unchecked color', {
    traffic: ['from'],
    position: ['to', 'mixed'],
    does: 'give-up',
  }),
  ...(['switching', 'to'] as const).flatMap((traffic) => {
    const unverified = { traffic: [traffic], verified: traffic === 'to' ? false : null }
    return [
      line(`${traffic}, not verified, a way back`, {
        ...unverified,
        position: ['to', 'mixed'],
        wayBack: true,
        does: 'go-back',
      }),
      line(`${traffic}, not verified, no way back`, {
        ...unverified,
        position: ['to'],
        wayBack: false,
        does: 'give-up',
      }),
      line(`${traffic}, not verified, no way back, split`, {
        ...unverified,
        position: ['mixed'],
        wayBack: false,
        does: 'go-forward',
      }),
    ]
  }),
  line('on the way back', {
    traffic: ['reverting'],
    position: ['to', 'mixed'],
    wayBack: true,
    does: 'go-back',
  }),
  line('on the way back to a color that fails now', {
    traffic: ['reverting'],
    position: ['to', 'mixed'],
    wayBack: false,
    does: 'give-up',
  }),
  line('back', { traffic: ['reverting', 'back'], position: ['from'], does: 'go-back' }),
  line('back, then moved by somebody', { traffic: ['back'], position: ['to', 'mixed'], does: 'give-up' }),
  line('verified, main cannot tell yet', {
    ...verifiedAtTo,
    asker: (asker) => asker.kind === 'main-failing' || keepsOpen(asker),
    does: 'park',
  }),
  line('verified, main closes it itself', {
    ...verifiedAtTo,
    asker: (asker) => asker.kind === 'main-cleanup' && !keepsOpen(asker),
    does: 'retire',
  }),
  line('verified, the job went well', {
    ...verifiedAtTo,
    asker: (asker) => asker.kind === 'post' && !postGoesBack(asker),
    does: 'retire',
  }),
  line('verified, the job failed, no way back', {
    ...verifiedAtTo,
    wayBack: false,
    asker: postGoesBack,
    does: 'retire',
  }),
  line('verified, the job failed, a way back', {
    ...verifiedAtTo,
    wayBack: true,
    asker: postGoesBack,
    does: 'go-back',
  }),
  line('verified, cleanup comes', { ...verifiedAtTo, asker: kinds('cleanup'), does: 'retire' }),
  line('verified, somebody else comes', {
    ...verifiedAtTo,
    asker: kinds('next-run', 'abort', 'unlock'),
    does: 'commit',
  }),
  line('retiring was begun', {
    traffic: ['to'],
    verified: true,
    retiring: true,
    position: ['to'],
    does: 'retire',
  }),
  line('verified, then split', { traffic: ['to'], verified: true, position: ['mixed'], does: 'mend' }),
  line('moved back by somebody', { traffic: ['to'], position: ['from'], does: 'concede' }),
  line('the router cannot be read', {
    traffic: traffics,
    position: ['nobody', 'unknown'],
    does: 'wait',
  }),
]

const fitsLine = ({ operation, position, wayBack, asker }: Situation & { operation: Stage }, its: Line) =>
  its.traffic.includes(operation.traffic) &&
  its.position.includes(position) &&
  (its.verified === null || its.verified === operation.verified) &&
  (its.retiring === null || its.retiring === operation.retiring) &&
  (its.wayBack === null || its.wayBack === wayBack) &&
  its.asker(asker)

describe('the table, line by line', () => {
  test.each(table.map((its) => [its.when, its.does, its] as const))('%s: %s', (_, does, its) => {
    const situations = openSituations.filter((situation) => settles(situation) && fitsLine(situation, its))
    expect(situations).not.toHaveLength(0)
    for (const situation of situations) expect(decideClosing(situation).kind, show(situation)).toBe(does)
  })

  test('speaks of every situation, and of none twice', () => {
    for (const situation of openSituations) {
      const lines = table.filter((its) => fitsLine(situation, its)).map(({ when }) => when)
      expect(lines, show(situation)).toHaveLength(1)
    }
  })

  test('a router that cannot be read closes an operation for nobody but unlock with force', () => {
    const closers = openSituations
      .filter(settles)
      .filter((situation) => {
        const closing = decideClosing(situation)
        return closing.kind === 'wait' && closing.closesAnyway
      })
      .map(({ asker }) => JSON.stringify(asker))
    expect(new Set(closers)).toEqual(new Set([JSON.stringify({ kind: 'unlock', force: true })]))
  })
})

describe('no color that the router names is ever stopped', () => {
  /** What each closing may stop, seen from the operation; going back stops `to` only once traffic has left it. */
  const stops: Readonly<Record<string, Position | null>> = { undo: 'to', retire: 'from' }

  test.each(Object.entries(stops))('%s stops nothing that is live', (kind, stopped) => {
    for (const situation of openSituations.filter((each) => decideClosing(each).kind === kind)) {
      expect(situation.position, show(situation)).not.toBe(stopped)
      expect(['from', 'to'], show(situation)).toContain(situation.position)
    }
  })
})

describe('the old color is asked only when the answer hangs on it', () => {
  test('wayBackMatters says just that', () => {
    for (const { operation, position, asker } of openSituations) {
      const [one, other] = bools.map((wayBack) =>
        JSON.stringify(decideClosing({ operation, position, asker, wayBack })),
      )
      expect(wayBackMatters({ operation, position, asker })).toBe(one !== other)
    }
  })

  test.each([
    ['traffic never moved', 'from', false, 'from', { kind: 'main-failing' }, false],
    ['switched and failing', 'switching', false, 'to', { kind: 'main-failing' }, true],
    [
      'verified and the job went well',
      'to',
      true,
      'to',
      { kind: 'post', mine: true, goesBack: false },
      false,
    ],
    ['verified and the job failed', 'to', true, 'to', { kind: 'post', mine: true, goesBack: true }, true],
    ['verified and a new run comes', 'to', true, 'to', { kind: 'next-run' }, false],
  ] as const)('%s', (_, traffic, verified, position, asker, matters) => {
    const operation = { state: 'open', traffic, verified, retiring: false } as const
    expect(wayBackMatters({ operation, position, asker })).toBe(matters)
  })
})
