/** The place that all runs of a test deploy to: two colors, a router, a ledger. Each change and its guard are one atomic step. */
import type { Gate } from '../../src/checks/gate.ts'
import {
  ChangeFailed,
  ChangeRefused,
  type Color,
  type DeployOrder,
  type Diagnosis,
  type Guard,
  type Images,
  type Lease,
  LeaseLost,
  type Presence,
  type Problem,
  type Readiness,
  type Release,
  type Traffic,
} from '../../src/targets/target.ts'
import { type FakeClock, fakeClock } from '../fake-clock.ts'
import { SimulatedLedger } from './simulated-ledger.ts'

export interface PlacedColor {
  readonly presence: Presence
  readonly release: Release | null
  /** Version of each service that was started. */
  readonly services: Readonly<Record<string, string>>
  /** Answered well since it was deployed or started last. */
  readonly proven: boolean
  /** Broken by something that is no deployment. */
  readonly sick: boolean
  /** When it fell ill; no check sees what happens between it and the switch. */
  readonly sickSince: number
  /** Asked for more instances than there are, which come later, or cannot come; null: all are there. */
  readonly grows: 'waiting' | 'fatal' | null
}

const absent: PlacedColor = {
  presence: 'absent',
  release: null,
  services: {},
  proven: false,
  sick: false,
  sickSince: Number.NEGATIVE_INFINITY,
  grows: null,
}

/** The service that no user is sent to. */
export const worker = 'worker'

/** Milliseconds for which a change may go on. */
const lateness = 5_000

/** Milliseconds that may lie between a check and the switch that relies on it. */
const justBefore = 1_000

/** A change as it happened, with what was true in that very moment. */
export interface Applied {
  readonly change: 'deploy' | 'stop' | 'remove' | 'switch' | 'write' | 'hook'
  readonly color: Color | null
  /** Who did it. */
  readonly by: string
  readonly fence: number
  readonly newestFence: number
  /** The color had answered well since it was deployed last, and had not fallen ill since. */
  readonly proven: boolean
  /** The router named the color. */
  readonly live: boolean
  /** The router was of two minds. */
  readonly split: boolean
  /** The ledger's document before the change. */
  readonly document: string | null
}

export type SwitchBehavior = 'moves' | 'fails' | 'fails-after-moving' | 'splits'

export const named = (color: Color): Traffic => ({ kind: 'color', color })
export const mixed: Traffic = { kind: 'mixed', detail: 'one of two hosts', repair: ['put both right'] }
export const unknown: Traffic = { kind: 'unknown', detail: 'no answer', repair: ['look at the router'] }

export class Place {
  readonly clock: FakeClock = fakeClock()
  readonly ledger: SimulatedLedger
  readonly applied: Applied[] = []
  readonly refused: string[] = []
  readonly hooksRun: string[] = []
  gates: readonly Gate[] = []
  /** That the target has, before anything is touched. */
  problems: readonly Problem[] = []
  /** What was deployed, by digest. */
  readonly pulled: { readonly version: string; readonly images: Images }[] = []
  #pulls = 0
  /** Added to the true time: what the target believes the time to be. */
  skew = 0
  traffic: Traffic = { kind: 'nobody' }
  /** Says nothing of what it runs. */
  isMute = false
  switchBehavior: SwitchBehavior = 'moves'
  /** Open now. */
  connections: (color: Color) => number | 'unknown' = () => 0
  readonly colors: Record<Color, PlacedColor> = { blue: absent, green: absent }

  #late: (() => unknown)[] = []

  constructor() {
    this.ledger = new SimulatedLedger(() => this.clock.now() + this.skew)
  }

  set(color: Color, change: Partial<PlacedColor>): void {
    this.colors[color] = { ...this.colors[color], ...change }
  }

  sicken(color: Color): void {
    const { proven } = this.colors[color]
    this.set(color, { sick: true, proven: false, ...(proven ? { sickSince: this.clock.monotonic() } : {}) })
  }

  /** A change that goes on although its connection was lost. */
  doLater(change: () => unknown): void {
    this.#late.push(change)
    void this.clock.sleep(lateness).then(() => this.endLate())
  }

  /** Changes wait for each other, and a new owner for all of them. */
  endLate(): void {
    for (let change = this.#late.shift(); change !== undefined; change = this.#late.shift()) {
      try {
        change()
      } catch {
        // Nobody hears of it.
      }
    }
  }

  isLive(color: Color): boolean {
    return this.traffic.kind === 'color' && this.traffic.color === color
  }

  get live(): Color | null {
    return this.traffic.kind === 'color' ? this.traffic.color : null
  }

  ready(color: Color, services: readonly string[] = []): Readiness {
    if (this.isMute) return { kind: 'silent', reason: 'the platform does not answer' }
    const { presence, release, services: started, sick, grows } = this.colors[color]
    if (presence !== 'running') return { kind: 'waiting', reason: `it is ${presence}` }
    const missing = services.find((name) => started[name] !== release?.version)
    if (missing !== undefined) return { kind: 'waiting', reason: `${missing} does not run` }
    const kind = release?.version.split('-')[0]
    if (sick || kind === 'sick') return { kind: 'waiting', reason: 'it answers 500' }
    if (kind === 'dead') return { kind: 'fatal', reason: 'it exits at once' }
    if (kind === 'idles' && services.includes(worker)) return { kind: 'waiting', reason: 'the worker exits' }
    if (kind === 'breaks' && this.isLive(color)) return { kind: 'waiting', reason: 'it breaks under load' }
    this.set(color, { proven: true })
    if (grows !== null) return { kind: grows, reason: '4 of 5 instances', isPartlyUp: true }
    return { kind: 'ready', restarts: 0 }
  }

