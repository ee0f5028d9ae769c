/** What every history is held to. */
import { expect } from 'vitest'
import { parseDocument } from '../../src/deployment/document.ts'
import { mayGoBack, type Operation } from '../../src/deployment/operation.ts'
import type { Outcome } from '../../src/deployment/report.ts'
import type { Use } from './history.ts'
import type { Applied, Place } from './place.ts'
import type { Process } from './process.ts'
import type { MainEnd, Simulation } from './simulation.ts'

/** What a history has come to. */
export interface Course {
  readonly simulation: Simulation
  /** Processes that stand still until somebody resumes them. */
  readonly processes: Process[]
  readonly working: Set<Promise<void>>
  /** A person moved traffic, or a color fell ill, at some time. */
  disturbed: boolean
  /** The last actor came to its end and nothing befell it. */
  atPeace: boolean
  /** Promises that did not hold in the middle of a job. */
  readonly broken: unknown[]
  releases: number
  /** What was seen after a rollback that went well; anything but time makes it stale. */
  rolledBack: string | null
}

export function holdToPromises(course: Course): void {
  const { place } = course.simulation
  for (const error of course.broken) throw error
  for (const applied of place.applied) {
    expect(`${applied.change} with fence ${applied.fence}`).toBe(
      `${applied.change} with fence ${applied.newestFence}`,
    )
    if (applied.change === 'stop' || applied.change === 'remove') expect(applied.live).toBe(false)
    if (applied.change === 'switch' && !isMending(applied))
      expect(applied, 'moved to an unchecked color').toMatchObject({ proven: true })
    if (applied.by.endsWith('post')) expectOwn(applied)
  }
  if (course.disturbed) return
  expectSameImages(place)
  expect(place.refused.filter((what) => what.endsWith('it is live'))).toEqual([])
  if (course.atPeace && course.working.size === 0) expectServed(place)
}

/** A tag names something else whenever it is asked: what is deployed again must not ask it. */
function expectSameImages({ pulled }: Place): void {
  for (const { version, images } of pulled)
    expect(images).toEqual(pulled.find((first) => first.version === version)?.images)
}

/** A verified switch that came apart: users are on that color already. */
function isMending({ document, color, split }: Applied): boolean {
  const operation = operationIn(document)
  return split && operation?.verified === true && operation.to === color
}

/** A post step touches nothing once the last operation is not its own. */
function expectOwn({ by, document, change }: Applied): void {
  const operation = operationIn(document)
  expect(`${change} on the operation of ${operation?.nonce} post`).toBe(`${change} on the operation of ${by}`)
  expect(operation?.state).toBe('open')
}

function expectServed(place: Place): void {
  const { live, colors, traffic, ledger } = place
  if (live === null) {
    expect(traffic.kind, 'nobody is served, and somebody was before').toBe('nobody')
    return
  }
  expect(colors[live], 'what users get').toMatchObject({ presence: 'running', proven: true })
  const operation = operationIn(ledger.document)
  if (operation === null || place.ready(live).kind === 'ready') return
  expect(mayGoBack(operation), 'users get a broken release although there was a way back').toBe(false)
}

export function operationIn(document: string | null): Operation | null {
  const parsed = parseDocument(document)
  return parsed.kind === 'document' ? parsed.document.operation : null
}

/** Nobody takes the lease of a run that lives, unless the target's clock lied to them. */
export function expectKeptLease({ main }: Use, end: MainEnd): void {
  if (end === 'died' || main.some(({ what }) => what === 'freeze' || what === 'disk-full')) return
  expect(end.failure?.done ?? []).not.toContain('This run stopped at once and undid nothing.')
}

export function expectLive({ live, colors }: Place, { activeColor, version }: Outcome): void {
  // null: the last look at the router failed.
  if (activeColor !== null) expect(live).toBe(activeColor)
  expect(live === null ? null : colors[live].release?.version).toBe(version)
}

export function expectWhole({ live, colors }: Place, { services = [] }: Use['options']): void {
  if (live === null) return
  const { release, services: started } = colors[live]
  for (const { name } of services) expect([name, started[name]]).toEqual([name, release?.version])
}

/** What users get. */
export const standing = ({ traffic, colors, live }: Place): string =>
  JSON.stringify([traffic, live === null ? null : colors[live].release])

export const alone = ({ processes, working }: Course): boolean =>
  processes.every(({ isFrozen }) => !isFrozen) && working.size === 1
