import type { Clock } from '../clock.ts'
import {
  evidenceOf,
  type Gate,
  type GateEvidence,
  GateFailed,
  type GateLook,
  type GateRecord,
  hear,
  hearBefore,
  hearNothing,
  sayingOf,
  unheard,
  wordOf,
} from './gate.ts'
import type { Inspected } from './gate-warnings.ts'
import { patiently } from './patiently.ts'
import { type Observation, watch } from './watch.ts'
import { showTime } from './wording.ts'

export interface GateWatching {
  readonly gates: readonly Gate[]
  readonly clock: Clock
  readonly signal: AbortSignal
  /** From 0 to 1. */
  random(): number
  progress(text: string): void
}

const shortestPause = 4_000
const jitter = 2_000
/** For an answer that must not hold up a switch or the end of a bake. */
const patience = 10_000
/** For gates whose checks have taken all the time there was. */
const leastTime = 30_000

/** Asks the gates of one run, each in its time. */
export class GateWatch {
  readonly #watching: GateWatching
  readonly #records: Map<Gate, GateRecord>
  readonly #failed = new AbortController()
  readonly #stopped = new AbortController()
  #bake: Promise<void> = Promise.resolve()

  constructor(watching: GateWatching) {
    this.#watching = watching
    this.#records = new Map(watching.gates.map((gate) => [gate, unheard]))
  }

  /** Before anything is touched. */
  inspect(): Promise<readonly Inspected[]> {
    return Promise.all(
      this.#watching.gates.map(async (gate) => {
        const inspection = await gate.inspect()
        this.#hearBefore(gate, inspection.look)
        return { gate, inspection }
      }),
    )
  }

  /** Right before the switch: what is so by then was not brought about by it. */
  async lookBefore(): Promise<void> {
    const gates = this.#during('bake')
    if (gates.length === 0) return
    let isBefore = true
    const asking = gates.map(async (gate) => {
      const answer = await this.#ask(gate)
      if (isBefore && answer.kind === 'answered') this.#hearBefore(gate, answer.look)
    })
    await this.#patiently(Promise.all(asking))
    isBefore = false
  }

  /** Returns once each has passed. Throws GateFailed. `deadline`: by the monotonic clock. */
  async passHealth(deadline: number): Promise<void> {
    const { clock } = this.#watching
    const gates = this.#during('health')
    if (gates.length === 0) return
    const began = clock.monotonic()
    const until = Math.max(deadline, began + leastTime)
    const rule = { what: 'waiting for gates', successes: 1, interval: shortestPause, deadline: until }
    const watched = await watch(() => this.#lookForHealth(gates), rule, this.#watching)
    if (watched.kind === 'passed') return
    const left = this.#leftOf(gates)
    const late = `${this.#sayingOf(left)} That was so for ${showTime(clock.monotonic() - began)}.`
    throw new GateFailed(watched.kind === 'fatal' ? watched.reason : late, questionsOf(left))
  }

  /** `deadline`: by the monotonic clock. */
  startBake(deadline: number): void {
    const gates = this.#during('bake')
    if (gates.length === 0) return
    // Only sleeping rejects, when the watch has ended.
    this.#bake = this.#lookUntil(deadline, gates).catch(() => {})
  }

  /** Aborted by the first gate that fails in the bake; its reason is a GateFailed. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** Waits for the last answers, and not for long. Throws GateFailed. */
  async endBake(): Promise<void> {
    if ((await this.#patiently(this.#bake)) === 'late') this.#giveUp()
    this.stop()
    this.#failed.signal.throwIfAborted()
  }

  /** May be repeated. */
  stop(): void {
    this.#stopped.abort()
  }

  /** Of those whose time has come. */
  evidence(): readonly GateEvidence[] {
    return [...this.#records]
      .filter(([, { last, silence }]) => last !== null || silence !== null)
      .map(([gate, record]) => evidenceOf(gate, record))
  }

  #during(during: Gate['during']): readonly Gate[] {
    return this.#watching.gates.filter((gate) => gate.during === during)
  }

  async #lookUntil(deadline: number, gates: readonly Gate[]): Promise<void> {
    const { clock, signal, random } = this.#watching
    const ended = AbortSignal.any([signal, this.#stopped.signal, this.#failed.signal])
    for (;;) {
      await Promise.all(gates.map((gate) => this.#look(gate)))
      const failed = this.#failedOf(gates)
      if (failed.length > 0)
        return this.#failed.abort(new GateFailed(this.#sayingOf(failed), questionsOf(failed)))
      const left = deadline - clock.monotonic()
      if (left <= 0) return
      await clock.sleep(Math.min(left, shortestPause + random() * jitter), ended)
    }
  }

  async #lookForHealth(gates: readonly Gate[]): Promise<Observation> {
    await Promise.all(this.#leftOf(gates).map((gate) => this.#look(gate)))
    const failed = this.#failedOf(gates)
    if (failed.length > 0) return { kind: 'fatal', reason: this.#sayingOf(failed) }
    const left = this.#leftOf(gates)
    return left.length > 0 ? { kind: 'fail', reason: this.#sayingOf(left) } : { kind: 'pass' }
  }

  #giveUp(): void {
    for (const gate of this.#during('bake')) {
      this.#records.set(gate, hearNothing(this.#recordOf(gate), `no answer in ${showTime(patience)}`))
    }
  }

  async #look(gate: Gate): Promise<void> {
    const answer = await this.#ask(gate)
    if (this.#stopped.signal.aborted || this.#watching.signal.aborted) return
    const record = this.#recordOf(gate)
    if (answer.kind === 'silent') {
      if (record.silence === null) this.#watching.progress(`${gate.name} could not be asked: ${answer.why}`)
      this.#records.set(gate, hearNothing(record, answer.why))
      return
    }
    const heard = hear(record, answer.look, gate.during)
    if (heard.said !== record.said) this.#watching.progress(`${gate.name}: ${wordOf(answer.look)}`)
    this.#records.set(gate, heard)
  }

  async #ask(gate: Gate): Promise<Answer> {
    try {
      return { kind: 'answered', look: await gate.look() }
    } catch (error) {
      return { kind: 'silent', why: error instanceof Error ? error.message : String(error) }
    }
  }

  #leftOf = (gates: readonly Gate[]): readonly Gate[] => gates.filter((gate) => !this.#recordOf(gate).passed)

  #failedOf = (gates: readonly Gate[]): readonly Gate[] =>
    gates.filter((gate) => this.#recordOf(gate).failed !== null)

  #sayingOf = (gates: readonly Gate[]): string =>
    gates.map((gate) => sayingOf(gate, this.#recordOf(gate))).join(' ')

  #recordOf = (gate: Gate): GateRecord => this.#records.get(gate) ?? unheard

  #hearBefore(gate: Gate, look: GateLook | null): void {
    if (look !== null) this.#records.set(gate, hearBefore(this.#recordOf(gate), look))
  }

  #patiently = (work: Promise<unknown>): Promise<'done' | 'late'> =>
    patiently(work, { ...this.#watching, time: patience })
}

type Answer =
  | { readonly kind: 'answered'; readonly look: GateLook }
  | { readonly kind: 'silent'; readonly why: string }

const questionsOf = (gates: readonly Gate[]): readonly string[] => gates.map(({ question }) => question)
