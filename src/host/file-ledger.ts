import type { Clock } from '../clock.ts'
import { parseOwner } from '../targets/owner.ts'
import {
  type Acquisition,
  ChangeFailed,
  type Lease,
  type LeaseView,
  type Ledger,
  type LedgerView,
  type Owner,
  TargetUnreachable,
} from '../targets/target.ts'
import type { Connection } from './connection.ts'
import { raiseFailure } from './failures.ts'
import {
  acquireScript,
  freeScript,
  parkScript,
  readScript,
  renewScript,
  writeScript,
} from './ledger-scripts.ts'

/** What fits the output of one read with room to spare. */
const documentLimit = 512 * 1024

/** Ending the former owner's command takes up to 25 s, waiting for its lock up to 35 s. */
const acquireTimeout = 90_000
const timeout = 20_000

export interface FileLedgerOptions {
  readonly connection: Connection
  /** Absolute path of the state directory. */
  readonly directory: string
  /** Milliseconds. */
  readonly leaseTtl: number
  readonly signal: AbortSignal
  readonly clock: Clock
}

export function fileLedger({ connection, directory, leaseTtl, signal, clock }: FileLedgerOptions): Ledger {
  const ask = async (script: string, time: number): Promise<string> => {
    const finish = await connection.run(script, { signal, clock, timeout: time })
    if (finish.kind === 'lost' || finish.timedOut) throw unanswered(connection, directory, finish)
    if (finish.code === 0) return finish.stdout
    raiseFailure(finish.stdout, connection.name)
    throw unanswered(connection, directory, finish)
  }
  const change = async (script: string) => keptOrLost(await ask(script, timeout))
  return {
    read: async () => parseView(await ask(readScript(directory), timeout)),
    acquire: async (owner, { claim, unchangedMark }) => {
      const ttl = Math.ceil(leaseTtl / 1000)
      return parseAcquisition(
        owner,
        await ask(acquireScript(directory, { owner, claim, unchangedMark, ttl }), acquireTimeout),
      )
    },
    renew: (lease) => change(renewScript(directory, lease)),
    write: async (lease, document) => {
      if (Buffer.byteLength(document) > documentLimit) {
        throw new ChangeFailed(
          `The record of this operation has grown past ${documentLimit / 1024} KiB and was not written.`,
        )
      }
      return change(writeScript(directory, lease, 'document', document))
    },
    park: (lease) => change(parkScript(directory, lease)),
    free: (lease) => change(freeScript(directory, lease)),
  }
}

function unanswered(connection: Connection, directory: string, finish: object): TargetUnreachable {
  const detail =
    'detail' in finish
      ? finish.detail
      : 'stderrTail' in finish && finish.stderrTail !== ''
        ? finish.stderrTail
        : 'no answer'
  return new TargetUnreachable(
    `The ledger in ${directory} on ${connection.name} gave no answer, so what happened there is unknown: ${String(detail).trim()}`,
  )
}

export function keptOrLost(stdout: string): 'kept' | 'lost' {
  if (stdout === 'kept\n') return 'kept'
  if (stdout === 'lost\n') return 'lost'
  throw new TargetUnreachable(`The ledger answered with something else: ${stdout.slice(0, 200)}`)
}

function parseView(stdout: string): LedgerView {
  const [, now = '', fence = '', mark = '', owner = ''] = stdout.split('\n')
  const lease = leaseView({ now, fence, mark, owner })
  return { lease, document: documentAfter(stdout, 5) }
}

function parseAcquisition(owner: Owner, stdout: string): Acquisition {
  const [verdict, second = '', third = '', mark = '', former = ''] = stdout.split('\n')
  if (verdict === 'held')
    return { kind: 'held', view: leaseView({ now: second, fence: third, mark, owner: former }) }
  const [fence, state] = second.split(' ')
  const lease: Lease = { fence: Number(fence), nonce: owner.nonce }
  return { kind: 'acquired', lease, document: documentAfter(stdout, 2), degraded: state === 'degraded' }
}

function leaseView(lines: { now: string; fence: string; mark: string; owner: string }): LeaseView {
  const fence = Number(lines.fence)
  if (lines.mark === 'none') return { status: 'free', fence, owner: null, ttl: 0, mark: lines.mark }
  const [, , status, renewed, ttl] = lines.mark.split(' ')
  const expired = status === 'held' && Number(lines.now) - Number(renewed) > Number(ttl)
  return {
    status: expired ? 'expired' : status === 'held' || status === 'parked' ? status : 'free',
    fence,
    owner: status === 'free' ? null : parseOwner(lines.owner),
    ttl: Number(ttl) * 1000,
    mark: lines.mark,
  }
}

/**
 * The document follows the header lines as it is, closed by a line of its own: a cut answer is not a short document. A file
 * that was cut is handed on for what it is; whoever reads it sees that it is not whole.
 */
function documentAfter(stdout: string, headerLines: number): string | null {
  let start = 0
  for (let line = 0; line < headerLines; line++) start = stdout.indexOf('\n', start) + 1
  const rest = stdout.slice(start)
  if (rest === 'none\nend\n') return null
  if (rest.startsWith('document\n') && rest.endsWith('end\n'))
    return rest.slice('document\n'.length, -'end\n'.length).replace(/\n$/, '')
  throw new TargetUnreachable('The answer of the ledger was cut short; what it holds is unknown.')
}
