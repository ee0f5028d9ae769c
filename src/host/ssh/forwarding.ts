/** TCP connections from the host, as channels of the connection we have. */
import type { Duplex } from 'node:stream'
import { type Address, dialRefused, reasonOf } from '../dialing.ts'
import { streamOf } from './channel-stream.ts'
import type { Link } from './link.ts'

/** `name`: the host, for people. Throws DialRefused where the host is there, and nobody behind it. */
export async function forward(link: Link, address: Address, name: string): Promise<Duplex> {
  try {
    return link.tie(streamOf(await link.forward(address)))
  } catch (error) {
    if (!link.isOpen()) throw error
    throw dialRefused(address, name, reasonOf(error).replace(/^\(SSH\) Channel open failure: /, ''))
  }
}
