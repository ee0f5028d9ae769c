/** Getting hold of an app: the lease, its keeper, and what the ledger knows. */
import type { Acquisition, Claim, LeaseView } from '../targets/target.ts'
import { type Document, documentOf, emptyDocument, formatDocument, parseDocument } from './document.ts'
import { insist } from './insist.ts'
import { Journal } from './journal.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { type Session, say, type World, warn } from './world.ts'

const longestPause = 1_000

export class LeaseHeld extends Error {
  override readonly name = 'LeaseHeld'
  readonly view: LeaseView

  constructor(view: LeaseView, message: string) {
    super(message)
    this.view = view
  }
}

/**
 * Waits up to `wait` milliseconds for another owner to finish or to be silent for its lease time.
 * Throws LeaseHeld, which names the owner.
 */
export async function acquireSession(world: World, claim: Claim, wait: number): Promise<Session> {
  const acquired = await waitForLease(world, claim, wait)
  const { lease } = acquired
  const keeper = new LeaseKeeper({
    ledger: world.target.ledger,
    lease,
    ttl: world.intent.leaseTtl,
    clock: world.clock,
    signal: world.signal,
    onLost: world.interrupt,
    onMissed: (text) => warn(world, text),
  })
  const document = await readDocument(world, acquired)
  const journal = new Journal({
    ledger: world.target.ledger,
    lease: () => keeper.lease,
    document,
    keep: world.keep,
  })
  world.keep(document.operation, lease)
  keeper.start()
  return { ...world, keeper, journal, degraded: acquired.degraded }
}

/** After a change whose answer was lost: only then is what the router says more than a moment of that change. Throws LeaseLost. */
export async function acquireAnew({ owner, keeper, journal, keep }: Session): Promise<void> {
  await keeper.takeAnew(owner)
  keep(journal.operation, keeper.lease)
}

async function readDocument(world: World, { document, lease }: Acquired): Promise<Document> {
  const parsed = parseDocument(document)
  if (parsed.kind === 'document') return parsed.document
  const what = `The ledger of ${world.intent.app} cannot be read (${parsed.why}).`
  if (world.recorded !== null) {
    warn(world, `${what} Going on with the copy kept on the runner.`)
    return documentOf(world.recorded.operation)
  }
  if (world.intent.mode === 'unlock' && world.intent.force) {
    warn(world, `${what} Starting a new one, as \`force\` asks: its history is gone.`)
    await world.target.ledger.write(lease, formatDocument(emptyDocument))
    return emptyDocument
  }
  await world.target.ledger.free(lease)
  throw new Error(
    `${what} Traffic was not touched. Look at it, or start a new one with \`mode: unlock\` and \`force: true\`.`,
  )
}

type Acquired = Extract<Acquisition, { kind: 'acquired' }>

async function waitForLease(world: World, claim: Claim, wait: number): Promise<Acquired> {
  const { clock, owner, signal, target, intent } = world
  const deadline = clock.monotonic() + wait
  let seen = null as Sighting | null
  for (;;) {
    const unchangedMark = seen !== null && clock.monotonic() - seen.since > seen.ttl ? seen.mark : null
    // Whether an attempt without an answer got the lease is unknown: it would be our own.
    const acquisition = await insist(world, (attempt) =>
      target.ledger.acquire(owner, {
        claim: attempt > 1 && claim === 'open' ? 'own' : claim,
        unchangedMark,
      }),
    )
    if (acquisition.kind === 'acquired') return acquisition
    const { view } = acquisition
    if (clock.monotonic() >= deadline) throw new LeaseHeld(view, heldMessage(intent.app, view))
    if (seen === null) say(world, `Waiting for ${nameOwner(view)} to finish with ${intent.app}.`)
    if (seen?.mark !== view.mark) seen = { mark: view.mark, ttl: view.ttl, since: clock.monotonic() }
    await clock.sleep(Math.min(longestPause, intent.leaseTtl / 4), signal)
  }
}

/** When we first saw the lease as it is now: its owner's silence by our own clock. */
interface Sighting {
  readonly mark: string
  readonly ttl: number
  readonly since: number
}

export function nameOwner({ owner }: LeaseView): string {
  if (owner === null) return 'an unknown owner'
  const where = owner.url === '' ? '' : ` (${owner.url})`
  return `run ${owner.run}, job ${owner.job}, started by ${owner.actor}${where}`
}

const heldMessage = (app: string, view: LeaseView): string =>
  `${nameOwner(view)} holds ${app}. Wait for it to end, raise \`lock-wait\`, or end it with \`mode: unlock\` and \`force: true\`.`
