import { once } from 'node:events'
import { connect as connectTcp, type LookupFunction } from 'node:net'
import { addAbortSignal, type Duplex } from 'node:stream'
import { checkServerIdentity, connect as connectTls } from 'node:tls'
import type { DialedReach, Reach } from '../targets/target.ts'
import { type Destination, serverNameIndication } from './destination.ts'

/** A fresh connection, destroyed when the signal is aborted. */
export const connect = (reach: Reach, destination: Destination, signal: AbortSignal): Promise<Duplex> =>
  reach.kind === 'stream' ? dial(reach, signal) : openSocket(destination, signal)

/** TLS over any connection; the certificate must carry the destination's server name. */
export const secure = async (
  plain: Duplex,
  destination: Destination,
  signal: AbortSignal,
): Promise<Duplex> => {
  const socket = connectTls({
    socket: plain,
    servername: serverNameIndication(destination),
    checkServerIdentity: (_, certificate) => checkServerIdentity(destination.serverName, certificate),
    ALPNProtocols: ['http/1.1'],
  })
  return settled(socket, 'secureConnect', signal)
}

const openSocket = (destination: Destination, signal: AbortSignal): Promise<Duplex> => {
  const { hostname, port } = destination
  const socket = connectTcp({
    host: hostname,
    port,
    autoSelectFamily: true,
    // Node gives up on a slow address after 250 ms: https://github.com/nodejs/node/issues/54359
    autoSelectFamilyAttemptTimeout: 1500,
    ...(isLocalhost(hostname) ? { lookup: lookUpLocalhost } : {}),
  })
  return settled(socket, 'connect', signal)
}

/** A dialer that ignores the signal must not keep us waiting, nor leave a connection open when it comes late. */
const dial = (reach: DialedReach, signal: AbortSignal): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    reach
      .dial(signal)
      .then((stream) => {
        stream.on('error', () => {})
        if (signal.aborted) stream.destroy()
        else resolve(addAbortSignal(signal, stream))
      }, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })

const settled = async (socket: Duplex, event: string, signal: AbortSignal): Promise<Duplex> => {
  addAbortSignal(signal, socket)
  try {
    await once(socket, event)
  } catch (error) {
    socket.destroy()
    throw error
  }
  // A stream without a listener would end the process on an error that comes between two of ours.
  socket.on('error', () => {})
  return socket
}

const isLocalhost = (hostname: string): boolean => hostname === 'localhost' || hostname.endsWith('.localhost')

/** Some machines resolve localhost to ::1 alone, where most servers do not listen: https://www.rfc-editor.org/rfc/rfc6761#section-6.3 */
const lookUpLocalhost: LookupFunction = (_, options, callback) => {
  if (!options.all) return callback(null, '127.0.0.1', 4)
  callback(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])
}
