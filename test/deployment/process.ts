/** A process on a runner, as far as its target can tell: it may die, stand still or lose a connection at any of its calls. */
import type { Clock } from '../../src/clock.ts'
import { TargetUnreachable } from '../../src/targets/target.ts'

export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

export type Blow =
  /** SIGKILL: nothing more is heard of it. */
  | { readonly kind: 'kill' }
  /** The run is told to end. */
  | { readonly kind: 'cancel' }
  /** SIGSTOP, until `resume`. */
  | { readonly kind: 'freeze' }
  /** This one call ends without an answer. */
  | { readonly kind: 'drop' }
  /** The same, and what it asked for is done some time later. */
  | { readonly kind: 'lag' }
  /** Something else happens in the world. */
  | { readonly kind: 'meanwhile'; happen(): void }

/** Before or after a call had its effect. */
export interface Fault {
  /** The number of the call, or its name: then the first call of that name. */
  readonly at: number | string
  readonly when: 'before' | 'after'
  readonly blow: Blow
}

export interface Slowness {
  /** How long it takes to get there, in milliseconds. */
  readonly time?: number
  /** Hears of a step whose answer nobody waits for any more. */
  later?(step: () => unknown): void
}

interface Call {
  readonly name: string
  readonly at: number
}

const never = new Promise<never>(() => {})

export class Process {
  readonly name: string
  readonly clock: Clock
  readonly died: Promise<'died'>
  readonly calls: string[] = []
  readonly #controller = new AbortController()
  readonly #faults: readonly Fault[]
  #dead = false
  #frozen: Promise<void> | null = null
  #thaw = (): void => {}
  #tellDeath = (_: 'died'): void => {}

  constructor(name: string, clock: Clock, faults: readonly Fault[]) {
    this.name = name
    this.#faults = faults
    this.died = new Promise((resolve) => {
      this.#tellDeath = resolve
    })
    this.clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: async (time, signal) => {
        try {
          await clock.sleep(time, signal)
        } finally {
          await this.#alive()
        }
      },
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get isFrozen(): boolean {
    return this.#frozen !== null
  }

  interrupt = (reason: Error): void => this.#controller.abort(reason)

  die(): void {
    this.#dead = true
    this.#tellDeath('died')
  }

  resume(): void {
    this.#frozen = null
    this.#thaw()
  }

  /** One call to the target. */
  async call<T>(name: string, step: () => T, { time = 0, later = () => {} }: Slowness = {}): Promise<T> {
    await this.#alive()
    const at = this.calls.push(name)
    if (this.#faultsAt({ name, at }).some(({ blow }) => blow.kind === 'lag')) later(step)
    await this.#strike({ name, at }, 'before')
    this.signal.throwIfAborted()
    if (time > 0) await this.clock.sleep(time, this.signal)
    const answer = step()
    await this.#strike({ name, at }, 'after')
    await this.#alive()
    return answer
  }

  async #alive(): Promise<void> {
    if (this.#dead) await never
    if (this.#frozen !== null) await this.#frozen
    if (this.#dead) await never
  }

  async #strike(call: Call, when: Fault['when']): Promise<void> {
    for (const fault of this.#faultsAt(call)) {
      if (fault.when === when || fault.blow.kind === 'lag') await this.#suffer(fault.blow)
    }
  }

  #faultsAt({ name, at }: Call): readonly Fault[] {
    const first = this.calls.indexOf(name) === at - 1
    return this.#faults.filter((fault) => fault.at === at || (fault.at === name && first))
  }

  async #suffer(blow: Blow): Promise<void> {
    switch (blow.kind) {
      case 'kill':
        this.die()
        return this.#alive()
      case 'cancel':
        this.interrupt(new Cancelled('The run was cancelled.'))
        return this.signal.throwIfAborted()
      case 'freeze':
        this.#frozen ??= new Promise((resolve) => {
          this.#thaw = resolve
        })
        return this.#alive()
      case 'drop':
      case 'lag':
        throw new TargetUnreachable('The connection was lost.')
      case 'meanwhile':
        return blow.happen()
    }
  }
}
