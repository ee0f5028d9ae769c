/** Random histories of an app: jobs that go well or badly, runs that die or stand still, people who move traffic. */
import fc from 'fast-check'
import type { Intent, JobStatus } from '../../src/targets/intent.ts'
import type { Color, Traffic } from '../../src/targets/target.ts'
import { aHook, withHooks, withWorker } from './intents.ts'
import { mixed, named, unknown } from './place.ts'

/** What happens at one call of a run, by data, so that a failing history can be read. */
export interface Trouble {
  readonly at: number
  readonly when: 'before' | 'after'
  readonly what:
    | 'kill'
    | 'cancel'
    | 'freeze'
    | 'drop'
    | 'lag'
    | 'disk-full'
    | 'sicken-live'
    | 'sicken-idle'
    | 'rival'
    | 'switch-fails'
    | 'switch-fails-after-moving'
    | 'switch-splits'
    | 'move-to-blue'
    | 'move-to-green'
    | 'move-away-and-back'
    | 'split'
}

export interface Use {
  readonly mode: Intent['mode']
  readonly release: 'good' | 'sick' | 'dead' | 'breaks' | 'idles' | 'refused'
  readonly options: Partial<Intent>
  readonly main: readonly Trouble[]
  readonly post: readonly Trouble[]
}

export type Action =
  /** One job with one or two uses of the action; `later`: how its later steps end. */
  | {
      readonly kind: 'job'
      readonly uses: readonly Use[]
      readonly later: JobStatus
      readonly runnerLost: boolean
    }
  | { readonly kind: 'human'; readonly moves: 'blue' | 'green' | 'nobody' | 'mixed' | 'unknown' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'time'; readonly minutes: number }
  | { readonly kind: 'clock-jumps'; readonly minutes: number }
  | { readonly kind: 'sicken'; readonly color: Color }

export const isHarmless = ({ what }: Trouble): boolean => what === 'drop' || what === 'lag'

export interface History {
  readonly begins: 'empty' | 'unrecorded'
  readonly actions: readonly Action[]
}

export const trafficOf = (moves: Extract<Action, { kind: 'human' }>['moves']): Traffic => {
  if (moves === 'mixed') return mixed
  if (moves === 'unknown') return unknown
  return moves === 'nobody' ? { kind: 'nobody' } : named(moves)
}

const ofMachines = [
  'kill',
  'kill',
  'kill',
  'cancel',
  'freeze',
  'freeze',
  'drop',
  'drop',
  'drop',
  'drop',
  'lag',
  'lag',
  'lag',
  'disk-full',
  'rival',
  'switch-fails',
  'switch-fails-after-moving',
  'switch-splits',
] as const
const ofColors = ['sicken-live', 'sicken-idle'] as const
const ofPeople = ['move-to-blue', 'move-to-green', 'move-away-and-back', 'split'] as const

/** How many calls a run makes to its end, at most and nearly. */
const callsOfMain = 50
const callsOfPost = 20

const trouble = (kinds: readonly Trouble['what'][], calls: number): fc.Arbitrary<Trouble> =>
  fc.record({
    at: fc.oneof(fc.integer({ min: 1, max: calls }), fc.integer({ min: 1, max: 5 })),
    when: fc.constantFrom('before', 'after'),
    what: fc.constantFrom(...kinds),
  })

const troubles = (kinds: readonly Trouble['what'][], calls: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 4, arbitrary: fc.array(trouble(kinds, calls), { minLength: 1, maxLength: 2 }) },
  )

const options: fc.Arbitrary<Partial<Intent>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constant(withWorker) },
  fc.constant({ noRollback: true }),
  fc.constant({ noRollback: true, ...withWorker }),
  fc.constant({ goesBackOn: [] }),
  fc.constant({ oldColor: 'keep' as const }),
  fc.constant({ oldColor: 'remove' as const }),
  fc.constant({ onFailure: 'keep' as const }),
  fc.constant(withHooks({ migrate: [aHook('migrate')], 'on-rollback': [aHook('tell', 'runner')] })),
  fc.constant(withHooks({ 'after-switch': [aHook('fail: a look at the new color')] })),
  fc.constant(withHooks({ 'after-cleanup': [aHook('fail: tidying')] })),
)

const modes = [
  ...Array<Intent['mode']>(7).fill('deploy'),
  'rollback',
  'rollback',
  'cleanup',
  'unlock',
  'status',
] as const

const releases = ['good', 'good', 'good', 'sick', 'dead', 'breaks', 'breaks', 'idles', 'refused'] as const

const use = (kinds: readonly Trouble['what'][]): fc.Arbitrary<Use> =>
  fc.record({
    mode: fc.constantFrom(...modes),
    release: fc.constantFrom(...releases),
    options,
    main: troubles(kinds, callsOfMain),
    post: troubles(kinds, callsOfPost),
  })

const job = (kinds: readonly Trouble['what'][]): fc.Arbitrary<Action> =>
  fc.record({
    kind: fc.constant('job' as const),
    uses: fc.array(use(kinds), { minLength: 1, maxLength: 2 }),
    later: fc.constantFrom('success', 'success', 'failure', 'cancelled'),
    runnerLost: fc.integer({ min: 0, max: 4 }).map((each) => each === 0),
  })

const elsewhere: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('resume' as const) }),
  fc.record({ kind: fc.constant('time' as const), minutes: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('clock-jumps' as const), minutes: fc.integer({ min: -20, max: 20 }) }),
)

const human: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('human' as const),
  moves: fc.constantFrom('blue', 'green', 'blue', 'green', 'nobody', 'mixed', 'unknown'),
})

const sicken: fc.Arbitrary<Action> = fc.record({
  kind: fc.constant('sicken' as const),
  color: fc.constantFrom('blue', 'green'),
})

/** Nobody but us touches the app: everything is held to the promises in full. */
export const quietHistory: fc.Arbitrary<History> = fc.record({
  begins: fc.constantFrom('empty', 'unrecorded'),
  actions: fc.array(
    fc.oneof({ weight: 5, arbitrary: job(ofMachines) }, { weight: 2, arbitrary: elsewhere }),
    { minLength: 1, maxLength: 7 },
  ),
})

/** People move traffic and colors fall ill at any time. */
export const wildHistory: fc.Arbitrary<History> = fc.record({
  begins: fc.constantFrom('empty', 'unrecorded'),
  actions: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: job([...ofMachines, ...ofColors, ...ofPeople, ...ofPeople]) },
      { weight: 2, arbitrary: elsewhere },
      { weight: 2, arbitrary: human },
      sicken,
    ),
    { minLength: 1, maxLength: 7 },
  ),
})
