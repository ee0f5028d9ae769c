/** The post step: it knows how the job went, and closes what its own main left open. */
import type { JobStatus } from '../targets/intent.ts'
import { ChangeFailed, type Ledger } from '../targets/target.ts'
import { acquireSession, LeaseHeld, nameOwner } from './acquire.ts'
import { chronicled, type Ending, trafficNow, writeOutcome } from './chronicle.ts'
import { documentOf, parseDocument } from './document.ts'
import { endingOfError } from './ending-of-error.ts'
import { endingOfClosing, endingOfFailure } from './endings.ts'
import { insist } from './insist.ts'
import { Journal } from './journal.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import type { Operation } from './operation.ts'
import type { Outcome } from './report.ts'
import { endSession } from './session.ts'
import { settle } from './settle.ts'
import { messageOf, type Recorded, type Session, say, type World, warn } from './world.ts'

/** null: there was nothing to do, and one line said why. */
export async function runPost(world: World, jobStatus: JobStatus): Promise<Outcome | null> {
  const { report, chronicle } = chronicled(world.report, world.clock.now())
  const told = { ...world, report }
  try {
    const ending = await closeOwn(told, jobStatus)
    return ending === null ? null : writeOutcome(told, chronicle, 'post', ending)
  } catch (error) {
    return writeOutcome(told, chronicle, 'post', await endingOfError(told, 'post', error))
  }
}

const cutShort = 'The step of this deployment ended before its release was verified, and the job went on.'
const movedByOthers = 'The release was live, and then somebody else moved traffic.'

async function closeOwn(world: World, jobStatus: JobStatus): Promise<Ending | null> {
  const session = await takeOwn(world)
  if (session === null) return null
  try {
    const goesBack = world.intent.goesBackOn.includes(jobStatus)
    // Another run may have come and gone between our look at the ledger and our hold on it.
    const mine = isOwn(session.journal.operation, world.owner.nonce)
    const settled = await settle(session, { kind: 'post', mine, goesBack })
    const { operation } = session.journal
    if (operation === null || !mine) return nothing(world, whyNothing(operation))
    const ending = endingOfClosing({ settled, operation, traffic: await trafficNow(session) })
    if (settled.kind !== 'undone' || jobStatus !== 'success') return ending
    // Under `continue-on-error` the job looks fine although its deployment was cut short: somebody must notice.
    return endingOfFailure({
      phase: operation.phase,
      cause: settled.how === 'conceded' ? movedByOthers : cutShort,
      operation,
      settled,
      traffic: ending.traffic,
    })
  } finally {
    await endSession(session)
  }
}

/** Takes the lease when what is open is our own; everything else is left alone. */
async function takeOwn(world: World): Promise<Session | null> {
  const { owner, recorded, target } = world
  try {
    const { lease, document } = await insist(world, () => target.ledger.read())
    const parsed = parseDocument(document)
    const operation = parsed.kind === 'document' ? parsed.document.operation : (recorded?.operation ?? null)
    const held = lease.status === 'held' ? lease.owner : null
    if (held !== null && held.nonce !== owner.nonce) {
      return nothing(world, `${nameOwner(lease)} has taken over; this step leaves everything to it.`)
    }
    if (recorded !== null && lease.fence < recorded.lease.fence) {
      throw new Error('it is older than this deployment, so it was lost or put back from a copy')
    }
    if (isOwn(operation, owner.nonce)) return await acquireSession(world, 'own', 0)
    const left = lease.status === 'expired' ? lease.owner : held
    if (left?.nonce === owner.nonce) await endSession(await acquireSession(world, 'own', 0))
    return nothing(world, whyNothing(operation))
  } catch (error) {
    if (error instanceof LeaseHeld)
      return nothing(world, `${error.message} This step leaves everything to it.`)
    if (recorded === null || !isOwn(recorded.operation, owner.nonce)) {
      warn(world, `The ledger cannot be used: ${messageOf(error)}`)
      return nothing(world, whyNothing(recorded?.operation ?? null))
    }
    warn(world, `The ledger cannot be used; going by the copy kept on the runner: ${messageOf(error)}`)
    return withoutLedger(world, recorded)
  }
}

const isOwn = (operation: Operation | null, nonce: string): boolean =>
  operation !== null && operation.state === 'open' && operation.nonce === nonce

function whyNothing(operation: Operation | null): string {
  if (operation === null) return 'This deployment began nothing; there is nothing to close.'
  if (operation.state === 'open') return 'The open operation belongs to another run; it is left to it.'
  return `The last operation is closed (${operation.state}); there is nothing to do.`
}

function nothing(world: World, why: string): null {
  say(world, why)
  return null
}

/** What could not be read is not written either: the history is in there, and we do not know it. */
const unwritten: Pick<Ledger, 'write'> = {
  write: async () => {
    throw new ChangeFailed('what it holds could not be read')
  },
}

/** A session on what the runner remembers: every change still names our fence, and the target refuses it if it knows better. */
function withoutLedger(world: World, { operation, lease }: Recorded): Session {
  const { target, clock, signal, intent } = world
  const document = documentOf(operation)
  return {
    ...world,
    journal: new Journal({ ledger: unwritten, lease: () => lease, document, keep: world.keep }),
    keeper: new LeaseKeeper({
      ledger: target.ledger,
      lease,
      ttl: intent.leaseTtl,
      clock,
      signal,
      onLost: world.interrupt,
      onMissed: () => {},
    }),
    degraded: true,
  }
}
