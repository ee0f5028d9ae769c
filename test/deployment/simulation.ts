/** Runs in a simulated place: the main step, and the post step that knows nothing but what main kept on the runner. */
import { runPost } from '../../src/deployment/post.ts'
import type { Event, Outcome } from '../../src/deployment/report.ts'
import { runMain } from '../../src/deployment/run.ts'
import type { Recorded, World } from '../../src/deployment/world.ts'
import type { Intent, JobStatus } from '../../src/targets/intent.ts'
import { ChangeFailed } from '../../src/targets/target.ts'
import { inMemoryTarget } from './in-memory-target.ts'
import { anIntent } from './intents.ts'
import { Place } from './place.ts'
import { type Fault, Process } from './process.ts'

export type MainEnd = Outcome | 'died'
export type PostEnd = Outcome | 'died' | null

/** One use of the action: a main step and its post step. */
export class Step {
  readonly nonce: string
  readonly main: Process
  readonly lines: string[] = []
  readonly #place: Place
  readonly #intent: Intent
  #recorded: Recorded | null = null

  constructor(place: Place, nonce: string, intent: Intent, faults: readonly Fault[]) {
    this.#place = place
    this.nonce = nonce
    this.#intent = intent
    this.main = new Process(nonce, place.clock, faults)
  }

  runMain(): Promise<MainEnd> {
    return Promise.race([runMain(this.#world(this.main, null)), this.main.died])
  }

  /** As the runner does it: whatever main left running is ended first. */
  runPost(
    status: JobStatus,
    faults: readonly Fault[] = [],
    process = this.postProcess(faults),
  ): Promise<PostEnd> {
    this.main.die()
    return Promise.race([runPost(this.#world(process, this.#recorded), status), process.died])
  }

  postProcess = (faults: readonly Fault[]): Process =>
    new Process(`${this.nonce} post`, this.#place.clock, faults)

  #world(process: Process, recorded: Recorded | null): World {
    const place = this.#place
    return {
      intent: this.#intent,
      target: inMemoryTarget(place, process, this.#intent.leaseTtl),
      owner: {
        nonce: this.nonce,
        run: this.nonce,
        attempt: '1',
        job: 'deploy',
        step: 'deploy',
        url: '',
        actor: 'mona',
      },
      clock: process.clock,
      signal: process.signal,
      interrupt: process.interrupt,
      report: (event) => this.#hear(event),
      keep: (operation, lease) => {
        if (operation !== null) this.#recorded = { operation, lease }
      },
      recorded,
      runOnRunner: ({ run }) =>
        process.call(`runner ${run}`, () => {
          place.hooksRun.push(run)
          if (run.startsWith('fail')) throw new ChangeFailed(`"${run}" ended with exit code 1.`)
        }),
      openDoor: async ({ url }) => ({ url, close: async () => {} }),
      gates: place.gates,
      random: () => 0.5,
      randomId: () => `operation of ${this.nonce}`,
    }
  }

  #hear(event: Event): void {
    if (event.kind === 'line') this.lines.push(event.text)
  }
}

export const kill = (when: Fault['when'], at: Fault['at']): Fault => ({ at, when, blow: { kind: 'kill' } })
export const cancel = (when: Fault['when'], at: Fault['at']): Fault => ({
  at,
  when,
  blow: { kind: 'cancel' },
})
export const freeze = (when: Fault['when'], at: Fault['at']): Fault => ({
  at,
  when,
  blow: { kind: 'freeze' },
})
export const drop = (when: Fault['when'], at: Fault['at']): Fault => ({ at, when, blow: { kind: 'drop' } })
export const lag = (at: Fault['at']): Fault => ({ at, when: 'before', blow: { kind: 'lag' } })
export const meanwhile = (when: Fault['when'], at: Fault['at'], happen: () => void): Fault => ({
  at,
  when,
  blow: { kind: 'meanwhile', happen },
})

const longest = 60 * 60_000

export class Simulation {
  readonly place = new Place()
  #steps = 0

  step(changes: Partial<Intent> = {}, faults: readonly Fault[] = []): Step {
    this.#steps += 1
    return new Step(this.place, `run-${this.#steps}`, anIntent(changes), faults)
  }

  /** Lets time pass until the work is done. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let done = false
    const mark = () => {
      done = true
    }
    work.then(mark, mark)
    const { clock } = this.place
    for (const began = clock.monotonic(); !done; await clock.advance(1_000)) {
      if (clock.monotonic() - began > longest) throw new Error('The run never ends.')
    }
    return work
  }

  /** A main step from its beginning to its end. */
  async run(
    changes: Partial<Intent> = {},
    faults: readonly Fault[] = [],
  ): Promise<{ step: Step; end: MainEnd }> {
    const step = this.step(changes, faults)
    return { step, end: await this.finish(step.runMain()) }
  }

  /** A place where `good-1` is live on blue, deployed by us. */
  static async withLive(): Promise<Simulation> {
    const simulation = new Simulation()
    await simulation.job({ version: 'good-1' })
    return simulation
  }

  post(step: Step, status: JobStatus, faults: readonly Fault[] = []): Promise<PostEnd> {
    return this.finish(step.runPost(status, faults))
  }

  /** A whole job: main, and post with how the job then stands. Answers what main said. */
  async job(changes: Partial<Intent> = {}, later: JobStatus = 'success'): Promise<Outcome> {
    const { step, end } = await this.run(changes)
    if (end === 'died') throw new Error('Nothing should have killed it.')
    await this.post(step, end.ok ? later : 'failure')
    return end
  }
}
