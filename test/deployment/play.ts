/** Plays a history in a simulated place, and holds every step of it to the promises. */
import { expect } from 'vitest'
import { mayGoBack } from '../../src/deployment/operation.ts'
import type { JobStatus } from '../../src/targets/intent.ts'
import { otherColor } from '../../src/targets/target.ts'
import { type Action, type History, isHarmless, type Trouble, trafficOf, type Use } from './history.ts'
import { aRelease } from './intents.ts'
import { mixed, named, type Place } from './place.ts'
import type { Blow, Fault } from './process.ts'
import {
  alone,
  type Course,
  expectKeptLease,
  expectLive,
  expectWhole,
  holdToPromises,
  operationIn,
  standing,
} from './promises.ts'
import { type MainEnd, Simulation, type Step } from './simulation.ts'

type Job = Extract<Action, { kind: 'job' }>

export function begin({ begins }: History): Course {
  const simulation = new Simulation()
  const { place } = simulation
  if (begins === 'unrecorded') {
    place.set('blue', {
      presence: 'running',
      release: aRelease('good-0'),
      services: { web: 'good-0' },
      proven: true,
    })
    place.traffic = named('blue')
  }
  return {
    simulation,
    processes: [],
    working: new Set(),
    disturbed: false,
    atPeace: false,
    broken: [],
    releases: 0,
    rolledBack: null,
  }
}

export async function play(history: History): Promise<void> {
  const course = begin(history)
  for (const action of history.actions) {
    await act(course, action)
    holdToPromises(course)
    await pressAgain(course)
  }
  await thaw(course)
  holdToPromises(course)
  // Until whoever moves traffic away and back has done so.
  await course.simulation.place.clock.advance(absence)
  await deployOnceMore(course)
}

/** A rollback pressed twice changes nothing the second time. */
async function pressAgain({ simulation, rolledBack, disturbed, processes }: Course): Promise<void> {
  if (rolledBack === null || disturbed || processes.some(({ isFrozen }) => isFrozen)) return
  const end = await simulation.job({ mode: 'rollback', version: null })
  expect([end.result, standing(simulation.place)]).toEqual(['unchanged', rolledBack])
}

async function act(course: Course, action: Action): Promise<void> {
  const { place } = course.simulation
  switch (action.kind) {
    case 'job':
      return workThrough(course, action)
    case 'human':
      course.disturbed = true
      course.rolledBack = null
      place.traffic = trafficOf(action.moves)
      return
    case 'sicken':
      sicken(course, action.color)
      return
    case 'resume':
      return thaw(course)
    case 'time':
      return place.clock.advance(action.minutes * 60_000)
    case 'clock-jumps':
      place.skew += action.minutes * 60_000
      return
  }
}

async function workThrough(course: Course, job: Job): Promise<void> {
  begun(course, runJob(course, job))
  await untilDoneOrFrozen(course)
  const { place } = course.simulation
  place.ledger.takesWrites = true
  place.switchBehavior = 'moves'
}

function begun(course: Course, work: Promise<void>): void {
  const { working } = course
  const tracked: Promise<void> = work.finally(() => working.delete(tracked))
  working.add(tracked)
  tracked.catch((error: unknown) => course.broken.push(error))
}

const longest = 2 * 60 * 60_000

async function untilDoneOrFrozen({ simulation, working, processes }: Course): Promise<void> {
  const { clock } = simulation.place
  const began = clock.monotonic()
  const frozen = () => processes.filter(({ isFrozen }) => isFrozen).length
  while (working.size > frozen()) {
    if (clock.monotonic() - began > longest) throw new Error('A run never ends.')
    await clock.advance(1_000)
  }
}

async function thaw(course: Course): Promise<void> {
  for (const process of course.processes) process.resume()
  await untilDoneOrFrozen(course)
  if (course.processes.some(({ isFrozen }) => isFrozen)) await thaw(course)
}

async function runJob(course: Course, { uses, later, runnerLost }: Job): Promise<void> {
  const ran: { step: Step; use: Use }[] = []
  let status: JobStatus = 'success'
  for (const use of uses) {
    const step = prepare(course, use)
    ran.push({ step, use })
    course.rolledBack = null
    const { skew } = course.simulation.place
    const end = await step.runMain()
    if (skew === course.simulation.place.skew) expectKeptLease(use, end)
    course.atPeace = end !== 'died' && use.main.length === 0 && closes(use) && worksWell(course)
    heed(course, use, end)
    if (runnerLost && end === 'died') return
    status = statusAfter(step, end)
    if (status !== 'success') break
  }
  if (runnerLost) return
  if (status === 'success') status = later
  const newest = ran.at(-1)
  for (const { step, use } of ran.toReversed()) {
    await runPost(course, { step, use, status, newest: step === newest?.step })
  }
}

const routerWorks = ({ simulation }: Course): boolean => simulation.place.switchBehavior === 'moves'

/** A new run begins nothing on a full disk; going back must work all the same. */
const worksWell = (course: Course): boolean =>
  routerWorks(course) && course.simulation.place.ledger.takesWrites

const closes = ({ mode }: Use): boolean => mode !== 'status'