  deploy(by: string, color: Color, order: Pick<DeployOrder, 'release' | 'services'>, guard: Guard): Images {
    this.#change(by, 'deploy', color, guard)
    const { release, services } = order
    const images = this.#pull(release)
    const started = Object.fromEntries(services.map((name) => [name, release.version]))
    const before = this.colors[color]
    const beside =
      services.every((name) => name === worker) && before.presence === 'running' ? before : absent
    this.colors[color] = {
      ...beside,
      presence: 'running',
      release: { ...release, images },
      services: { ...before.services, ...started },
    }
    if (release.version.startsWith('refused')) throw new ChangeFailed('The image does not exist.')
    return images
  }

  stop(by: string, color: Color, guard: Guard): void {
    this.#change(by, 'stop', color, guard)
    if (this.colors[color].presence !== 'absent')
      this.set(color, { presence: 'stopped', services: {}, proven: false })
  }

  remove(by: string, color: Color, guard: Guard): void {
    this.#change(by, 'remove', color, guard)
    this.colors[color] = absent
  }

  switch(by: string, from: Traffic, to: Color, { lease }: Guard): void {
    this.#assertFence(lease)
    const comparable = from.kind === 'color' || from.kind === 'nobody'
    if (comparable && !this.#names(from))
      throw this.#refuse(`switch to ${to}: the router is at ${this.traffic.kind}`)
    if (this.switchBehavior === 'fails') throw new ChangeFailed('The reload was refused.')
    this.#note(by, 'switch', to, lease)
    this.traffic = this.switchBehavior === 'splits' ? mixed : named(to)
    if (this.switchBehavior !== 'moves') throw new ChangeFailed('The reload came to no end.')
  }

  runHook(by: string, command: string, guard: Guard): void {
    this.#change(by, 'hook', null, guard)
    this.hooksRun.push(command)
    if (command.startsWith('fail')) throw new ChangeFailed(`"${command}" ended with exit code 1.`)
  }

  write(by: string, lease: Lease, document: string): 'kept' | 'lost' {
    const before = this.ledger.document
    const answer = this.ledger.write(lease, document)
    if (answer === 'kept') this.#note(by, 'write', null, lease, before)
    return answer
  }

  /** Every time somebody asks what a tag means, it has moved. */
  #pull({ version, images }: Release): Images {
    const pulled = Object.fromEntries(
      Object.entries(images).map(([service, image]) => {
        if (image === null || image.includes('@')) return [service, image]
        return [
          service,
          `${image.replace(/:.*/, '')}@sha256:${(++this.#pulls).toString(16).padStart(64, '0')}`,
        ]
      }),
    )
    this.pulled.push({ version, images: pulled })
    return pulled
  }

  diagnose = (color: Color): Diagnosis => ({ cause: `${color} said no`, sections: [] })

  /** All that users and the next run can see. */
  snapshot(): string {
    const { colors, traffic, ledger } = this
    return JSON.stringify({ colors, traffic, document: ledger.document })
  }

  #isProven(color: Color): boolean {
    const { proven, sickSince } = this.colors[color]
    return proven || this.clock.monotonic() - sickSince <= justBefore
  }

  #names(traffic: Traffic): boolean {
    if (traffic.kind !== this.traffic.kind) return false
    return traffic.kind !== 'color' || this.isLive(traffic.color)
  }

  #change(by: string, change: Applied['change'], color: Color | null, { lease, color: rule }: Guard): void {
    this.#assertFence(lease)
    const must = change === 'stop' || change === 'remove' ? 'not-live' : rule
    const elsewhere =
      this.traffic.kind === 'nobody' || (color !== null && this.live !== null && this.live !== color)
    if (color !== null && must === 'not-live' && !elsewhere)
      throw this.#refuse(`${change} ${color}: it is live`)
    if (color !== null && must === 'live' && !this.isLive(color))
      throw this.#refuse(`${change} ${color}: it is not live`)
    this.#note(by, change, color, lease)
  }

  #assertFence(lease: Lease): void {
    if (!this.ledger.isHeldBy(lease))
      throw new LeaseLost(`Fence ${this.ledger.fence} instead of ${lease.fence}.`)
  }

  #refuse(what: string): ChangeRefused {
    this.refused.push(what)
    return new ChangeRefused(what)
  }

  #note(
    by: string,
    change: Applied['change'],
    color: Color | null,
    { fence }: Lease,
    document = this.ledger.document,
  ): void {
    this.applied.push({
      change,
      color,
      by,
      fence,
      newestFence: this.ledger.fence,
      proven: color !== null && this.#isProven(color),
      live: color !== null && this.isLive(color),
      split: this.traffic.kind === 'mixed',
      document,
    })
  }
}
