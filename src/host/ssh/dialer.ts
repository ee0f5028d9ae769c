/** Streams from a host: forwarded by its server, or by a program in a session where the server forwards nothing. */
import type { Duplex } from 'node:stream'
import type { SshAddress } from '../../targets/ssh.ts'
import { type Address, dialRefused, reasonOf, unlessAborted } from '../dialing.ts'
import { streamOf } from './channel-stream.ts'
import { addressOf, cannotDial } from './host-refused.ts'
import type { Link } from './link.ts'
import { openRelay } from './relay.ts'
import type { Started } from './run-script.ts'
import { slots } from './slots.ts'

/** Fewer than there are sessions: scripts never wait for a stream to end. */
const relaysAtOnce = 5

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED. https://www.rfc-editor.org/rfc/rfc4254#section-5.1 */
const prohibited = 1

export interface Host {
  readonly address: SshAddress
  /** The link there is, or a new one. */
  reach(): Promise<Link>
  /** A session in which nothing was run yet. */
  start(): Promise<Started & { release(): void }>
  /** Goes on trying until the error is one that stays, or the signal is aborted. */
  patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

type Forwarded = { readonly kind: 'open'; readonly stream: Duplex } | { readonly kind: 'prohibited' }

export function dialer(host: Host): (address: Address, signal: AbortSignal) => Promise<Duplex> {
  const takeSlot = slots(relaysAtOnce)
  let forwards = true

  const dial = async (address: Address, signal: AbortSignal): Promise<Duplex> => {
    if (forwards) {
      const forwarded = await host.patiently(() => forward(host, address), signal)
      if (forwarded.kind === 'open') return forwarded.stream
      forwards = false
    }
    const release = await takeSlot()
    try {
      const stream = await host.patiently(() => relay(host, address, signal), signal)
      return stream.once('close', release)
    } catch (error) {
      release()
      throw error
    }
  }
  return (address, signal) => unlessAborted(dial(address, signal), signal)
}

async function forward(host: Host, address: Address): Promise<Forwarded> {
  const link = await host.reach()
  try {
    return { kind: 'open', stream: link.tie(streamOf(await link.forward(address))) }
  } catch (error) {
    if (!link.isOpen()) throw error
    if (error instanceof Error && 'reason' in error && error.reason === prohibited)
      return { kind: 'prohibited' }
    const why = reasonOf(error).replace(/^\(SSH\) Channel open failure: /, '')
    throw dialRefused(address, addressOf(host.address), why)
  }
}

async function relay(host: Host, address: Address, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted()
  const started = await host.start()
  const { channel, release } = started
  // A host that does not answer is waited for by the program there for minutes.
  const hangUp = () => channel.close()
  signal.addEventListener('abort', hangUp)
  try {
    const relayed = await openRelay(started, address)
    if (relayed.kind === 'no program') throw cannotDial(host.address)
    return relayed.stream.once('close', release)
  } catch (error) {
    channel.close()
    release()
    throw error
  } finally {
    signal.removeEventListener('abort', hangUp)
  }
}