function statusAfter({ main }: Step, end: MainEnd): JobStatus {
  if (end === 'died') return 'failure'
  if (main.signal.aborted && main.signal.reason.name === 'Cancelled') return 'cancelled'
  return end.ok ? 'success' : 'failure'
}

function prepare(course: Course, use: Use): Step {
  const { simulation } = course
  course.releases += 1
  const version = use.mode === 'deploy' ? `${use.release}-${course.releases}` : null
  const step = simulation.step(
    { ...use.options, mode: use.mode, version },
    use.main.map((trouble) => faultOf(course, trouble)),
  )
  course.processes.push(step.main)
  return step
}

interface Posting {
  readonly step: Step
  readonly use: Use
  readonly status: JobStatus
  /** A later use in the same job commits what the ones before it have deployed. */
  readonly newest: boolean
}

async function runPost(course: Course, { step, use, status, newest }: Posting): Promise<void> {
  if (use.mode === 'status') return
  const process = step.postProcess(use.post.map((trouble) => faultOf(course, trouble)))
  course.processes.push(process)
  const { place } = course.simulation
  const operation = operationIn(place.ledger.document)
  const end = await step.runPost(status, [], process)
  const harmless = end !== 'died' && use.post.every(isHarmless) && routerWorks(course)
  if (end !== null) course.atPeace = harmless
  if (!newest || use.main.length > 0 || !harmless || course.disturbed || !alone(course)) return
  if (status === 'success' || operation?.nonce !== step.nonce) return
  if (mayGoBack(operation) && use.options.goesBackOn === undefined)
    expect(place.live, 'the job failed, and users stay on its release').toBe(operation.from)
}

/** A success is what it says, unless the run stood still between the deed and the word. */
function heed(course: Course, { main, options }: Use, end: MainEnd): void {
  if (end === 'died' || !end.ok || course.disturbed || !alone(course)) return
  if (main.some(({ what }) => what === 'freeze')) return
  const { place } = course.simulation
  if (end.result === 'deployed') expectLive(place, end)
  if (end.result === 'deployed' && end.mode === 'deploy') expectWhole(place, options)
  if (end.mode === 'rollback' && end.result === 'rolled-back') course.rolledBack = standing(place)
}

function faultOf(course: Course, { at, when, what }: Trouble): Fault {
  return { at, when, blow: blowOf(course, what) }
}

function blowOf(course: Course, what: Trouble['what']): Blow {
  const { place } = course.simulation
  const meanwhile = (happen: () => void): Blow => ({ kind: 'meanwhile', happen })
  const move = (traffic: Place['traffic']) =>
    meanwhile(() => {
      course.disturbed = true
      place.traffic = traffic
    })
  switch (what) {
    case 'kill':
    case 'cancel':
    case 'freeze':
    case 'drop':
    case 'lag':
      return { kind: what }
    case 'disk-full':
      return meanwhile(() => {
        place.ledger.takesWrites = false
      })
    case 'switch-fails':
    case 'switch-fails-after-moving':
    case 'switch-splits': {
      const behaviors = {
        'switch-fails': 'fails',
        'switch-fails-after-moving': 'fails-after-moving',
        'switch-splits': 'splits',
      } as const
      return meanwhile(() => {
        place.switchBehavior = behaviors[what]
      })
    }
    case 'sicken-live':
      return meanwhile(() => place.live !== null && sicken(course, place.live))
    case 'sicken-idle':
      return meanwhile(() => place.live !== null && sicken(course, otherColor(place.live)))
    case 'rival':
      return meanwhile(() => begun(course, runJob(course, rival)))
    case 'move-to-blue':
      return move(named('blue'))
    case 'move-to-green':
      return move(named('green'))
    case 'move-away-and-back':
      return meanwhile(() => moveAwayAndBack(course))
    case 'split':
      return move(mixed)
  }
}

const rival: Job = {
  kind: 'job',
  uses: [{ mode: 'deploy', release: 'good', options: {}, main: [], post: [] }],
  later: 'success',
  runnerLost: false,
}

function sicken(course: Course, color: 'blue' | 'green'): void {
  course.disturbed = true
  course.simulation.place.sicken(color)
}

/** Milliseconds. */
const absence = 1_500

function moveAwayAndBack(course: Course): void {
  const { place } = course.simulation
  const { live, traffic, clock } = place
  course.disturbed = true
  if (live === null) return
  place.traffic = named(otherColor(live))
  void clock.sleep(absence).then(() => {
    place.traffic = traffic
  })
}

/** Whatever has happened, the next good release goes live; a router that people have broken is put right by people. */
async function deployOnceMore(course: Course): Promise<void> {
  const { simulation } = course
  const { place } = simulation
  place.ledger.takesWrites = true
  place.switchBehavior = 'moves'
  if (place.traffic.kind === 'mixed' || place.traffic.kind === 'unknown') place.traffic = named('blue')
  const operation = operationIn(place.ledger.document)
  if (place.traffic.kind === 'nobody' && operation?.state === 'open' && operation.observed !== 'nobody')
    place.traffic = named(operation.observed)
  const end = await simulation.job({ version: 'good-last', migrateRerun: true })
  expect(end, JSON.stringify(end.failure)).toMatchObject({ ok: true, result: 'deployed' })
  expectLive(place, end)
  holdToPromises(course)
}
