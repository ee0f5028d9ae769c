/** TCP streams to an address, and what is said when there is none. */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

export interface Address {
  readonly host: string
  readonly port: number
}

/** The machine was reached, and nobody there takes connections at the address: trying again at once would change nothing. */
export class DialRefused extends Error {
  override readonly name = 'DialRefused'
}

export const showAddress = ({ host, port }: Address): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** `at`: the machine that dials. */
export const dialRefused = (address: Address, at: string, why: string): DialRefused =>
  new DialRefused(
    /refused/i.test(why)
      ? `${showAddress(address)} on ${at} refuses connections`
      : `${showAddress(address)} on ${at} cannot be reached: ${why}`,
  )

/** Without a delay of small packets, which makes each command on a near host twenty times slower. */
export function dialFromHere({ host, port }: Address, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const socket = connect({ host, port, noDelay: true })
    const over = new AbortController()
    const fail = (reason: unknown) => {
      over.abort()
      socket.destroy()
      reject(reason)
    }
    signal.addEventListener('abort', () => fail(signal.reason), { signal: over.signal })
    socket.once('error', fail).once('connect', () => {
      over.abort()
      socket.removeListener('error', fail)
      resolve(socket)
    })
  })
}

/** Why no connection came about, of an error of net: one with several addresses has no message. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNREFUSED' ? 'connection refused' : error.message || String(code)
}

/** What opens after nobody waits for it any more is destroyed. */
export function unlessAborted(opening: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const settled = new AbortController()
    const abort = () => {
      opening.then((stream) => stream.destroy()).catch(() => {})
      reject(signal.reason)
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true, signal: settled.signal })
    opening.then(resolve, reject).finally(() => settled.abort())
  })
}
